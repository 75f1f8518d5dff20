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

#include "bench/judge/compare.h"

enum { TRIALS_LIMIT = 16, SPREADS = 4 };

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

/* What four verdicts there are, at a threshold of 1 %. */
static void a_verdict_asks_whether_it_is_different_and_whether_it_is_small(void **state)
{
    (void)state;
    static const struct {
        double low, high;
        enum compare_verdict verdict;
    } cases[] = {
        {1.02, 1.04, COMPARE_HIGHER},       {1.002, 1.02, COMPARE_HIGHER},
        {0.95, 0.98, COMPARE_LOWER},        {0.97, 0.999, COMPARE_LOWER},
        {0.995, 1.005, COMPARE_EQUIVALENT}, {1.002, 1.008, COMPARE_NEGLIGIBLE},
        {0.992, 0.999, COMPARE_NEGLIGIBLE}, {0.98, 1.005, COMPARE_INCONCLUSIVE},
        {0.9, 1.1, COMPARE_INCONCLUSIVE},   {NAN, NAN, COMPARE_TOO_FEW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct compare_ratio ratio = {.ratio = sqrt(cases[i].low * cases[i].high),
                                      .low = cases[i].low,
                                      .high = cases[i].high};
        assert_string_equal(compare_verdict_name(compare_judge(&ratio, 0.01)),
                            compare_verdict_name(cases[i].verdict));
    }
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

/* With as many trials as were asked for, a difference as large as it seemed is found in 4 of 5
 * repetitions, or in a few more, n being whole. */
static void as_many_trials_as_are_asked_for_settle_it(void **state)
{
    (void)state;
    enum { ROUNDS = 5000 };
    const double d = 0.03;
    const struct compare_ratio seen = {.n = {3, 3}, .spread = {0.02, 0.03}, .ratio = exp(d)};
    double first[TRIALS_LIMIT * 4], second[TRIALS_LIMIT * 4];
    size_t n = compare_trials_needed(&seen, 1, 0.01);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    int settled = 0;
    assert_in_range(n, 4, TRIALS_LIMIT * 4);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n; i++) {
            first[i] = exp(gsl_ran_gaussian(random, seen.spread[0]));
            second[i] = exp(d + gsl_ran_gaussian(random, seen.spread[1]));
        }
        struct compare_ratio ratio = compare_welch(first, n, second, n, 1);
        settled += compare_judge(&ratio, 0.01) == COMPARE_HIGHER;
    }
    gsl_rng_free(random);
    assert_near((double)settled / ROUNDS, 0.82, 0.04);
}

static void more_trials_are_asked_for_where_more_is_asked(void **state)
{
    (void)state;
    const struct compare_ratio equal = {.n = {3, 3}, .spread = {0.02, 0.02}, .ratio = 1};
    const struct compare_ratio wild = {.n = {3, 3}, .spread = {0.5, 0.5}, .ratio = 1};
    assert_true(compare_trials_needed(&equal, 1, 0.01) > compare_trials_needed(&equal, 1, 0.02));
    assert_true(compare_trials_needed(&equal, 20, 0.02) > compare_trials_needed(&equal, 1, 0.02));
    assert_int_equal(compare_trials_needed(&wild, 1, 0.001), 0);
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

/* A run of one model at some levels, made up; throughput is its base, give or take 1 %. */
struct made {
    struct record record;
    struct trial trials[TRIALS_LIMIT];
    struct histogram none[TRIALS_LIMIT];
};

static void add_trials(struct made *run, int64_t connections, int64_t requests, int64_t cpu_us)
{
    static const double spread[SPREADS] = {0.99, 1.0, 1.01, 1.0};
    for (size_t i = 0; i < SPREADS; i++) {
        struct trial *trial = &run->trials[run->record.count++];
        trial_init(trial);
        snprintf(trial->model, sizeof trial->model, "ant");
        snprintf(trial->workload, sizeof trial->workload, "churn");
        trial->level = connections;
        trial->block = (int64_t)i + 1;
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

/* At this threshold; NAN: that of the runs. */
static void compare_made(struct comparison *comparison, const struct made *first,
                         const struct made *second, double threshold)
{
    compare_records(comparison, &first->record, &second->record, threshold);
}

static enum compare_verdict verdict_of(const struct comparison *found, size_t cell, size_t quantity)
{
    return found->cells[cell].quantities[quantity].verdict;
}

static void made_finish(struct comparison *comparison, struct made *first, struct made *second)
{
    compare_finish(comparison);
    json_decref(first->record.manifest);
    json_decref(second->record.manifest);
}

static void a_difference_beyond_the_spread_has_a_direction(void **state)
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
    compare_made(&found, &first, &second, NAN);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.compared, 2);
    assert_near(found.cells[0].quantities[0].ratio.ratio, 1.2, 1e-3);
    assert_int_equal(verdict_of(&found, 0, 0), COMPARE_HIGHER);
    assert_int_equal(verdict_of(&found, 0, 1), COMPARE_LOWER);
    assert_int_equal(verdict_of(&found, 1, 0), COMPARE_INCONCLUSIVE);
    assert_true(found.cells[1].quantities[0].trials_needed > 4);
    assert_int_equal(found.cells[0].quantities[0].trials_needed, 0);
    assert_int_equal(compare_count(&found, COMPARE_HIGHER), 1);
    assert_int_equal(compare_count(&found, COMPARE_INCONCLUSIVE), 2);
    made_finish(&found, &first, &second);
}

static void what_matters_can_be_said(void **state)
{
    (void)state;
    struct made first, second;
    struct comparison found;
    made_init(&first);
    made_init(&second);
    add_trials(&first, 8, 40000, 400000);
    add_trials(&first, 64, 40000, 400000);
    add_trials(&second, 8, 42000, 420000);
    add_trials(&second, 64, 40100, 401000);
    compare_made(&found, &first, &second, 0.2);
    assert_int_equal(verdict_of(&found, 0, 0), COMPARE_NEGLIGIBLE);
    assert_int_equal(verdict_of(&found, 1, 0), COMPARE_EQUIVALENT);
    assert_near(found.cells[0].quantities[1].threshold, 0.2, 0);
    made_finish(&found, &first, &second);
}

static void rename_last(struct made *run, const char *model)
{
    for (size_t i = run->record.count - SPREADS; i < run->record.count; i++)
        snprintf(run->trials[i].model, sizeof run->trials[i].model, "%s", model);
}

/* In one run a model differs by some 5 % from itself, then in the other by 10 %: the larger is what
 * matters in both. */
static void a_model_against_itself_says_what_matters(void **state)
{
    (void)state;
    struct made first, second;
    struct comparison found;
    made_init(&first);
    made_init(&second);
    add_trials(&first, 8, 40000, 400000);
    add_trials(&second, 8, 40000, 400000);
    compare_made(&found, &first, &second, NAN);
    assert_near(found.cells[0].quantities[0].threshold, 0.01, 1e-12);
    compare_finish(&found);
    add_trials(&second, 8, 42000, 400000);
    rename_last(&second, "ant.twin");
    compare_made(&found, &first, &second, NAN);
    assert_near(found.cells[0].quantities[0].threshold, 0.05, 0.005);
    assert_int_equal(found.only[1], 0);
    compare_finish(&found);
    add_trials(&first, 8, 44000, 400000);
    rename_last(&first, "ant.twin");
    compare_made(&found, &first, &second, NAN);
    assert_near(found.cells[0].quantities[0].threshold, 0.1, 0.005);
    assert_int_equal(found.count, 1);
    made_finish(&found, &first, &second);
}

static void a_trial_that_was_replaced_does_not_count(void **state)
{
    (void)state;
    struct made first, second;
    struct comparison found;
    made_init(&first);
    made_init(&second);
    add_trials(&first, 8, 40000, 400000);
    add_trials(&second, 8, 40000, 400000);
    second.trials[1].requests = 1;
    second.trials[1].valid = 0;
    second.trials[1].replaced = true;
    compare_made(&found, &first, &second, 0.2);
    assert_int_equal(found.cells[0].quantities[0].ratio.n[1], 3);
    assert_int_equal(verdict_of(&found, 0, 0), COMPARE_EQUIVALENT);
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
    compare_made(&found, &first, &second, NAN);
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
    compare_made(&found, &first, &second, NAN);
    assert_int_equal(verdict_of(&found, 0, 0), COMPARE_INVALID);
    assert_int_equal(verdict_of(&found, 0, 1), COMPARE_INVALID);
    assert_string_equal(found.cells[0].reason, "3 errors");
    assert_int_equal(found.compared, 0);
    made_finish(&found, &first, &second);
}

static void bind_to_generator(struct made *run)
{
    for (size_t i = 0; i < run->record.count; i++) {
        run->trials[i].steady_server_system_us = 500000;
        run->trials[i].steady_generator_cpu_us = 990000;
    }
}

/* A lower bound that is higher is higher; one that is lower says nothing. */
static void what_the_generator_held_back_can_only_be_higher(void **state)
{
    (void)state;
    static const enum compare_verdict wanted[] = {COMPARE_HIGHER, COMPARE_GENERATOR};
    for (int bound = 1; bound >= 0; bound--) {
        struct made runs[2];
        struct comparison found;
        made_init(&runs[0]);
        made_init(&runs[1]);
        add_trials(&runs[0], 8, 40000, 400000);
        add_trials(&runs[1], 8, 80000, 400000);
        bind_to_generator(&runs[bound]);
        compare_made(&found, &runs[0], &runs[1], NAN);
        assert_int_equal(verdict_of(&found, 0, 0), wanted[1 - bound]);
        assert_int_equal(verdict_of(&found, 0, 1), COMPARE_LOWER);
        made_finish(&found, &runs[0], &runs[1]);
    }
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
    compare_made(&found, &first, &second, NAN);
    json_t *object = compare_to_json(&found);
    const json_t *verdicts = json_object_get(object, "verdicts");
    assert_int_equal(json_integer_value(json_object_get(verdicts, "higher")), 0);
    assert_int_equal(json_integer_value(json_object_get(verdicts, "lower")), 0);
    assert_int_equal(json_integer_value(json_object_get(verdicts, "inconclusive")), 2);
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
        cmocka_unit_test(a_verdict_asks_whether_it_is_different_and_whether_it_is_small),
        cmocka_unit_test(as_many_trials_as_are_asked_for_settle_it),
        cmocka_unit_test(more_trials_are_asked_for_where_more_is_asked),
        cmocka_unit_test(a_difference_beyond_the_spread_has_a_direction),
        cmocka_unit_test(what_matters_can_be_said),
        cmocka_unit_test(a_model_against_itself_says_what_matters),
        cmocka_unit_test(a_trial_that_was_replaced_does_not_count),
        cmocka_unit_test(cells_of_one_run_alone_are_counted_not_compared),
        cmocka_unit_test(an_invalid_trial_in_either_run_forbids_the_verdict),
        cmocka_unit_test(what_the_generator_held_back_can_only_be_higher),
        cmocka_unit_test(a_run_does_not_differ_from_itself),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
