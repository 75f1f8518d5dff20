/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/machine/cpus.h"

static void the_first_of_a_list_are_written_as_short_as_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        unsigned count;
        const char *first;
    } rows[] = {{"0-3", 1, "0"},     {"0-3", 3, "0-2"},           {"0-3", 4, "0-3"},
                {"1,3,5", 2, "1,3"}, {"4,0-1,6-7", 4, "0-1,4,6"}, {"0-1023", 1024, "0-1023"}};
    char first[CPUS_TEXT_SIZE];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(cpus_first(rows[i].list, rows[i].count, first));
        assert_string_equal(first, rows[i].first);
    }
    assert_false(cpus_first("0-3", 5, first));
    assert_false(cpus_first("none", 1, first));
}

static void what_two_lists_have_in_common_is_counted(void **state)
{
    (void)state;
    assert_int_equal(cpus_count("0-3,7"), 5);
    assert_int_equal(cpus_common("0-3", "2-7"), 2);
    assert_int_equal(cpus_common("0", "1"), 0);
}

static void scaling_takes_all_cpus_unless_told(void **state)
{
    (void)state;
    struct cpus open = {.allowed = 0}, told = {.server = "0", .load = "0"};
    cpus_choose(&open);
    cpus_choose(&told);
    assert_int_equal(cpus_count(open.scaling_server), open.allowed);
    assert_int_equal(cpus_count(open.scaling_load), open.allowed);
    assert_string_equal(told.scaling_server, "0");
    assert_string_equal(told.scaling_load, "0");
}

static void the_crowd_has_a_cpu_that_nobody_has_or_the_loads(void **state)
{
    (void)state;
    struct cpus open = {.allowed = 0}, all = {.load = "0-1023"};
    cpus_choose(&open);
    cpus_choose(&all);
    assert_string_equal(all.crowd, "0-1023");
    struct cpus both = {.allowed = 0};
    memcpy(both.server, open.load, sizeof both.server);
    memcpy(both.load, open.load, sizeof both.load);
    cpus_choose(&both);
    assert_int_equal(cpus_common(open.crowd, open.load), open.allowed < 3);
    assert_int_equal(cpus_common(both.crowd, both.load), open.allowed < 2);
    assert_int_equal(cpus_common(open.crowd, open.server), open.allowed < 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_of_a_list_are_written_as_short_as_can_be),
        cmocka_unit_test(what_two_lists_have_in_common_is_counted),
        cmocka_unit_test(scaling_takes_all_cpus_unless_told),
        cmocka_unit_test(the_crowd_has_a_cpu_that_nobody_has_or_the_loads),
    };
    return cmocka_run_group_tests_name("cpus", tests, NULL, NULL);
}
