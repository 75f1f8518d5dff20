/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/show/digest.h"
#include "bench/show/extract.h"
#include "bench/show/page.h"

static void expect_text(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    free(text);
}

static void places_are_filled_wherever_they_stand(void **state)
{
    (void)state;
    const struct page_place places[] = {{"a", "1"}, {"ab", "2"}};
    expect_text(page_fill("{{a}}{{ab}} {{a}}", places, 2), "12 1");
}

static void what_is_no_place_stays(void **state)
{
    (void)state;
    const struct page_place places[] = {{"a", "1"}};
    expect_text(page_fill("{{b}} {a} {{a {{{a}}} }} {{", places, 1), "{{b}} {a} {{a {1} }} {{");
}

static void what_is_put_in_is_not_looked_at_again(void **state)
{
    (void)state;
    const struct page_place places[] = {{"a", "{{b}}"}, {"b", "{{a}}"}};
    expect_text(page_fill("{{a}} {{b}}", places, 2), "{{b}} {{a}}");
}

static void the_command_writes_every_choice_out(void **state)
{
    (void)state;
    json_t *manifest = json_loads(
        "{\"models\": [{\"name\": \"poll\"}, {\"name\": \"nginx\", \"family\": \"peer\"},"
        "   {\"name\": \"epoll-lt\"}, {\"name\": \"poll.twin\", \"twin_of\": \"poll\"}],"
        " \"plan\": {\"mode\": \"standard\", \"sentinel\": \"poll\", \"seed\": 7, \"blocks\": 12,"
        "   \"window_us\": 1500000, \"warm_up_us\": 0, \"server_cpus\": \"1\", \"load_cpus\": "
        "\"0\","
        "   \"cells\": [{\"model\": \"poll\", \"workload\": \"churn\", \"level\": 8},"
        "     {\"model\": \"poll\", \"workload\": \"churn\", \"level\": 64},"
        "     {\"model\": \"nginx\", \"workload\": \"churn\", \"level\": 8}]}}",
        0, NULL);
    assert_non_null(manifest);
    expect_text(extract_command(manifest, true),
                "c10kit run standard --models poll,epoll-lt --peers nginx --workloads churn "
                "--levels 8,64 --blocks 12 --time 1.5 --warm-up 0 --server-cpus 1 --load-cpus 0 "
                "--sentinel poll --twin poll --seed 7");
    json_array_remove(json_object_get(manifest, "models"), 3);
    char *command = extract_command(manifest, false);
    assert_non_null(strstr(command, " --twin none --seed 7 --no-cold"));
    free(command);
    json_decref(manifest);
}

/* Four levels for one workload and three for another cannot be said with one --levels. */
static void levels_that_the_mode_gives_are_not_written_out(void **state)
{
    (void)state;
    json_t *manifest =
        json_loads("{\"models\": [{\"name\": \"poll\"}],"
                   " \"plan\": {\"mode\": \"quick\", \"cells\": ["
                   "     {\"model\": \"poll\", \"workload\": \"peak\", \"level\": 64},"
                   "     {\"model\": \"poll\", \"workload\": \"capacity\", \"level\": 5000}]}}",
                   0, NULL);
    assert_non_null(manifest);
    expect_text(extract_command(manifest, true),
                "c10kit run quick --models poll --workloads peak,capacity --twin none");
    json_array_remove(json_object_get(json_object_get(manifest, "plan"), "cells"), 0);
    json_t *cell = json_array_get(json_object_get(json_object_get(manifest, "plan"), "cells"), 0);
    json_object_set_new(cell, "level", json_integer(9000));
    expect_text(extract_command(manifest, true),
                "c10kit run quick --models poll --workloads capacity --levels 9000 --twin none");
    json_decref(manifest);
}

/* --server-cpus would mean scaling as well, which had others; and a machine of two CPUs asks for no
 * level 4. */
static void what_scaling_takes_by_itself_is_not_written_out(void **state)
{
    (void)state;
    json_t *manifest = json_loads(
        "{\"models\": [{\"name\": \"ant\"}],"
        " \"plan\": {\"mode\": \"quick\", \"server_cpus\": \"1\", \"load_cpus\": \"0\","
        "   \"scaling_server_cpus\": \"0-1\", \"scaling_load_cpus\": \"0-1\", \"cells\": ["
        "     {\"model\": \"ant\", \"workload\": \"scaling\", \"level\": 1},"
        "     {\"model\": \"ant\", \"workload\": \"scaling\", \"level\": 2},"
        "     {\"model\": \"ant\", \"workload\": \"knob\", \"level\": 0},"
        "     {\"model\": \"ant\", \"workload\": \"knob\", \"level\": 1}]}}",
        0, NULL);
    json_t *plan = json_object_get(manifest, "plan");
    assert_non_null(manifest);
    expect_text(extract_command(manifest, true),
                "c10kit run quick --models ant --workloads scaling,knob --twin none");
    json_object_set_new(plan, "scaling_server_cpus", json_string("1"));
    json_object_set_new(plan, "scaling_load_cpus", json_string("0"));
    json_array_remove(json_object_get(plan, "cells"), 1);
    expect_text(extract_command(manifest, true),
                "c10kit run quick --models ant --workloads scaling,knob --server-cpus 1 "
                "--load-cpus 0 --twin none");
    json_decref(manifest);
}

/* Two models at two levels; the second is hollow at the higher one. */
static struct summary_cell cells[] = {
    {.model = "ant", .workload = "churn", .level = 8, .trials = 2, .valid_trials = 2},
    {.model = "ant", .workload = "churn", .level = 64, .trials = 2, .valid_trials = 2},
    {.model = "honey-bee", .workload = "churn", .level = 8, .trials = 2, .valid_trials = 2},
    {.model = "honey-bee",
     .workload = "churn",
     .level = 64,
     .trials = 2,
     .valid_trials = 1,
     .reason = "served 1 of 64"},
};

static void tables_align_and_say_bounds_ranks_and_hollow_cells(void **state)
{
    (void)state;
    char letters[] = "ab";
    struct contestant at_8[] = {
        {.cell = &cells[2], .reason = "", .mean = 1234567.4, .rank = {1, 2}, .letters = letters},
        {.cell = &cells[0],
         .reason = "",
         .bound = true,
         .mean = 99.94,
         .rank = {2, 2},
         .letters = letters}};
    struct contestant at_64[] = {{.cell = &cells[1], .reason = "", .mean = 4.5},
                                 {.cell = &cells[3], .reason = "served", .mean = NAN}};
    struct contest contests[] = {
        {.workload = "churn",
         .level = 8,
         .metric = METRIC_THROUGHPUT_RPS,
         .contestants = at_8,
         .count = 2,
         .compared = 2},
        {.workload = "churn",
         .level = 64,
         .metric = METRIC_THROUGHPUT_RPS,
         .contestants = at_64,
         .count = 2,
         .compared = 1},
    };
    const struct ranking ranking = {contests, 2};
    expect_text(digest_rankings(&ranking), "### churn\n"
                                           "\n"
                                           "a new connection for each request, wrk; level: "
                                           "connections\n"
                                           "\n"
                                           "**throughput_rps by open connections**, nobody to "
                                           "compare with\n"
                                           "\n"
                                           "| model     |                  8 |     64 |\n"
                                           "| --------- | -----------------: | -----: |\n"
                                           "| ant       |      > 99.9 (2 ab) |   4.50 |\n"
                                           "| honey-bee | 1 234 567 (1-2 ab) | hollow |\n");
}

static void hollow_cells_are_listed_with_their_reasons(void **state)
{
    (void)state;
    const struct summary summary = {cells, 4}, none = {cells, 3};
    expect_text(digest_hollow(&summary),
                "- honey-bee, churn at 64: 1 of 2 trials valid: served 1 of 64\n");
    expect_text(digest_hollow(&none), "None.\n");
}

static void warnings_are_sentences(void **state)
{
    (void)state;
    char text[] = "server and load shared CPU 0";
    const struct warnings one = {{{WARNING_SHARED_CPUS, text, "Do not."}}, 1}, none = {.count = 0};
    expect_text(digest_warnings(&one), "- **Server and load shared CPU 0.** Do not.\n");
    expect_text(digest_warnings(&none), "None.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_filled_wherever_they_stand),
        cmocka_unit_test(what_is_no_place_stays),
        cmocka_unit_test(what_is_put_in_is_not_looked_at_again),
        cmocka_unit_test(the_command_writes_every_choice_out),
        cmocka_unit_test(levels_that_the_mode_gives_are_not_written_out),
        cmocka_unit_test(what_scaling_takes_by_itself_is_not_written_out),
        cmocka_unit_test(tables_align_and_say_bounds_ranks_and_hollow_cells),
        cmocka_unit_test(hollow_cells_are_listed_with_their_reasons),
        cmocka_unit_test(warnings_are_sentences),
    };
    return cmocka_run_group_tests_name("page", tests, NULL, NULL);
}
