/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/judge/summary.h"

static const char *const models[] = {"zebra", "ant"};

static struct trial trial_of(const char *model, const char *workload, int64_t connections,
                             int64_t requests)
{
    struct trial trial;
    trial_init(&trial);
    snprintf(trial.model, sizeof trial.model, "%s", model);
    snprintf(trial.workload, sizeof trial.workload, "%s", workload);
    trial.level = connections;
    trial.valid = 1;
    trial.requests = requests;
    trial.duration_us = 500000;
    trial.window_server_user_us = 100000;
    trial.window_server_system_us = 300000;
    trial.steady_wall_us = 400000;
    trial.steady_server_user_us = 100000;
    trial.steady_server_system_us = 284000;
    trial.steady_generator_cpu_us = 200000;
    trial.memory_steady_kib = 512;
    return trial;
}

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-9 * fabs(expected)))
        fail_msg("%.12g is not %.12g", value, expected);
}

static void a_trials_metrics_have_the_units_of_their_names(void **state)
{
    (void)state;
    struct trial trial = trial_of("ant", "churn", 8, 40000);
    struct histogram none = {0};
    assert_near(metric_of(METRIC_THROUGHPUT_RPS, &trial, &none), 80000);
    assert_near(metric_of(METRIC_CPU_US_PER_REQUEST, &trial, &none), 10);
    assert_near(metric_of(METRIC_SERVER_CPU_PERCENT, &trial, &none), 96);
    assert_near(metric_of(METRIC_GENERATOR_CPU_PERCENT, &trial, &none), 50);
    assert_near(metric_of(METRIC_MEMORY_KIB, &trial, &none), 512);
    assert_true(isnan(metric_of(METRIC_MEMORY_PEAK_KIB, &trial, &none)));
    assert_true(isnan(metric_of(METRIC_SYSCALLS_PER_REQUEST, &trial, &none)));
    trial.memory_user_bytes = 8192;
    trial.memory_kernel_bytes = 4096;
    trial.syscalls = 82000;
    assert_near(metric_of(METRIC_MEMORY_USER_BYTES, &trial, &none), 8192);
    assert_near(metric_of(METRIC_MEMORY_KERNEL_BYTES, &trial, &none), 4096);
    assert_near(metric_of(METRIC_SYSCALLS_PER_REQUEST, &trial, &none), 2.05);
    trial.counted_requests = 328000; /* in a window of their own */
    assert_near(metric_of(METRIC_SYSCALLS_PER_REQUEST, &trial, &none), 0.25);
}

/* The generator of an open loop is always busy: that says nothing. */
static void at_a_given_rate_only_the_server_can_be_the_limit(void **state)
{
    (void)state;
    static const struct {
        const char *workload;
        int64_t server_us, generator_us;
        const char *limit;
    } cases[] = {{"peak", 200000, 396000, "generator"},    {"peak", 390000, 396000, "server"},
                 {"peak", 200000, 200000, "concurrency"},  {"latency-rate", 200000, 396000, "rate"},
                 {"capacity", 390000, 396000, "server"},   {"memory", 1000, 396000, "rate"},
                 {"unheard-of", 1000, 396000, "generator"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial trial = trial_of("ant", cases[i].workload, 8, 10000);
        struct histogram none = {0};
        struct summary summary;
        trial.steady_server_user_us = cases[i].server_us;
        trial.steady_server_system_us = 0;
        trial.steady_generator_cpu_us = cases[i].generator_us;
        summary_build(&summary, &trial, &none, 1, models, 2);
        assert_string_equal(summary_limited_by(&summary.cells[0]), cases[i].limit);
        summary_finish(&summary);
    }
}

/* Shares are of the CPUs that each had; who shares them is in the other's way. */
static void under_scaling_the_limit_is_that_of_all_their_cpus(void **state)
{
    (void)state;
    static const struct {
        int64_t server_cpus, load_cpus, shared_cpus, server_us, generator_us;
        const char *limit;
    } cases[] = {{1, 2, 1, 390000, 390000, "server"},      {2, 2, 2, 390000, 390000, "generator"},
                 {2, 2, 2, 390000, 200000, "concurrency"}, {4, 4, 0, 1560000, 400000, "server"},
                 {4, 4, 0, 400000, 400000, "concurrency"}, {4, 4, 0, 800000, 1580000, "generator"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial trial = trial_of("ant", "scaling", cases[i].server_cpus, 10000);
        struct histogram none = {0};
        struct summary summary;
        trial.server_cpus = cases[i].server_cpus;
        trial.load_cpus = cases[i].load_cpus;
        trial.shared_cpus = cases[i].shared_cpus;
        trial.steady_server_user_us = cases[i].server_us;
        trial.steady_server_system_us = 0;
        trial.steady_generator_cpu_us = cases[i].generator_us;
        summary_build(&summary, &trial, &none, 1, models, 2);
        assert_string_equal(summary_limited_by(&summary.cells[0]), cases[i].limit);
        summary_finish(&summary);
    }
}

/* 0.4 s of steady part. What bad clients take of the load's own CPU it cannot have. */
static void bad_clients_on_the_loads_cpu_are_part_of_its_limit(void **state)
{
    (void)state;
    static const struct {
        int64_t shared, crowd_us;
        const char *limit;
    } cases[] = {{1, 160000, "generator"},
                 {1, 40000, "concurrency"},
                 {0, 160000, "concurrency"},
                 {TRIAL_UNKNOWN, TRIAL_UNKNOWN, "concurrency"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trial trial = trial_of("ant", "mixed", 4, 10000);
        struct histogram none = {0};
        struct summary summary;
        trial.steady_server_user_us = 300000;
        trial.steady_server_system_us = 0;
        trial.steady_generator_cpu_us = 230000;
        trial.crowd_shared_cpus = cases[i].shared;
        trial.steady_crowd_cpu_us = cases[i].crowd_us;
        summary_build(&summary, &trial, &none, 1, models, 2);
        assert_string_equal(summary_limited_by(&summary.cells[0]), cases[i].limit);
        summary_finish(&summary);
    }
}

static void cells_follow_the_order_of_the_table_of_workloads(void **state)
{
    (void)state;
    static const char *const order[] = {"keep-alive", "churn", "idle", "echo", "scaling"};
    struct trial trials[] = {trial_of("ant", "echo", 8, 1), trial_of("ant", "scaling", 1, 1),
                             trial_of("ant", "churn", 8, 1), trial_of("ant", "idle", 8, 1),
                             trial_of("ant", "keep-alive", 8, 1)};
    struct histogram none[5] = {{0}};
    struct summary summary;
    summary_build(&summary, trials, none, 5, models, 2);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(summary.cells[i].workload, order[i]);
    summary_finish(&summary);
}

static void percentiles_are_told_only_with_enough_samples(void **state)
{
    (void)state;
    struct trial trial = trial_of("ant", "churn", 8, 9000);
    struct histogram latency = {0};
    histogram_add(&latency, 50000, 8000);
    histogram_add(&latency, 900000, 1000);
    assert_near(metric_of(METRIC_LATENCY_P50_US, &trial, &latency), 50);
    assert_true(isnan(metric_of(METRIC_LATENCY_P99_US, &trial, &latency)));
    histogram_add(&latency, 900000, 2000);
    assert_near(metric_of(METRIC_LATENCY_P99_US, &trial, &latency), 900);
    histogram_finish(&latency);
}

static void cells_follow_the_list_of_models_then_mode_then_level(void **state)
{
    (void)state;
    struct trial trials[] = {trial_of("ant", "keep-alive", 8, 1), trial_of("zebra", "churn", 1, 1),
                             trial_of("zebra", "keep-alive", 64, 1),
                             trial_of("zebra", "keep-alive", 8, 1)};
    struct histogram none[4] = {{0}};
    struct summary summary;
    summary_build(&summary, trials, none, 4, models, 2);
    assert_int_equal(summary.count, 4);
    assert_int_equal(summary.cells[0].level, 8);
    assert_int_equal(summary.cells[1].level, 64);
    assert_string_equal(summary.cells[2].workload, "churn");
    assert_string_equal(summary.cells[3].model, "ant");
    summary_finish(&summary);
}

static void a_cell_has_one_value_a_trial(void **state)
{
    (void)state;
    struct trial trials[] = {trial_of("ant", "churn", 8, 10000), trial_of("ant", "churn", 8, 40000),
                             trial_of("ant", "churn", 8, 20000)};
    struct histogram none[3] = {{0}};
    struct summary summary;
    summary_build(&summary, trials, none, 3, models, 2);
    const struct estimate *rate = &summary.cells[0].metrics[METRIC_THROUGHPUT_RPS];
    assert_int_equal(summary.count, 1);
    assert_int_equal(rate->n, 3);
    assert_near(rate->mean, 40000);
    assert_near(rate->median, 40000);
    assert_true(rate->low < 40000 && rate->high > 40000);
    assert_string_equal(summary_limited_by(&summary.cells[0]), "server");
    summary_finish(&summary);
}

static void one_invalid_trial_makes_its_cell_invalid_but_is_not_dropped(void **state)
{
    (void)state;
    struct trial trials[] = {trial_of("ant", "churn", 8, 10000),
                             trial_of("ant", "churn", 8, 40000)};
    struct histogram none[2] = {{0}};
    trials[1].valid = 0;
    snprintf(trials[1].reason, sizeof trials[1].reason, "3 errors");
    struct summary summary;
    summary_build(&summary, trials, none, 2, models, 2);
    assert_false(summary_is_valid(&summary.cells[0]));
    assert_string_equal(summary.cells[0].reason, "3 errors");
    assert_int_equal(summary.cells[0].metrics[METRIC_THROUGHPUT_RPS].n, 2);
    summary_finish(&summary);
}

static void a_failed_trial_counts_but_gives_no_value(void **state)
{
    (void)state;
    struct trial trials[] = {trial_of("ant", "churn", 8, 10000), trial_of("ant", "churn", 8, 0)};
    struct histogram none[2] = {{0}};
    trials[1].valid = 0;
    trial_fail(&trials[1], "server not ready");
    struct summary summary;
    summary_build(&summary, trials, none, 2, models, 2);
    assert_int_equal(summary.cells[0].trials, 2);
    assert_int_equal(summary.cells[0].valid_trials, 1);
    assert_int_equal(summary.cells[0].metrics[METRIC_THROUGHPUT_RPS].n, 1);
    summary_finish(&summary);
}

static size_t commas_in(const char *text, size_t length)
{
    size_t commas = 0;
    for (size_t i = 0; i < length; i++)
        commas += text[i] == ',';
    return commas;
}

/* Four trials of which the machine spoilt as many; the last attempts are no one's fault. */
static struct summary summary_with_spoilt(size_t spoilt, struct trial trials[4])
{
    static const struct histogram none[4];
    struct summary summary;
    for (size_t i = 0; i < 4; i++) {
        trials[i] = trial_of("ant", "churn", 8, i < spoilt ? 1 : 10000);
        trials[i].spoilt = i < spoilt;
        trials[i].valid = i >= spoilt;
        snprintf(trials[i].reason, sizeof trials[i].reason, "%s", i < spoilt ? "steal" : "");
    }
    summary_build(&summary, trials, none, 4, models, 2);
    return summary;
}

static void a_cell_may_lack_a_quarter_of_its_trials(void **state)
{
    (void)state;
    struct trial trials[4];
    struct summary summary = summary_with_spoilt(1, trials);
    assert_true(summary_is_valid(&summary.cells[0]));
    assert_int_equal(summary.cells[0].trials, 3);
    assert_int_equal(summary.cells[0].metrics[METRIC_THROUGHPUT_RPS].n, 3);
    assert_near(summary.cells[0].metrics[METRIC_THROUGHPUT_RPS].mean, 20000);
    summary_finish(&summary);
}

static void a_cell_that_lacks_more_is_not_valid(void **state)
{
    (void)state;
    struct trial trials[4];
    struct summary summary = summary_with_spoilt(2, trials);
    assert_false(summary_is_valid(&summary.cells[0]));
    assert_string_equal(summary.cells[0].reason, "steal");
    summary_finish(&summary);
}

static void every_row_has_as_many_columns_as_the_header(void **state)
{
    (void)state;
    struct trial trials[] = {trial_of("ant", "churn", 8, 10000), trial_of("zebra", "churn", 8, 4)};
    struct histogram none[2] = {{0}};
    struct summary summary;
    char *text;
    size_t size;
    FILE *csv = open_memstream(&text, &size);
    summary_build(&summary, trials, none, 2, models, 2);
    summary_write(&summary, csv);
    fclose(csv);
    size_t columns = commas_in(text, strcspn(text, "\n")), rows = 0;
    for (char *line = text; *line; line += strcspn(line, "\n") + 1, rows++)
        assert_int_equal(commas_in(line, strcspn(line, "\n")), columns);
    assert_int_equal(rows, 3);
    free(text);
    summary_finish(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trials_metrics_have_the_units_of_their_names),
        cmocka_unit_test(at_a_given_rate_only_the_server_can_be_the_limit),
        cmocka_unit_test(under_scaling_the_limit_is_that_of_all_their_cpus),
        cmocka_unit_test(bad_clients_on_the_loads_cpu_are_part_of_its_limit),
        cmocka_unit_test(cells_follow_the_order_of_the_table_of_workloads),
        cmocka_unit_test(percentiles_are_told_only_with_enough_samples),
        cmocka_unit_test(cells_follow_the_list_of_models_then_mode_then_level),
        cmocka_unit_test(a_cell_has_one_value_a_trial),
        cmocka_unit_test(one_invalid_trial_makes_its_cell_invalid_but_is_not_dropped),
        cmocka_unit_test(a_failed_trial_counts_but_gives_no_value),
        cmocka_unit_test(a_cell_may_lack_a_quarter_of_its_trials),
        cmocka_unit_test(a_cell_that_lacks_more_is_not_valid),
        cmocka_unit_test(every_row_has_as_many_columns_as_the_header),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
