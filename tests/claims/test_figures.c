/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/lab/wire.h"
#include "tests/claims/fixture.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.12g is not %.12g", value, expected);
}

static void assert_printed(struct interval interval, const char *metric, const char *expected)
{
    char *text = interval_print(interval, metric, false);
    assert_string_equal(text, expected);
    free(text);
}

/* ln 1, ln 2, ln 4: m = ln 2, s = ln 2, t(0.975, 2) = 4.30265. */
static void positive_values_have_a_geometric_mean(void **state)
{
    (void)state;
    struct figures figures;
    fixture_read(&figures, "a x_us 1 2 4");
    struct interval interval = figures_interval(&figures, "a", "x_us");
    assert_near(interval.mean, 2, 1e-12);
    assert_near(interval.high, 2 * exp(4.30265273 * log(2) / sqrt(3)), 1e-6);
    figures_finish(&figures);
}

/* m = 1, s = 1. */
static void with_a_zero_among_them_it_is_the_arithmetic_one(void **state)
{
    (void)state;
    struct figures figures;
    fixture_read(&figures, "a x_us 0 1 2");
    struct interval interval = figures_interval(&figures, "a", "x_us");
    assert_near(interval.mean, 1, 1e-12);
    assert_near(interval.low, 1 - 4.30265273 / sqrt(3), 1e-6);
    figures_finish(&figures);
}

/* Clopper and Pearson: for 0 of n the upper end is 1 - 0.025^(1/n); the interval of 4 of 20 is
 * 0.0573 to 0.4366. */
static void shares_have_exact_intervals(void **state)
{
    (void)state;
    struct figures figures;
    fixture_read(&figures, "a hung 0/10000\n b hung 4/20\n c hung 2/260");
    struct interval none = figures_interval(&figures, "a", "hung");
    struct interval some = figures_interval(&figures, "b", "hung");
    assert_near(none.low, 0, 0);
    assert_near(none.high, 1 - pow(0.025, 1e-4), 1e-9);
    assert_near(some.low, 0.0573, 5e-5);
    assert_near(some.high, 0.4366, 5e-5);
    /* gsl_cdf_beta_Pinv() does not converge here */
    assert_near(figures_interval(&figures, "c", "hung").low, 0.000933, 5e-6);
    figures_finish(&figures);
}

static void ratios_are_taken_repeat_by_repeat(void **state)
{
    (void)state;
    struct figures figures;
    fixture_read(&figures, "a x_us 2 4 8\n b x_us 1 2 4\n c x_us 0 1 1");
    struct interval ratio = figures_ratio(&figures, "a", "b", "x_us");
    assert_near(ratio.mean, 2, 1e-12);
    assert_near(ratio.high - ratio.low, 0, 1e-9);
    assert_int_equal(ratio.n, 3);
    assert_true(isnan(figures_ratio(&figures, "c", "b", "x_us").mean));
    assert_true(isnan(figures_ratio(&figures, "a", "nobody", "x_us").mean));
    figures_finish(&figures);
}

static void percentiles_of_samples_are_nearest_ranks(void **state)
{
    (void)state;
    struct samples samples = {0};
    assert_true(isnan(samples_percentile(&samples, 0.5)));
    for (int i = 1000; i > 0; i--)
        samples_add(&samples, i);
    assert_near(samples_percentile(&samples, 0.5), 500, 0);
    assert_near(samples_percentile(&samples, 0.99), 990, 0);
    assert_near(samples_percentile(&samples, 1), 1000, 0);
    samples_finish(&samples);
}

static void limits_are_passed_by_whole_intervals(void **state)
{
    (void)state;
    const struct interval interval = {2, 1, 3, 8}, unknown = {NAN, NAN, NAN, 0};
    assert_int_equal(interval_over(interval, 0.9), CERTAIN_YES);
    assert_int_equal(interval_over(interval, 2.9), UNCERTAIN);
    assert_int_equal(interval_over(interval, 3), CERTAIN_NO);
    assert_int_equal(interval_under(interval, 3.1), CERTAIN_YES);
    assert_int_equal(interval_under(interval, 1), CERTAIN_NO);
    assert_int_equal(interval_over(unknown, 0), UNCERTAIN);
    assert_int_equal(interval_under(unknown, 0), UNCERTAIN);
}

static void numbers_are_written_with_unit_and_interval(void **state)
{
    (void)state;
    assert_printed((struct interval){12.3456, 11.91, 12.89, 8}, "latency_p50_us",
                   "12.3 µs [11.9, 12.9]");
    assert_printed((struct interval){234567, 230000, 240000, 8}, "throughput_rps",
                   "235 000/s [230 000, 240 000]");
    assert_printed((struct interval){4096, 4096, 4096, 8}, "backlog", "4 096");
    assert_printed((struct interval){0.05, NAN, NAN, 1}, "cpu_percent", "0.05 %");
    assert_printed((struct interval){1234567, 1200000, 1300000, 8}, "x_rps",
                   "1 230 000/s [1 200 000, 1 300 000]");
    assert_printed((struct interval){67800, 67100, 68500, 8}, "x_bytes", "66.2 KiB [65.5, 66.9]");
    assert_printed((struct interval){11300, 8450, 15200, 8}, "x_p99_us", "11.3 ms [8.45, 15.2]");
    assert_printed((struct interval){9300, 8450, 15200, 8}, "x_p99_us", "9 300 µs [8 450, 15 200]");
}

static void shares_are_written_as_so_many_of_so_many(void **state)
{
    (void)state;
    struct figures figures;
    fixture_read(&figures, "a hung 4/20");
    char *whole = figure_print(&figures.all[0], false), *bare = figure_print(&figures.all[0], true);
    assert_string_equal(whole, "4 of 20 [5.73, 43.7 %]");
    assert_string_equal(bare, "4 of 20");
    free(bare);
    free(whole);
    figures_finish(&figures);
}

static void the_setting_stands_behind_the_at_sign(void **state)
{
    (void)state;
    assert_near(figure_setting("poll@900"), 900, 0);
    assert_true(isnan(figure_setting("poll")));
    assert_true(isnan(figure_setting("poll@many")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positive_values_have_a_geometric_mean),
        cmocka_unit_test(with_a_zero_among_them_it_is_the_arithmetic_one),
        cmocka_unit_test(shares_have_exact_intervals),
        cmocka_unit_test(ratios_are_taken_repeat_by_repeat),
        cmocka_unit_test(percentiles_of_samples_are_nearest_ranks),
        cmocka_unit_test(limits_are_passed_by_whole_intervals),
        cmocka_unit_test(numbers_are_written_with_unit_and_interval),
        cmocka_unit_test(shares_are_written_as_so_many_of_so_many),
        cmocka_unit_test(the_setting_stands_behind_the_at_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
