/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sf_psi.h>

#include "bench/judge/estimate.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g is not %.9g", value, expected);
}

/*
 * The heat flow meter data of the NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.2
 * (confidence limits for the mean), in its summary: N = 195, mean 9.261460, standard deviation
 * 0.022789, t(0.975, 194) = 1.9723, interval 9.258242 to 9.264679. A sample with exactly this mean
 * and standard deviation is 97 pairs at mean +- d and one value at the mean; its logs are given.
 */
static void the_interval_is_that_of_the_published_example(void **state)
{
    (void)state;
    enum { N = 195 };
    const double mean = 9.261460, sd = 0.022789;
    const double d = sd * sqrt((N - 1) / (double)(N - 1));
    double values[N];
    for (int i = 0; i + 1 < N; i += 2) {
        values[i] = exp(mean + d);
        values[i + 1] = exp(mean - d);
    }
    values[N - 1] = exp(mean);
    struct estimate estimate = estimate_of(values, N);
    assert_near(log(estimate.mean), 9.261460, 1e-6);
    assert_near(log(estimate.low), 9.258242, 1e-6);
    assert_near(log(estimate.high), 9.264679, 1e-6);
}

/* Tables of Student's t give 4.303 for two degrees of freedom at 97.5 %: for logs 0, 1, 2 (mean 1,
 * standard deviation 1) the reach is 4.303 / sqrt 3 = 2.484. */
static void three_trials_use_the_t_quantile_for_two_degrees_of_freedom(void **state)
{
    (void)state;
    const double values[] = {1, exp(1), exp(2)};
    struct estimate estimate = estimate_of(values, 3);
    assert_near(log(estimate.low), 1 - 2.484, 1e-3);
    assert_near(log(estimate.high), 1 + 2.484, 1e-3);
}

static void the_mean_is_geometric_and_the_median_plain(void **state)
{
    (void)state;
    const double values[] = {8, 1, 64};
    struct estimate estimate = estimate_of(values, 3);
    assert_near(estimate.mean, 8, 1e-12);
    assert_near(estimate.median, 8, 1e-12);
    const double even[] = {1, 4, 2, 3};
    assert_near(estimate_of(even, 4).median, 2.5, 1e-12);
}

static void one_trial_has_no_interval(void **state)
{
    (void)state;
    const double value = 5;
    struct estimate estimate = estimate_of(&value, 1);
    assert_near(estimate.mean, 5, 1e-12);
    assert_true(isnan(estimate.low) && isnan(estimate.high));
}

static void a_value_that_is_missing_or_not_positive_says_nothing(void **state)
{
    (void)state;
    const double zero[] = {1, 0}, missing[] = {1, NAN};
    assert_true(isnan(estimate_of(zero, 2).mean));
    assert_true(isnan(estimate_of(missing, 2).mean));
    assert_true(isnan(estimate_of(NULL, 0).mean));
}

/* How often, of 20 000 samples, the interval holds the truth. */
static double coverage(double (*draw)(gsl_rng *), double truth, size_t n)
{
    enum { SAMPLES = 20000, MOST = 30 };
    double values[MOST];
    int held = 0;
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937); /* GSL's default seed: always the same */
    for (int sample = 0; sample < SAMPLES; sample++) {
        for (size_t i = 0; i < n; i++)
            values[i] = draw(generator);
        struct estimate estimate = estimate_of(values, n);
        held += estimate.low <= truth && truth <= estimate.high;
    }
    gsl_rng_free(generator);
    return (double)held / SAMPLES;
}

static double lognormal(gsl_rng *generator)
{
    return gsl_ran_lognormal(generator, 3, 0.5);
}

/* A sum of four exponential times: skewed, on logarithms too, where the t interval assumes not. */
static double sum_of_waits(gsl_rng *generator)
{
    return gsl_ran_gamma(generator, 4, 10);
}

static void the_interval_holds_the_truth_95_times_in_100(void **state)
{
    (void)state;
    const size_t sizes[] = {5, 10, 30};
    for (int i = 0; i < 3; i++) {
        assert_near(coverage(lognormal, exp(3), sizes[i]), 0.95, 0.015);
        assert_near(coverage(sum_of_waits, 10 * exp(gsl_sf_psi(4)), sizes[i]), 0.95, 0.015);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_interval_is_that_of_the_published_example),
        cmocka_unit_test(three_trials_use_the_t_quantile_for_two_degrees_of_freedom),
        cmocka_unit_test(the_mean_is_geometric_and_the_median_plain),
        cmocka_unit_test(one_trial_has_no_interval),
        cmocka_unit_test(a_value_that_is_missing_or_not_positive_says_nothing),
        cmocka_unit_test(the_interval_holds_the_truth_95_times_in_100),
    };
    return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
