/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/record/workload.h"

static void every_workload_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < WORKLOAD_COUNT; i++)
        assert_int_equal(workload_find(workload_name((enum workload)i)), i);
    assert_int_equal(workload_find("nonsense"), WORKLOAD_COUNT);
}

static void every_workload_has_levels_that_it_can_be_measured_at(void **state)
{
    (void)state;
    for (int i = 0; i < WORKLOAD_COUNT; i++) {
        const struct workload_facts *facts = workload_facts((enum workload)i);
        assert_true(facts->quick.count > 0 && facts->standard.count >= facts->quick.count);
        assert_true(strlen(facts->about) > 0 && strlen(workload_unit((enum workload)i)) > 0);
        for (size_t k = 0; k < facts->standard.count; k++) {
            assert_true(workload_has_level((enum workload)i, facts->standard.of[k]));
            assert_true(k == 0 || facts->standard.of[k] > facts->standard.of[k - 1]);
        }
    }
}

static void connections_are_the_level_or_what_the_table_says(void **state)
{
    (void)state;
    assert_int_equal(workload_connections(WORKLOAD_CHURN, 256), 256);
    assert_int_equal(workload_connections(WORKLOAD_IDLE, 256), 64);
    assert_int_equal(workload_sockets(WORKLOAD_IDLE, 15000), 15065);
    assert_int_equal(workload_connections(WORKLOAD_ECHO, 1048576), 64);
    assert_int_equal(workload_connections(WORKLOAD_PIPELINED, 16), 64);
}

static void bad_clients_have_names_as_long_as_there_are_any(void **state)
{
    (void)state;
    unsigned level = 0;
    assert_string_equal(workload_client(0), "");
    for (; workload_has_level(WORKLOAD_MIXED, level); level++)
        assert_non_null(workload_client(level));
    assert_null(workload_client(level));
}

static void workloads_stand_in_the_tables_order_and_strangers_behind(void **state)
{
    (void)state;
    assert_true(workload_order("keep-alive", "churn") < 0);
    assert_true(workload_order("mixed", "idle") > 0);
    assert_int_equal(workload_order("knob", "knob"), 0);
    assert_true(workload_order("aardvark", "knob") > 0);
    assert_true(workload_order("aardvark", "zebra") < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_workload_is_found_by_its_name),
        cmocka_unit_test(every_workload_has_levels_that_it_can_be_measured_at),
        cmocka_unit_test(connections_are_the_level_or_what_the_table_says),
        cmocka_unit_test(workloads_stand_in_the_tables_order_and_strangers_behind),
        cmocka_unit_test(bad_clients_have_names_as_long_as_there_are_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
