/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/record/gate.h"
#include "bench/machine/sockdiag.h"

/* 64 connections, 100 000 answers in a second at 640 us each: X R / c = 1. */
static struct trial good_trial(void)
{
    struct trial trial;
    trial_init(&trial);
    snprintf(trial.model, sizeof trial.model, "some");
    snprintf(trial.workload, sizeof trial.workload, "keep-alive");
    trial.level = trial.connections = trial.established = trial.served = 64;
    trial.probe_before_ok = trial.probe_after_ok = 1;
    trial.response_bytes = 131;
    trial.requests = 100000;
    trial.bytes = 131 * 100000;
    trial.duration_us = 1000000;
    trial.latency_mean_ns = 640000;
    trial.errors_connect = trial.errors_read = trial.errors_write = 0;
    trial.errors_status = trial.errors_timeout = 0;
    trial.listen_overflows = trial.listen_drops = 0;
    trial.retransmitted_segments = trial.loss_probes = 0;
    trial.server_exit_status = 0;
    trial.steady_wall_us = 1000000;
    trial.steady_generator_cpu_us = 0;
    return trial;
}

static void assert_refused(struct trial trial, const char *reason)
{
    gate_judge(&trial);
    assert_int_equal(trial.valid, 0);
    if (!strstr(trial.reason, reason))
        fail_msg("\"%s\" does not say \"%s\"", trial.reason, reason);
}

static void a_good_trial_passes(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    gate_judge(&trial);
    assert_string_equal(trial.reason, "");
    assert_int_equal(trial.valid, 1);
    assert_int_equal(trial.little_ppm, 1000000);
}

static void one_connection_served_of_many_is_refused(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.served = 1;
    assert_refused(trial, "served 1 of 64 connections");
}

static void littles_law_counts_all_requests_in_flight(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    double alone = gate_little(&trial);
    snprintf(trial.workload, sizeof trial.workload, "pipelined");
    trial.level = 16;
    assert_true(fabs(gate_little(&trial) - alone / 16) < 1e-12);
}

/* The iterative server under keep-alive: one connection is served back to back, so the raw
 * latencies account for one of the 64, and wrk is not busy enough to hold the other 63. */
static void littles_law_alone_finds_clients_left_waiting(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.established = trial.served = TRIAL_UNKNOWN;
    trial.requests = 12000;
    trial.bytes = 131 * 12000;
    trial.latency_mean_ns = 83000;
    trial.steady_generator_cpu_us = 500000;
    assert_true(fabs(gate_little(&trial) - 12000 * 83e-6 / 64) < 1e-12);
    assert_refused(trial, "left clients waiting");
}

static void a_busy_generator_accounts_for_the_missing_share(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.latency_mean_ns = 320000;
    assert_refused(trial, "left clients waiting");
    trial.steady_generator_cpu_us = 420000;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
}

static void a_generator_that_waits_for_its_cpu_counts_as_busy(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.latency_mean_ns = 320000;
    trial.steady_generator_cpu_us = 200000;
    trial.steady_generator_wait_us = 220000;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
}

/* 64 answers at 400 ms each in a second, twice over: the last 64 requests of the 0.8 s that are
 * accounted for were cut off, on average half-way. */
static void requests_that_the_end_cut_off_are_allowed_for(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.requests = 128;
    trial.bytes = 131 * 128;
    trial.latency_mean_ns = 400000000;
    assert_true(fabs(gate_little(&trial) - 0.8) < 1e-12);
    assert_true(fabs(gate_little_floor(&trial) - 0.8) < 1e-12);
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
}

static void more_latency_than_connections_allow_is_refused(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.latency_mean_ns = 720000;
    assert_refused(trial, "contradict");
}

/* Each of 64 asked 30 ms before the window, was answered at its beginning, and then as usual. wrk
 * has no such requests. */
static void what_was_asked_before_the_window_is_allowed_for(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    snprintf(trial.workload, sizeof trial.workload, "peak");
    trial.duration_us = 125000;
    trial.requests = 12500;
    trial.latency_max_ns = 30000000;
    trial.latency_mean_ns = 768000;
    trial.bytes = 131 * 12500;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
    trial.latency_max_ns = 10000000;
    assert_refused(trial, "contradict");
    trial.latency_max_ns = 30000000;
    snprintf(trial.workload, sizeof trial.workload, "keep-alive");
    assert_refused(trial, "contradict");
}

static void each_kind_of_error_is_refused(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    int64_t *const kinds[] = {&trial.errors_connect, &trial.errors_read, &trial.errors_write,
                              &trial.errors_status, &trial.errors_timeout};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        *kinds[i] = 3;
        assert_refused(trial, "errors: 3");
        *kinds[i] = 0;
    }
}

static void wrong_answers_are_refused(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.probe_after_ok = 0;
    assert_refused(trial, "probe");
    trial = good_trial();
    trial.bytes -= 1;
    assert_refused(trial, "bytes");
    trial = good_trial();
    trial.requests = trial.bytes = 0;
    assert_refused(trial, "answered nothing");
    trial = good_trial();
    trial.server_exit_status = 139;
    assert_refused(trial, "139");
}

static void losses_in_the_kernel_are_refused(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.listen_overflows = 1;
    assert_refused(trial, "overflow");
    trial = good_trial();
    trial.retransmitted_segments = 2;
    assert_refused(trial, "sent again: 2");
    trial.loss_probes = 2;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
}

static void a_trial_that_failed_says_why(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial_fail(&trial, "server not ready: %s", "no port");
    trial_fail(&trial, "something later");
    assert_refused(trial, "server not ready: no port");
}

/* Jain's own example: k of n users served equally give an index of k / n. */
static void jains_index_is_the_share_that_is_served(void **state)
{
    (void)state;
    assert_int_equal(sockdiag_jain_ppm(10 * 5.0, 10 * 25.0, 10), 1000000);
    assert_int_equal(sockdiag_jain_ppm(5.0, 25.0, 10), 100000);
    assert_int_equal(sockdiag_jain_ppm(0, 0, 10), -1);
}

static void stolen_time_spoils_a_trial(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.window_machine_total_us = 2000000;
    trial.window_machine_steal_us = 20000;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
    assert_int_equal(trial.spoilt, 0);
    trial.window_machine_steal_us = 30000;
    assert_refused(trial, "steal");
    gate_judge(&trial);
    assert_int_equal(trial.spoilt, 1);
}

/* One tick of 10 ms is over 1 % of a short window, and as good as none. */
static void one_tick_of_stolen_time_does_not(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.window_machine_total_us = 800000;
    trial.window_machine_steal_us = 10000;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
}

static void other_work_on_its_cpus_spoils_a_trial(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.steady_server_user_us = 300000;
    trial.steady_server_system_us = 600000;
    trial.steady_generator_cpu_us = 500000;
    trial.steady_harness_cpu_us = 1000;
    trial.steady_own_cpus_busy_us = 1401000 + 200000;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
    trial.steady_own_cpus_busy_us += 100000;
    assert_refused(trial, "other work took 30 % of a CPU");
    gate_judge(&trial);
    assert_int_equal(trial.spoilt, 1);
}

static void bad_clients_are_no_other_work(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.steady_server_user_us = 300000;
    trial.steady_server_system_us = 600000;
    trial.steady_generator_cpu_us = 500000;
    trial.steady_harness_cpu_us = 1000;
    trial.steady_crowd_cpu_us = 400000;
    trial.steady_own_cpus_busy_us = 1801000;
    assert_true(fabs(gate_others(&trial)) < 1e-9);
    trial.steady_crowd_cpu_us = TRIAL_UNKNOWN;
    assert_true(fabs(gate_others(&trial) - 0.4) < 1e-9);
}

static void a_task_off_its_cpus_spoils_a_trial(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    trial.pinned = 0;
    assert_refused(trial, "CPUs that are not its own");
    gate_judge(&trial);
    assert_int_equal(trial.spoilt, 1);
    trial.pinned = 1;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
    assert_int_equal(trial.spoilt, 0);
}

/* 10 000 requests due in a second, all answered, the generator as good as never late. */
static struct trial good_open_trial(const char *workload, int64_t level)
{
    struct trial trial = good_trial();
    snprintf(trial.workload, sizeof trial.workload, "%s", workload);
    trial.level = level;
    trial.requests = trial.offered = trial.answered_of_offered = 10000;
    trial.bytes = 10000 * 131;
    trial.errors_body = trial.errors_closed = 0;
    trial.latency_p99_ns = 900000;
    trial.on_time_p99_ns = 880000;
    return trial;
}

static void an_open_loop_that_was_kept_passes(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("latency-rate", 10000);
    gate_judge(&trial);
    assert_string_equal(trial.reason, "");
    assert_int_equal(trial.valid, 1);
}

static void a_late_generator_spoils_a_trial(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("latency-rate", 10000);
    trial.on_time_p99_ns = 811000;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
    trial.on_time_p99_ns = 809000;
    assert_refused(trial, "the generator was late (p99 900 us, 809 without its lateness)");
    gate_judge(&trial);
    assert_int_equal(trial.spoilt, 1);
    snprintf(trial.workload, sizeof trial.workload, "syscalls"); /* where nothing is timed */
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
}

/* There the question is not how long p99 is, but whether it is under the bound. */
static void lateness_is_held_against_the_bound_where_there_is_one(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("capacity", 5000);
    trial.on_time_p99_ns = 500000;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
    trial.latency_p99_ns = 1100000;
    gate_judge(&trial);
    assert_int_equal(trial.spoilt, 1);
}

/* The rate was found because it held, twice. */
static void a_capacity_is_not_lost_to_the_window_behind_the_search(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("capacity", 5000);
    trial.answered_of_offered = 9800;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
    trial.starved = 1;
    assert_refused(trial, "without any answer");
}

static void requests_that_were_due_and_not_answered_are_refused(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("latency-share", 95);
    trial.answered_of_offered = 9890;
    assert_refused(trial, "answered 98.9 % of what was due");
}

/* At 40 000/s in a quarter of a second: 400 came due in the last 10 ms. */
static void a_short_window_may_end_with_ten_milliseconds_unanswered(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("latency-rate", 40000);
    trial.duration_us = 250000;
    trial.latency_mean_ns /= 4;
    trial.answered_of_offered = 9601;
    assert_true(gate_kept_up(&trial));
    trial.answered_of_offered = 9599;
    assert_false(gate_kept_up(&trial));
    assert_refused(trial, "answered 96.0 % of what was due");
}

static void a_connection_that_waits_all_along_is_refused_in_open_loop_too(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("latency-share", 120);
    trial.starved = 63;
    assert_refused(trial, "left 63 of 64 connections without any answer");
}

static void a_search_that_the_machine_kept_from_asking_is_spoilt(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("capacity", 5000);
    trial_fail(&trial, "no rate keeps p99 under the bound");
    gate_judge(&trial);
    assert_int_equal(trial.spoilt, 0);
    trial.disturbed = 1;
    gate_judge(&trial);
    assert_int_equal(trial.spoilt, 1);
}

static void a_cell_is_given_up_after_three_trials_that_brought_nothing(void **state)
{
    (void)state;
    assert_false(gate_gives_up(2, 2));
    assert_true(gate_gives_up(3, 3));
    assert_false(gate_gives_up(4, 3));
    struct trial trial = good_trial();
    assert_false(gate_is_empty(&trial));
    trial.requests = 0;
    assert_true(gate_is_empty(&trial));
}

static void past_the_peak_they_are_what_is_to_be_seen(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("latency-share", 120);
    trial.answered_of_offered = 8000;
    trial.listen_overflows = 3;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
}

static void wrong_bytes_that_only_our_generator_sees_are_refused(void **state)
{
    (void)state;
    struct trial trial = good_open_trial("latency-rate", 10000);
    trial.errors_body = 1;
    assert_refused(trial, "errors: 1");
}

static void idle_connections_that_were_not_kept_are_refused(void **state)
{
    (void)state;
    struct trial trial = good_trial();
    snprintf(trial.workload, sizeof trial.workload, "idle");
    trial.level = 2000;
    trial.idle_open = 950;
    assert_refused(trial, "holds 950 of 2000 idle connections");
    trial.idle_open = 2000;
    gate_judge(&trial);
    assert_int_equal(trial.valid, 1);
}

static void a_record_line_keeps_every_field(void **state)
{
    (void)state;
    struct trial trial = good_trial(), again;
    gate_judge(&trial);
    json_t *object = trial_to_json(&trial);
    assert_true(trial_from_json(&again, object));
    assert_memory_equal(&trial, &again, sizeof trial);
    assert_true(json_is_null(json_object_get(object, "memory_steady_kib")));
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_trial_passes),
        cmocka_unit_test(one_connection_served_of_many_is_refused),
        cmocka_unit_test(littles_law_counts_all_requests_in_flight),
        cmocka_unit_test(littles_law_alone_finds_clients_left_waiting),
        cmocka_unit_test(a_busy_generator_accounts_for_the_missing_share),
        cmocka_unit_test(a_generator_that_waits_for_its_cpu_counts_as_busy),
        cmocka_unit_test(requests_that_the_end_cut_off_are_allowed_for),
        cmocka_unit_test(more_latency_than_connections_allow_is_refused),
        cmocka_unit_test(what_was_asked_before_the_window_is_allowed_for),
        cmocka_unit_test(each_kind_of_error_is_refused),
        cmocka_unit_test(wrong_answers_are_refused),
        cmocka_unit_test(losses_in_the_kernel_are_refused),
        cmocka_unit_test(a_trial_that_failed_says_why),
        cmocka_unit_test(jains_index_is_the_share_that_is_served),
        cmocka_unit_test(stolen_time_spoils_a_trial),
        cmocka_unit_test(one_tick_of_stolen_time_does_not),
        cmocka_unit_test(other_work_on_its_cpus_spoils_a_trial),
        cmocka_unit_test(bad_clients_are_no_other_work),
        cmocka_unit_test(a_task_off_its_cpus_spoils_a_trial),
        cmocka_unit_test(an_open_loop_that_was_kept_passes),
        cmocka_unit_test(a_late_generator_spoils_a_trial),
        cmocka_unit_test(a_capacity_is_not_lost_to_the_window_behind_the_search),
        cmocka_unit_test(lateness_is_held_against_the_bound_where_there_is_one),
        cmocka_unit_test(requests_that_were_due_and_not_answered_are_refused),
        cmocka_unit_test(a_short_window_may_end_with_ten_milliseconds_unanswered),
        cmocka_unit_test(a_connection_that_waits_all_along_is_refused_in_open_loop_too),
        cmocka_unit_test(a_search_that_the_machine_kept_from_asking_is_spoilt),
        cmocka_unit_test(a_cell_is_given_up_after_three_trials_that_brought_nothing),
        cmocka_unit_test(past_the_peak_they_are_what_is_to_be_seen),
        cmocka_unit_test(wrong_bytes_that_only_our_generator_sees_are_refused),
        cmocka_unit_test(idle_connections_that_were_not_kept_are_refused),
        cmocka_unit_test(a_record_line_keeps_every_field),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
