/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/judge/pairs.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not %.9g", value, expected);
}

/* Darwin's maize, crossed less self-fertilised, in eighths of an inch. Fisher, The Design of
 * Experiments, section 21: of the 32 768 ways to sign them 863 have a sum of 314 or more, and as
 * many one of -314 or less: 1 726, 5.267 %. */
static void the_sign_flip_test_is_fishers_of_darwins_maize(void **state)
{
    (void)state;
    const double d[] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};
    struct sign_flip test = pairs_sign_flip(d, 15, 1);
    assert_true(test.exact);
    assert_near(test.p * 32768, 1726, 1e-6);
}

/* "Student", The Probable Error of a Mean, Biometrika 6, 1908: additional hours of sleep, ten
 * patients, two drugs. R's documentation of `sleep`, t.test(paired): 0.7001142 to 2.4598858. */
static const double sleep_difference[] = {1.2, 2.4, 1.3, 1.3, 0, 1.0, 1.8, 0.8, 4.6, 1.4};
enum { PATIENTS = 10 };

static void the_interval_of_a_pair_is_students_of_the_sleep_data(void **state)
{
    (void)state;
    double logs[2 * PATIENTS] = {0};
    memcpy(logs, sleep_difference, sizeof sleep_difference);
    struct pairs_question question = {
        .contestants = 2, .blocks = PATIENTS, .logs = logs, .more_is_better = true};
    struct pair pair;
    pairs_compare(&question, &pair);
    assert_near(log(pair.ratio), 1.58, 1e-9);
    assert_near(log(pair.low), 0.7001142, 1e-6);
    assert_near(log(pair.high), 2.4598858, 1e-6);
    assert_int_equal(pair.verdict, VERDICT_BETTER);
}

/* Nine of one sign and a zero, whose sign makes no difference: 4 of 1 024. */
static void a_difference_of_zero_counts_with_either_sign(void **state)
{
    (void)state;
    assert_near(pairs_sign_flip(sleep_difference, PATIENTS, 1).p, 4.0 / 1024, 1e-12);
}

/* The obvious way: each of the 2^n signings. */
static double counted(const double *d, int n)
{
    double observed = 0;
    int hits = 0;
    for (int i = 0; i < n; i++)
        observed += d[i];
    for (unsigned signs = 0; signs < 1U << n; signs++) {
        double sum = 0;
        for (int i = 0; i < n; i++)
            sum += signs >> i & 1 ? d[i] : -d[i];
        hits += fabs(sum) >= fabs(observed) - 1e-9;
    }
    return hits / exp2(n);
}

static void the_two_lists_count_what_full_enumeration_counts(void **state)
{
    (void)state;
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    double d[12];
    for (int n = 1; n <= 12; n++)
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < n; i++) /* every other time small whole numbers: many ties */
                d[i] = round % 2 ? gsl_ran_gaussian(generator, 1) + 0.3
                                 : (double)gsl_rng_uniform_int(generator, 7) - 3;
            assert_near(pairs_sign_flip(d, (size_t)n, 1).p, counted(d, n), 1e-12);
        }
    gsl_rng_free(generator);
}

static void beyond_the_exact_count_a_sample_comes_close_and_repeats(void **state)
{
    (void)state;
    enum { N = PAIRS_EXACT_BLOCKS };
    double d[N + 1] = {0}; /* the last is 0: the same p with it and without */
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    for (int i = 0; i < N; i++)
        d[i] = gsl_ran_gaussian(generator, 1) + 0.3;
    gsl_rng_free(generator);
    struct sign_flip exact = pairs_sign_flip(d, N, 1), sampled = pairs_sign_flip(d, N + 1, 1);
    assert_true(exact.exact);
    assert_false(sampled.exact);
    assert_true(exact.p > 0.001 && exact.p < 0.5);
    assert_near(sampled.p, exact.p, 4 * sqrt(exact.p * (1 - exact.p) / 1e5));
    assert_true(sampled.p == pairs_sign_flip(d, N + 1, 1).p);
    assert_true(sampled.p != pairs_sign_flip(d, N + 1, 2).p);
}

/* Under H0 P(p <= u) is u, but for the steps of 2 / 2^n and, here, four standard errors. */
static void p_is_uniform_where_there_is_no_difference(void **state)
{
    (void)state;
    enum { N = 10, ROUNDS = 10000 };
    const double levels[] = {0.01, 0.05, 0.25, 0.5, 0.9};
    int below[5] = {0};
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    for (int round = 0; round < ROUNDS; round++) {
        double d[N];
        for (int i = 0; i < N; i++) /* far from normal, each block with a spread of its own */
            d[i] = gsl_ran_laplace(generator, 1 + i);
        double p = pairs_sign_flip(d, N, 1).p;
        for (int i = 0; i < 5; i++)
            below[i] += p <= levels[i];
    }
    gsl_rng_free(generator);
    for (int i = 0; i < 5; i++) {
        double u = floor(levels[i] * exp2(N - 1)) / exp2(N - 1);
        assert_near((double)below[i] / ROUNDS, u, 4 * sqrt(u * (1 - u) / ROUNDS));
    }
}

/* Benjamini and Hochberg, J. R. Stat. Soc. B 57, 1995, section 4: the 15 p values of Neuhaus et
 * al. At 5 % Bonferroni and Hochberg reject the same three; so must Holm, which lies between. */
static void holm_rejects_three_of_the_fifteen_of_benjamini_and_hochberg(void **state)
{
    (void)state;
    const double p[] = {0.5719, 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298,
                        0.0344, 0.0459, 0.3240, 0.4262, 0.6528, 0.7590, 1.0000};
    double adjusted[15];
    pairs_holm(p, 15, adjusted);
    assert_near(adjusted[1], 15 * 0.0001, 1e-12);
    assert_near(adjusted[2], 14 * 0.0004, 1e-12);
    assert_near(adjusted[3], 13 * 0.0019, 1e-12);
    for (int i = 0; i < 15; i++)
        assert_int_equal(adjusted[i] <= 0.05, i >= 1 && i <= 3);
}

/* By hand: 4 x 0.005; 3 x 0.01; 2 x 0.03; 1 x 0.04, which may not be less than the one before. */
static void holms_adjusted_values_never_fall(void **state)
{
    (void)state;
    const double p[] = {0.01, 0.04, 0.03, 0.005}, expected[] = {0.03, 0.06, 0.06, 0.02};
    double adjusted[4];
    pairs_holm(p, 4, adjusted);
    for (int i = 0; i < 4; i++)
        assert_near(adjusted[i], expected[i], 1e-12);
    const double large[] = {0.9, 0.8};
    pairs_holm(large, 2, adjusted);
    assert_near(adjusted[0], 1, 0);
}

static void the_fewest_blocks_are_those_that_can_give_a_small_enough_p(void **state)
{
    (void)state;
    assert_int_equal(pairs_least_blocks(pairs_count(2)), 6);
    assert_int_equal(pairs_least_blocks(pairs_count(3)), 7);
    assert_int_equal(pairs_least_blocks(pairs_count(9)), 11);
    for (size_t m = 1; m <= 200; m++) {
        size_t least = pairs_least_blocks(m);
        assert_true((double)m * 2 / exp2((double)least) <= 0.05);
        assert_true((double)m * 2 / exp2((double)least - 1) > 0.05);
    }
}

static void the_threshold_is_one_percent_or_what_equal_servers_show(void **state)
{
    (void)state;
    assert_near(pairs_threshold(NAN), 0.01, 0);
    assert_near(pairs_threshold(0.004), 0.01, 0);
    assert_near(pairs_threshold(0.025), 0.025, 0);
}

/* One pair over 12 blocks, d = mean +- spread in turns. */
static struct pair judge(double mean, double spread, bool more_is_better, const bool *bounds)
{
    enum { N = 12 };
    double logs[2 * N] = {0};
    for (int i = 0; i < N; i++)
        logs[i] = mean + (i % 2 ? spread : -spread);
    struct pairs_question question = {.contestants = 2,
                                      .blocks = N,
                                      .logs = logs,
                                      .bounds = bounds,
                                      .more_is_better = more_is_better,
                                      .threshold = 0.01};
    struct pair pair;
    pairs_compare(&question, &pair);
    return pair;
}

static void small_and_different_make_the_verdict(void **state)
{
    (void)state;
    assert_int_equal(judge(0.20, 0.01, true, NULL).verdict, VERDICT_BETTER);
    assert_int_equal(judge(-0.20, 0.01, true, NULL).verdict, VERDICT_WORSE);
    assert_int_equal(judge(0.20, 0.01, false, NULL).verdict, VERDICT_WORSE);
    assert_int_equal(judge(-0.20, 0.01, false, NULL).verdict, VERDICT_BETTER);
    assert_int_equal(judge(0.0005, 0.002, true, NULL).verdict, VERDICT_EQUIVALENT);
    assert_int_equal(judge(0.004, 0.002, true, NULL).verdict, VERDICT_NEGLIGIBLE);
    assert_int_equal(judge(0.02, 0.10, true, NULL).verdict, VERDICT_INCONCLUSIVE);
}

static void a_verdict_says_nothing_of_who_may_be_better_than_measured(void **state)
{
    (void)state;
    const bool a[] = {true, false}, b[] = {false, true}, both[] = {true, true};
    assert_int_equal(judge(0.20, 0.01, true, a).verdict, VERDICT_BETTER);
    assert_int_equal(judge(0.20, 0.01, true, b).verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(judge(-0.20, 0.01, true, b).verdict, VERDICT_WORSE);
    assert_int_equal(judge(0.20, 0.01, true, both).verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(judge(0.0005, 0.002, true, a).verdict, VERDICT_INCONCLUSIVE);
    assert_int_equal(judge(0.004, 0.002, true, a).verdict, VERDICT_BETTER);
    assert_int_equal(judge(0.20, 0.01, true, b).blocks_needed, 0);
}

static void too_few_blocks_give_no_verdict_however_large_the_difference(void **state)
{
    (void)state;
    const double logs[2 * 5] = {9, 9.1, 9, 9.1, 9};
    struct pairs_question question = {.contestants = 2, .blocks = 5, .logs = logs};
    struct pair pair;
    pairs_compare(&question, &pair);
    assert_int_equal(pair.verdict, VERDICT_PREVIEW);
    assert_true(pair.low > 1);
}

static void one_block_or_none_has_no_interval(void **state)
{
    (void)state;
    const double logs[] = {2, 1};
    struct pairs_question question = {.contestants = 2, .blocks = 1, .logs = logs};
    struct pair pair;
    pairs_compare(&question, &pair);
    assert_near(pair.ratio, exp(1), 1e-12);
    assert_true(isnan(pair.low) && isnan(pair.high));
    question.blocks = 0;
    pairs_compare(&question, &pair);
    assert_true(isnan(pair.ratio));
    assert_int_equal(pair.verdict, VERDICT_PREVIEW);
}

/* So many blocks, measured anew with this mean and spread: in how many of 2000 rounds is the
 * interval clear of 0? 80 % is what the formula promises. */
static void so_many_blocks_as_said_settle_four_of_five(void **state)
{
    (void)state;
    enum { ROUNDS = 2000, M = 3, MOST = 200 };
    const double mean = 0.03, s = 0.08;
    size_t n = pairs_blocks_needed(mean, s, 12, M, log(1.01));
    int settled = 0;
    assert_true(n > 12 && n < MOST);
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    for (int round = 0; round < ROUNDS; round++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++) {
            double d = mean + gsl_ran_gaussian(generator, s);
            sum += d;
            squares += d * d;
        }
        double m = sum / (double)n, sd = sqrt((squares - sum * m) / (double)(n - 1));
        settled += m - pairs_reach(sd, n, M) > 0;
    }
    gsl_rng_free(generator);
    assert_near((double)settled / ROUNDS, 0.80, 0.03);
}

static void more_blocks_than_anybody_runs_are_not_told(void **state)
{
    (void)state;
    assert_int_equal(pairs_blocks_needed(0.0051, 1, 12, 3, 0.01), 0);
    assert_int_equal(pairs_blocks_needed(0.03, 0.08, 9999, 3, 0.01), 10000);
    assert_int_equal(pairs_blocks_needed(0.03, 0.08, 10000, 3, 0.01), 0);
}

/* Six true differences at once, all inside their intervals in 95 % of the rounds or more. */
static void the_intervals_of_all_pairs_hold_together(void **state)
{
    (void)state;
    enum { K = 4, N = 10, M = 6, ROUNDS = 4000 };
    int together = 0;
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    for (int round = 0; round < ROUNDS; round++) {
        double logs[K * N];
        for (int i = 0; i < K * N; i++) {
            int contestant = i / N;
            logs[i] = contestant + gsl_ran_gaussian(generator, 1);
        }
        struct pairs_question question = {.contestants = K, .blocks = N, .logs = logs};
        struct pair pairs[M];
        pairs_compare(&question, pairs);
        int inside = 0;
        for (int i = 0; i < M; i++) {
            double truth = exp((double)pairs[i].a - (double)pairs[i].b);
            inside += pairs[i].low <= truth && truth <= pairs[i].high;
        }
        together += inside == M;
    }
    gsl_rng_free(generator);
    double share = (double)together / ROUNDS;
    assert_true(share >= 0.94 && share < 0.98);
}

enum { MODELS = 5, BLOCKS = 12, MODEL_PAIRS = 10 };

static size_t differences_found(const double *logs)
{
    struct pairs_question question = {
        .contestants = MODELS, .blocks = BLOCKS, .logs = logs, .threshold = 0.01};
    struct pair pairs[MODEL_PAIRS];
    size_t count = 0;
    pairs_compare(&question, pairs);
    for (size_t i = 0; i < MODEL_PAIRS; i++)
        count += pairs[i].verdict == VERDICT_BETTER || pairs[i].verdict == VERDICT_WORSE ||
                 pairs[i].verdict == VERDICT_NEGLIGIBLE;
    return count;
}

static void shuffle_labels_in_each_block(double *logs, gsl_rng *generator)
{
    for (size_t block = 0; block < BLOCKS; block++) {
        double values[MODELS];
        for (size_t i = 0; i < MODELS; i++)
            values[i] = logs[i * BLOCKS + block];
        gsl_ran_shuffle(generator, values, MODELS, sizeof *values);
        for (size_t i = 0; i < MODELS; i++)
            logs[i * BLOCKS + block] = values[i];
    }
}

/* Models far apart: 10 % from one to the next, noise of 2 %, blocks that drift. With the models'
 * names dealt anew in every block nothing is left to find; 5 % of the rounds may find it. 4.6 % do
 * (917 of 20 000): of 1 000 rounds more than 50 would be no surprise, of 10 000 more than 500 are.
 */
static void permuted_labels_give_no_more_false_verdicts_than_agreed(void **state)
{
    (void)state;
    enum { ROUNDS = 10000 };
    double logs[MODELS * BLOCKS];
    int found = 0;
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    for (int i = 0; i < MODELS * BLOCKS; i++) {
        int model = i / BLOCKS, block = i % BLOCKS;
        logs[i] = 0.1 * model + 0.05 * block + gsl_ran_gaussian(generator, 0.02);
    }
    assert_int_equal(differences_found(logs), MODEL_PAIRS); /* true ones, before the shuffle */
    for (int round = 0; round < ROUNDS; round++) {
        shuffle_labels_in_each_block(logs, generator);
        found += differences_found(logs) > 0;
    }
    gsl_rng_free(generator);
    assert_in_range(found, ROUNDS / 50, ROUNDS / 20); /* none at all would be wrong, too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sign_flip_test_is_fishers_of_darwins_maize),
        cmocka_unit_test(the_interval_of_a_pair_is_students_of_the_sleep_data),
        cmocka_unit_test(a_difference_of_zero_counts_with_either_sign),
        cmocka_unit_test(the_two_lists_count_what_full_enumeration_counts),
        cmocka_unit_test(beyond_the_exact_count_a_sample_comes_close_and_repeats),
        cmocka_unit_test(p_is_uniform_where_there_is_no_difference),
        cmocka_unit_test(holm_rejects_three_of_the_fifteen_of_benjamini_and_hochberg),
        cmocka_unit_test(holms_adjusted_values_never_fall),
        cmocka_unit_test(the_fewest_blocks_are_those_that_can_give_a_small_enough_p),
        cmocka_unit_test(the_threshold_is_one_percent_or_what_equal_servers_show),
        cmocka_unit_test(small_and_different_make_the_verdict),
        cmocka_unit_test(a_verdict_says_nothing_of_who_may_be_better_than_measured),
        cmocka_unit_test(too_few_blocks_give_no_verdict_however_large_the_difference),
        cmocka_unit_test(one_block_or_none_has_no_interval),
        cmocka_unit_test(so_many_blocks_as_said_settle_four_of_five),
        cmocka_unit_test(more_blocks_than_anybody_runs_are_not_told),
        cmocka_unit_test(the_intervals_of_all_pairs_hold_together),
        cmocka_unit_test(permuted_labels_give_no_more_false_verdicts_than_agreed),
    };
    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
