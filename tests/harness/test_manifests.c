/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/judge/manifests.h"

static json_t *parsed(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return value;
}

static void assert_says(json_t *says(const json_t *, const json_t *), const char *first,
                        const char *second, const char *expected)
{
    json_t *a = parsed(first), *b = parsed(second), *wanted = parsed(expected);
    json_t *found = says(a, b);
    char text[512] = {0};
    json_dumpb(found, text, sizeof text - 1, JSON_COMPACT);
    if (!json_equal(found, wanted))
        fail_msg("%s, not %s", text, expected);
    json_decref(a);
    json_decref(b);
    json_decref(found);
    json_decref(wanted);
}

static void assert_differences(const char *first, const char *second, const char *expected)
{
    assert_says(manifests_differences, first, second, expected);
}

static void assert_caveats(const char *first, const char *second, const char *expected)
{
    assert_says(manifests_caveats, first, second, expected);
}

static void manifests_differ_by_path(void **state)
{
    (void)state;
    assert_differences("{\"machine\":{\"cpus\":2,\"kernel\":\"a\"}}",
                       "{\"machine\":{\"cpus\":4,\"kernel\":\"a\"}}",
                       "[{\"path\":\"machine.cpus\",\"first\":2,\"second\":4}]");
    assert_differences("{\"models\":[{\"name\":\"a\"},{\"name\":\"b\"}]}",
                       "{\"models\":[{\"name\":\"a\"},{\"name\":\"c\"}]}",
                       "[{\"path\":\"models[1].name\",\"first\":\"b\",\"second\":\"c\"}]");
    assert_differences("{\"cells\":[1,2]}", "{\"cells\":[1]}",
                       "[{\"path\":\"cells\",\"first\":\"2 entries\",\"second\":\"1 entries\"}]");
}

static void what_one_manifest_lacks_is_told(void **state)
{
    (void)state;
    assert_differences("{\"a\":1,\"b\":true}", "{\"c\":{\"d\":3},\"b\":true}",
                       "[{\"path\":\"a\",\"first\":1,\"second\":null},"
                       "{\"path\":\"c\",\"first\":null,\"second\":{\"d\":3}}]");
    assert_differences("{\"a\":null}", "{\"a\":\"x\"}",
                       "[{\"path\":\"a\",\"first\":null,\"second\":\"x\"}]");
}

static void times_and_the_drawn_order_are_left_out(void **state)
{
    (void)state;
    assert_differences("{\"started_unix_s\":1,\"plan\":{\"order\":[0,1],\"seed\":3}}",
                       "{\"started_unix_s\":2,\"plan\":{\"order\":[1,0],\"seed\":3}}", "[]");
    assert_differences("{\"window_s\":1}", "{\"window_s\":2}",
                       "[{\"path\":\"window_s\",\"first\":1,\"second\":2}]");
}

static void what_differs_between_any_two_runs_is_left_out(void **state)
{
    (void)state;
    assert_differences("{\"command\":[\"a\"],\"fitness\":{\"hiccups\":[1],\"found\":\"1 %\","
                       "\"level\":\"ok\"}}",
                       "{\"command\":[\"b\"],\"fitness\":{\"hiccups\":[2],\"found\":\"2 %\","
                       "\"level\":\"bad\"}}",
                       "[{\"path\":\"fitness.level\",\"first\":\"ok\",\"second\":\"bad\"}]");
}

static void the_same_measurement_has_no_caveat(void **state)
{
    (void)state;
    static const char manifest[] =
        "{\"machine\":{\"cpus\":2,\"kernel\":\"a\"},\"plan\":{\"window_us\":400000,\"server_cpus\":"
        "\"1\",\"load_cpus\":\"0\",\"cells\":[{\"workload\":\"churn\",\"level\":8}]},"
        "\"binaries\":{\"poll\":\"f00\"}}";
    assert_caveats(manifest, manifest, "[]");
    assert_caveats(manifest, "{}", "[]"); /* an older record does not tell */
}

static void other_circumstances_are_told_with_both_values(void **state)
{
    (void)state;
    assert_caveats("{\"plan\":{\"window_us\":400000},\"machine\":{\"cpus\":2}}",
                   "{\"plan\":{\"window_us\":2000000},\"machine\":{\"cpus\":4}}",
                   "[\"another number of CPUs: 2; 4\",\"other windows: 0.4 s; 2 s\"]");
    assert_caveats("{\"plan\":{\"server_cpus\":\"1\",\"load_cpus\":\"0\"}}",
                   "{\"plan\":{\"server_cpus\":\"0\",\"load_cpus\":\"0\"}}",
                   "[\"other CPUs for the server: 1; 0\","
                   "\"server and load share CPU 0 in the second\"]");
}

static void a_machine_that_was_not_fit_is_told(void **state)
{
    (void)state;
    assert_caveats("{\"fitness\":{\"fit\":true}}", "{\"fitness\":{\"fit\":false}}",
                   "[\"the machine was not fit to measure in the second\"]");
}

static void workloads_and_levels_of_one_run_alone_are_named_once(void **state)
{
    (void)state;
    assert_caveats(
        "{\"plan\":{\"cells\":[{\"workload\":\"churn\",\"level\":1},{\"workload\":"
        "\"churn\",\"level\":8},{\"workload\":\"idle\",\"level\":8},{\"workload\":\"idle\","
        "\"level\":1},{\"workload\":\"idle\",\"level\":64}]}}",
        "{\"plan\":{\"cells\":[{\"workload\":\"churn\",\"level\":64}]}}",
        "[\"workloads only in the first: idle\",\"levels only in the first: 1, 8\"]");
}

static void other_executables_are_told_by_name(void **state)
{
    (void)state;
    assert_caveats(
        "{\"binaries\":{\"poll\":\"a\",\"select\":\"b\",\"fork\":\"c\",\"wrk\":null}}",
        "{\"binaries\":{\"poll\":\"x\",\"select\":\"b\",\"thread\":\"d\",\"wrk\":\"e\"}}",
        "[\"poll: another binary\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifests_differ_by_path),
        cmocka_unit_test(what_one_manifest_lacks_is_told),
        cmocka_unit_test(times_and_the_drawn_order_are_left_out),
        cmocka_unit_test(what_differs_between_any_two_runs_is_left_out),
        cmocka_unit_test(the_same_measurement_has_no_caveat),
        cmocka_unit_test(other_circumstances_are_told_with_both_values),
        cmocka_unit_test(a_machine_that_was_not_fit_is_told),
        cmocka_unit_test(workloads_and_levels_of_one_run_alone_are_named_once),
        cmocka_unit_test(other_executables_are_told_by_name),
    };
    return cmocka_run_group_tests_name("manifests", tests, NULL, NULL);
}
