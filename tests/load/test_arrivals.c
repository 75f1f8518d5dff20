/* SPDX-License-Identifier: MIT */
#include "bench/load/arrivals.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_NS UINT64_C(1000000000)
static const double rate = 10000;
enum { SECONDS = 20 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double *gaps_of(const struct arrivals *arrivals)
{
    double *gaps = calloc(arrivals->count, sizeof *gaps);
    uint64_t last = 0;
    for (size_t i = 0; i < arrivals->count; i++) {
        assert_true(arrivals->at_ns[i] >= last);
        gaps[i] = (double)(arrivals->at_ns[i] - last) / (double)SECOND_NS;
        last = arrivals->at_ns[i];
    }
    return gaps;
}

/* Kolmogorov-Smirnov: the largest distance between the empirical and the exponential
 * distribution. At 1.95 / sqrt(n) a right generator is refused once in 1000 seeds; these are
 * fixed. */
static void assert_exponential(double *gaps, size_t count, double gap_rate)
{
    double worst = 0;
    qsort(gaps, count, sizeof *gaps, ascending);
    for (size_t i = 0; i < count; i++) {
        double exact = 1 - exp(-gap_rate * gaps[i]);
        double above = (double)(i + 1) / (double)count - exact,
               below = exact - (double)i / (double)count;
        worst = fmax(worst, fmax(above, below));
    }
    if (worst > 1.95 / sqrt((double)count))
        fail_msg("Kolmogorov-Smirnov: %g with %zu gaps", worst, count);
}

/* The mean of n exponential gaps has a standard error of 1 / sqrt(n), their variance about
 * sqrt(8 / n): five of them are allowed. */
static void assert_moments(const double *gaps, size_t count, double gap_rate)
{
    double sum = 0, squares = 0, n = (double)count;
    for (size_t i = 0; i < count; i++) {
        sum += gaps[i] * gap_rate;
        squares += gaps[i] * gaps[i] * gap_rate * gap_rate;
    }
    double mean = sum / n;
    assert_true(fabs(mean - 1) < 5 / sqrt(n));
    assert_true(fabs(squares / n - mean * mean - 1) < 5 * sqrt(8 / n));
}

static void poisson_gaps_are_exponential(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct arrivals arrivals;
        arrivals_draw(&arrivals, ARRIVALS_POISSON, rate, SECONDS * SECOND_NS, seed, 0, 1);
        double *gaps = gaps_of(&arrivals);
        assert_true(fabs((double)arrivals.count - rate * SECONDS) < 5 * sqrt(rate * SECONDS));
        assert_moments(gaps, arrivals.count, rate);
        assert_exponential(gaps, arrivals.count, rate);
        free(gaps);
        arrivals_finish(&arrivals);
    }
}

static int earlier(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void parts_together_are_one_process_of_the_rate(void **state)
{
    (void)state;
    enum { PARTS = 3 };
    struct arrivals all = {0};
    for (unsigned part = 0; part < PARTS; part++) {
        struct arrivals one;
        arrivals_draw(&one, ARRIVALS_POISSON, rate, SECONDS * SECOND_NS, 7, part, PARTS);
        assert_true(fabs((double)one.count - rate * SECONDS / PARTS) <
                    5 * sqrt(rate * SECONDS / PARTS));
        all.at_ns = realloc(all.at_ns, (all.count + one.count) * sizeof *all.at_ns);
        memcpy(all.at_ns + all.count, one.at_ns, one.count * sizeof *one.at_ns);
        all.count += one.count;
        arrivals_finish(&one);
    }
    qsort(all.at_ns, all.count, sizeof *all.at_ns, earlier);
    double *gaps = gaps_of(&all);
    assert_exponential(gaps, all.count, rate);
    free(gaps);
    arrivals_finish(&all);
}

static void uniform_arrivals_are_dealt_out_evenly(void **state)
{
    (void)state;
    struct arrivals first, second;
    arrivals_draw(&first, ARRIVALS_UNIFORM, 1000, SECOND_NS, 1, 0, 2);
    arrivals_draw(&second, ARRIVALS_UNIFORM, 1000, SECOND_NS, 1, 1, 2);
    assert_int_equal(first.count, 500);
    assert_int_equal(second.count, 500);
    for (size_t i = 0; i < 500; i++) {
        assert_int_equal(first.at_ns[i], i * 2000000);
        assert_int_equal(second.at_ns[i], i * 2000000 + 1000000);
    }
    arrivals_finish(&first);
    arrivals_finish(&second);
}

static void a_seed_is_a_schedule(void **state)
{
    (void)state;
    struct arrivals one, same, other, part;
    arrivals_draw(&one, ARRIVALS_POISSON, rate, SECOND_NS, 42, 0, 1);
    arrivals_draw(&same, ARRIVALS_POISSON, rate, SECOND_NS, 42, 0, 1);
    arrivals_draw(&other, ARRIVALS_POISSON, rate, SECOND_NS, 43, 0, 1);
    arrivals_draw(&part, ARRIVALS_POISSON, rate, SECOND_NS, 42, 1, 1);
    assert_int_equal(one.count, same.count);
    assert_memory_equal(one.at_ns, same.at_ns, one.count * sizeof *one.at_ns);
    assert_int_not_equal(one.at_ns[0], other.at_ns[0]);
    assert_int_not_equal(one.at_ns[0], part.at_ns[0]);
    arrivals_finish(&one), arrivals_finish(&same), arrivals_finish(&other), arrivals_finish(&part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(poisson_gaps_are_exponential),
        cmocka_unit_test(parts_together_are_one_process_of_the_rate),
        cmocka_unit_test(uniform_arrivals_are_dealt_out_evenly),
        cmocka_unit_test(a_seed_is_a_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
