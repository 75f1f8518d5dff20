/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/compare.h"

enum { TRIALS_LIMIT = 16 };

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not %.9g", value, expected);
}

/* Values whose logs have exactly this mean and standard deviation: pairs at mean +- sd and, n being
 * odd, one value at the mean. */
static void fill_exact(double *values, size_t n, double mean, double sd)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        values[i] = exp(mean + sd);
        values[i + 1] = exp(mean - sd);
    }
    values[n - 1] = exp(mean);
}

/*
 * Miles per gallon of US and Japanese cars, the NIST/SEMATECH e-Handbook of Statistical Methods,
 * section 1.3.5.3 (two-sample t test, AUTO83B.DAT), without assuming equal variances: 249 cars of
 * mean 20.14458 and standard deviation 6.414700 against 79 of 30.48101 and 6.107710 give
 * T = -12.94627 with 136.8750 degrees of freedom. Tables give t(0.975, 136.9) = 1.9774.
 */
static void the_interval_is_that_of_the_published_example(void **state)
{
    (void)state;
    enum { US = 249, JAPAN = 79 };
    double us[US], japan[JAPAN];
    fill_exact(us, US, 20.14458, 6.414700);
    fill_exact(japan, JAPAN, 30.48101, 6.107710);
    struct compare_ratio ratio = compare_welch(us, US, japan, JAPAN, 1);
    const double difference = 30.48101 - 20.14458, error = difference / 12.94627;
    assert_near(ratio.degrees, 136.8750, 1e-3);
    assert_near(log(ratio.ratio), difference, 1e-6);
    assert_near(log(ratio.low), difference - 1.9774 * error, 1e-4);
    assert_near(log(ratio.high), difference + 1.9774 * error, 1e-4);
}

/* Two runs of equal spread and three trials each have 4 degrees of freedom, for which tables give
 * t = 2.776 at 97.5 % (one comparison) and 4.604 at 99.5 % (five). */
static void more_comparisons_widen_each_interval(void **state)
{
    (void)state;
    const double first[] = {1, exp(1), exp(2)}, second[] = {exp(1), exp(2), exp(3)};
    const double error = sqrt(2.0 / 3.0);
    struct compare_ratio alone = compare_welch(first, 3, second, 3, 1);
    struct compare_ratio among = compare_welch(first, 3, second, 3, 5);
    assert_near(alone.degrees, 4, 1e-9);
    assert_near(log(alone.high), 1 + 2.776 * error, 1e-3);
    assert_near(log(among.high), 1 + 4.604 * error, 1e-3);
    assert_near(log(among.low), 1 - 4.604 * error, 1e-3);
}

static void swapped_runs_turn_the_ratio_over(void **state)
{
    (void)state;
    const double first[] = {100, 110, 95, 104}, second[] = {130, 150, 128};
    struct compare_ratio there = compare_welch(first, 4, second, 3, 3);
    struct compare_ratio back = compare_welch(second, 3, first, 4, 3);
    assert_near(there.ratio * back.ratio, 1, 1e-12);
    assert_near(there.low * back.high, 1, 1e-12);
    assert_near(there.high * back.low, 1, 1e-12);
}

static void without_spread_or_trials_there_is_no_interval(void **state)
{
    (void)state;
    const double same[] = {5, 5, 5}, other[] = {6, 6, 6}, zero[] = {1, 0, 2};
    assert_near(compare_welch(same, 3, other, 3, 1).ratio, 1.2, 1e-12);
    assert_true(isnan(compare_welch(same, 3, other, 3, 1).low));
    assert_true(isnan(compare_welch(same, 1, other, 3, 1).high));
    assert_true(isnan(compare_welch(zero, 3, other, 3, 1).ratio));
    assert_true(isnan(compare_welch(NULL, 0, other, 3, 1).ratio));
}

/* Of logs with unequal spreads the interval holds the true ratio as often as it says. */
static double coverage(gsl_rng *random, size_t n_first, size_t n_second)
{
    enum { ROUNDS = 20000 };
    const double truth = 0.1;
    double first[TRIALS_LIMIT], second[TRIALS_LIMIT];
    int held = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n_first; i++)
            first[i] = exp(gsl_ran_gaussian(random, 0.02));
        for (size_t i = 0; i < n_second; i++)
            second[i] = exp(truth + gsl_ran_gaussian(random, 0.05));
        struct compare_ratio ratio = compare_welch(first, n_first, second, n_second, 1);
        held += ratio.low <= exp(truth) && exp(truth) <= ratio.high;
    }
    return (double)held / ROUNDS;
}

static void the_interval_covers_as_often_as_it_says(void **state)
{
    (void)state;
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(random, 20260101);
    assert_near(coverage(random, 5, 5), 0.95, 0.015);
    assert_near(coverage(random, 10, 5), 0.95, 0.015);
    assert_near(coverage(random, 12, 12), 0.95, 0.015);
    gsl_rng_free(random);
}

static json_t *parsed(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return value;
}

static void assert_differences(const char *first, const char *second, const char *expected)
{
    json_t *a = parsed(first), *b = parsed(second), *wanted = parsed(expected);
    json_t *found = compare_manifests(a, b);
    char text[512] = {0};
    json_dumpb(found, text, sizeof text - 1, JSON_COMPACT);
    if (!json_equal(found, wanted))
        fail_msg("%s, not %s", text, expected);
    json_decref(a);
    json_decref(b);
    json_decref(found);
    json_decref(wanted);
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

/* A run of one model at some levels, made up; throughput is its base, give or take 1 %. */
struct made {
    struct record record;
    struct trial trials[TRIALS_LIMIT];
    struct histogram none[TRIALS_LIMIT];
};

static void add_trials(struct made *run, int64_t connections, int64_t requests, int64_t cpu_us)
{
    static const double spread[] = {0.99, 1.0, 1.01, 1.0};
    for (size_t i = 0; i < sizeof spread / sizeof *spread; i++) {
        struct trial *trial = &run->trials[run->record.count++];
        trial_init(trial);
        snprintf(trial->model, sizeof trial->model, "ant");
        snprintf(trial->workload, sizeof trial->workload, "churn");
        trial->level = connections;
        trial->valid = 1;
        trial->requests = (int64_t)((double)requests * spread[i]);
        trial->duration_us = 1000000;
        trial->window_server_user_us = 0;
        trial->window_server_system_us = cpu_us;
        trial->steady_wall_us = 1000000;
        trial->steady_server_user_us = 0;
        trial->steady_server_system_us = 990000;
        trial->steady_generator_cpu_us = 500000;
    }
}

static void made_init(struct made *run)
{
    *run = (struct made){0};
    run->record.trials = run->trials;
    run->record.histograms = run->none;
    run->record.manifest = parsed("{\"models\":[{\"name\":\"ant\"}]}");
}

static void compare_made(struct comparison *comparison, const struct made *first,
                         const struct made *second)
{
    compare_records(comparison, &first->record, &second->record);
}

static void made_finish(struct comparison *comparison, struct made *first, struct made *second)
{
    compare_finish(comparison);
    json_decref(first->record.manifest);
    json_decref(second->record.manifest);
}

static void a_difference_beyond_the_spread_is_real_and_has_a_direction(void **state)
{
    (void)state;
    struct made first, second;
    struct comparison found;
    made_init(&first);
    made_init(&second);
    add_trials(&first, 8, 40000, 400000);
    add_trials(&first, 64, 40000, 400000);
    add_trials(&second, 8, 48000, 400000);
    add_trials(&second, 64, 40100, 401000);
    compare_made(&found, &first, &second);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.compared, 2);
    assert_near(found.cells[0].ratios[0].ratio, 1.2, 1e-3);
    assert_int_equal(found.cells[0].verdicts[0], COMPARE_HIGHER);
    assert_int_equal(found.cells[0].verdicts[1], COMPARE_LOWER);
    assert_int_equal(found.cells[1].verdicts[0], COMPARE_ALIKE);
    assert_int_equal(found.cells[1].verdicts[1], COMPARE_ALIKE);
    assert_int_equal(compare_real(&found), 2);
    made_finish(&found, &first, &second);
}

static void cells_of_one_run_alone_are_counted_not_compared(void **state)
{
    (void)state;
    struct made first, second;
    struct comparison found;
    made_init(&first);
    made_init(&second);
    add_trials(&first, 1, 40000, 400000);
    add_trials(&first, 8, 40000, 400000);
    add_trials(&second, 8, 40000, 400000);
    compare_made(&found, &first, &second);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.cells[0].level, 8);
    assert_int_equal(found.only[0], 1);
    assert_int_equal(found.only[1], 0);
    made_finish(&found, &first, &second);
}

static void an_invalid_trial_in_either_run_forbids_the_verdict(void **state)
{
    (void)state;
    struct made first, second;
    struct comparison found;
    made_init(&first);
    made_init(&second);
    add_trials(&first, 8, 40000, 400000);
    add_trials(&second, 8, 80000, 400000);
    second.trials[2].valid = 0;
    snprintf(second.trials[2].reason, sizeof second.trials[2].reason, "3 errors");
    compare_made(&found, &first, &second);
    assert_int_equal(found.cells[0].verdicts[0], COMPARE_INVALID);
    assert_int_equal(found.cells[0].verdicts[1], COMPARE_INVALID);
    assert_string_equal(found.cells[0].reason, "3 errors");
    assert_int_equal(found.compared, 0);
    made_finish(&found, &first, &second);
}

static void where_the_generator_is_the_limit_only_cpu_time_is_judged(void **state)
{
    (void)state;
    struct made first, second;
    struct comparison found;
    made_init(&first);
    made_init(&second);
    add_trials(&first, 8, 40000, 400000);
    add_trials(&second, 8, 80000, 400000);
    for (size_t i = 0; i < second.record.count; i++) {
        second.trials[i].steady_server_system_us = 500000;
        second.trials[i].steady_generator_cpu_us = 990000;
    }
    compare_made(&found, &first, &second);
    assert_int_equal(found.cells[0].verdicts[0], COMPARE_GENERATOR);
    assert_int_equal(found.cells[0].verdicts[1], COMPARE_LOWER);
    made_finish(&found, &first, &second);
}

static void a_run_does_not_differ_from_itself(void **state)
{
    (void)state;
    struct made first, second;
    struct comparison found;
    made_init(&first);
    made_init(&second);
    add_trials(&first, 8, 40000, 400000);
    add_trials(&second, 8, 40000, 400000);
    compare_made(&found, &first, &second);
    json_t *object = compare_to_json(&found);
    assert_int_equal(compare_real(&found), 0);
    assert_int_equal(json_integer_value(json_object_get(object, "real")), 0);
    assert_int_equal(json_array_size(json_object_get(object, "cells")), 1);
    json_decref(object);
    made_finish(&found, &first, &second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_is_that_of_the_published_example),
        cmocka_unit_test(more_comparisons_widen_each_interval),
        cmocka_unit_test(swapped_runs_turn_the_ratio_over),
        cmocka_unit_test(without_spread_or_trials_there_is_no_interval),
        cmocka_unit_test(the_interval_covers_as_often_as_it_says),
        cmocka_unit_test(manifests_differ_by_path),
        cmocka_unit_test(what_one_manifest_lacks_is_told),
        cmocka_unit_test(times_and_the_drawn_order_are_left_out),
        cmocka_unit_test(a_difference_beyond_the_spread_is_real_and_has_a_direction),
        cmocka_unit_test(cells_of_one_run_alone_are_counted_not_compared),
        cmocka_unit_test(an_invalid_trial_in_either_run_forbids_the_verdict),
        cmocka_unit_test(where_the_generator_is_the_limit_only_cpu_time_is_judged),
        cmocka_unit_test(a_run_does_not_differ_from_itself),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
