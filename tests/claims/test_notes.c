/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/lab/notes.h"
#include "tests/claims/fixture.h"

/* Confirmed over 10, refuted under it. */
static struct claim_verdict over_ten(const struct figures *figures)
{
    double mean = figures_interval(figures, "poll@900", "cpu_us_per_request").mean;
    return mean > 10 ? verdict_confirmed() : verdict_refuted();
}

static struct claim_verdict depending(const struct figures *figures)
{
    (void)figures;
    return verdict_depends("the weather");
}

static const struct claim high = {.id = "h1",
                                  .said = "It is high.",
                                  .test = "It is looked at.",
                                  .rule = "Over ten.",
                                  .judge = over_ten,
                                  .chart = "h1.gp"};
static const struct claim vague = {.id = "v1",
                                   .said = "It varies.",
                                   .test = "It is asked.",
                                   .rule = "It never knows.",
                                   .judge = depending};
static const struct claim *const all[] = {&high, &vague, NULL};

static const char summary[] = "model,workload,level,throughput_rps,throughput_rps_low,"
                              "throughput_rps_high,reason\n"
                              "poll,keep-alive,64,200000,190000,210000,\"a, b\"\n";

static void add(struct figures *figures, const char *claim, double value)
{
    for (unsigned repeat = 1; repeat <= 2; repeat++) {
        figures_add_value(figures, claim, "poll@900", "cpu_us_per_request", repeat, value);
        figures_add_value(figures, claim, "epoll@900", "cpu_us_per_request", repeat, 4);
    }
    figures_add_text(figures, claim, "plain", "outcome", "reset");
    figures_add_text(figures, claim, "experiment", "outcome", "complete");
}

/* What comes of a template when poll's figure is that value. The caller's to free. */
static char *render(const char *template_text, double value, char **trouble)
{
    struct figures figures = {0};
    add(&figures, "h1", value);
    add(&figures, "v1", value);
    const struct notes_source source = {all, &figures, summary, NULL, "charts/"};
    char *text = notes_render(&source, template_text, trouble);
    figures_finish(&figures);
    return text;
}

static void assert_rendered(const char *template_text, double value, const char *expected)
{
    char *trouble, *text = render(template_text, value, &trouble);
    if (!text)
        fail_msg("%s", trouble);
    assert_string_equal(text, expected);
    free(text);
}

static void assert_trouble(const char *template_text, const char *expected)
{
    char *trouble, *text = render(template_text, 12, &trouble);
    assert_null(text);
    if (!strstr(trouble, expected))
        fail_msg("'%s' does not say '%s'", trouble, expected);
    free(trouble);
}

static void references_become_figures_with_their_unit(void **state)
{
    (void)state;
    assert_rendered("It is {{h1.poll@900.cpu_us_per_request}}.", 12, "It is 12 µs.");
    assert_rendered("{{h1.poll@900/epoll@900.cpu_us_per_request}}", 12, "3 ×");
    assert_rendered("{{h1.plain.outcome}}", 12, "reset");
    assert_rendered("{{reference.poll/keep-alive/64.throughput_rps}}", 12,
                    "200 000/s [190 000, 210 000]");
    assert_rendered("{{reference.poll/keep-alive/64.throughput_rps|mean}}", 12, "200 000/s");
}

static void claims_speak_for_themselves(void **state)
{
    (void)state;
    assert_rendered("{{h1.said}} {{h1.test}} {{h1.rule}} {{h1.verdict}}", 12,
                    "It is high. It is looked at. Over ten. **confirmed**");
    assert_rendered("{{v1.verdict}}", 12, "**depends** on the weather");
    assert_rendered("{{h1.chart}}", 12, "![It is high.](charts/h1.svg)");
}

static void a_verdict_that_changes_changes_the_text(void **state)
{
    (void)state;
    const char text[] = "{{#h1.confirmed}}High.{{/}}{{^h1.confirmed}}Low.{{/}} {{h1.verdict}}";
    assert_rendered(text, 12, "High. **confirmed**");
    assert_rendered(text, 8, "Low. **refuted**");
}

static void tables_have_a_row_for_each_cell_with_such_a_figure(void **state)
{
    (void)state;
    assert_rendered("{{h1.table:cpu_us_per_request}}", 12,
                    "| | cpu us per request |\n| --- | --- |\n| epoll@900 | 4 µs |\n"
                    "| poll@900 | 12 µs |");
    assert_rendered("{{verdicts}}", 8,
                    "| | what is said | verdict |\n| --- | --- | --- |\n"
                    "| h1 | It is high. | **refuted** |\n"
                    "| v1 | It varies. | **depends** on the weather |");
    assert_rendered("{{rules}}", 8,
                    "| | how it is tried | the verdict's rule |\n| --- | --- | --- |\n"
                    "| h1 | It is looked at. | Over ten. |\n"
                    "| v1 | It is asked. | It never knows. |");
}

static void what_is_not_in_the_data_is_an_error_with_its_line(void **state)
{
    (void)state;
    assert_trouble("one\ntwo {{h1.poll@901.cpu_us_per_request}}", "line 2: h1 has no figure");
    assert_trouble("{{h2.said}}", "line 1: nothing is called h2");
    assert_trouble("{{h1.chart2}}", "no figure");
    assert_trouble("{{v1.chart}}", "no figure");
    assert_trouble("{{h1.poll@900/plain.cpu_us_per_request}}", "no ratio");
    assert_trouble("{{h1.table:nothing}}", "no cell");
    assert_trouble("{{reference.poll/keep-alive/65.throughput_rps}}", "the reference run has no");
    assert_trouble("{{#h1.maybe}}x{{/}}", "no finding");
    assert_trouble("{{#h1.refuted}}x", "without its {{/}}");
    assert_trouble("{{h1.poll@900.cpu_us_per_request|odd}}", "no form");
    assert_trouble("x {{", "without its }}");
}

static void what_was_not_tried_to_its_end_is_undecided(void **state)
{
    (void)state;
    struct figures figures = {0};
    figures_add_text(&figures, "h1", "experiment", "outcome", "interrupted");
    const struct notes_source source = {all, &figures, NULL, NULL, ""};
    char *trouble, *text = notes_render(&source, "{{h1.verdict}}", &trouble);
    assert_string_equal(text, "**undecided** (interrupted)");
    free(text);
    figures_finish(&figures);
}

static void what_was_not_tried_to_its_end_has_no_figures(void **state)
{
    (void)state;
    struct figures figures = {0};
    add(&figures, "v1", 12); /* but not h1 */
    const struct notes_source source = {all, &figures, NULL, NULL, ""};
    char *trouble,
        *text = notes_render(&source,
                             "{{h1.said}} {{h1.poll@900.cpu_us_per_request}}, "
                             "{{h1.poll@900/epoll@900.cpu_us_per_request}} {{h1.chart}} "
                             "{{h1.table:cpu_us_per_request}} {{v1.poll@900.cpu_us_per_request}}",
                             &trouble);
    if (!text)
        fail_msg("%s", trouble);
    assert_string_equal(text, "It is high. (not tried), (not tried) "
                              "(No figures: not tried to its end.) "
                              "(No figures: not tried to its end.) 12 µs");
    free(text);
    assert_null(notes_render(&source, "{{v1.poll@901.cpu_us_per_request}}", &trouble));
    free(trouble);
    figures_finish(&figures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_become_figures_with_their_unit),
        cmocka_unit_test(claims_speak_for_themselves),
        cmocka_unit_test(a_verdict_that_changes_changes_the_text),
        cmocka_unit_test(tables_have_a_row_for_each_cell_with_such_a_figure),
        cmocka_unit_test(what_is_not_in_the_data_is_an_error_with_its_line),
        cmocka_unit_test(what_was_not_tried_to_its_end_is_undecided),
        cmocka_unit_test(what_was_not_tried_to_its_end_has_no_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
