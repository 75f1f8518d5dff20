/* SPDX-License-Identifier: MIT */
#include "bench/load/tally.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/base/text.h"

enum { VALUES = 20000, ROUNDS = 20 };
static const double shares[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};

/* Spread over all magnitudes, as latencies are not, so that every bin's width occurs. */
static uint64_t draw(void)
{
    return (uint64_t)exp(drand48() * log(1e11));
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void assert_near(uint64_t found, uint64_t exact)
{
    if (found < exact || found - exact > exact / 1000)
        fail_msg("%ju is not %ju within a thousandth above", (uintmax_t)found, (uintmax_t)exact);
}

static void bins_cover_every_value_once_and_in_order(void **state)
{
    (void)state;
    uint64_t next = 0;
    for (unsigned i = 0; i < TALLY_BINS; i++) {
        assert_int_equal(tally_lowest_ns(i), next);
        assert_int_equal(tally_index(tally_lowest_ns(i)), i);
        assert_int_equal(tally_index(tally_top_ns(i)), i);
        next = tally_top_ns(i) + 1;
    }
    assert_int_equal(next - 1, TALLY_HIGHEST_NS);
    assert_true(TALLY_HIGHEST_NS >= UINT64_C(100000000000));
    assert_int_equal(tally_index(UINT64_MAX), TALLY_BINS - 1);
}

static void percentiles_are_those_of_the_sorted_values_within_a_thousandth(void **state)
{
    (void)state;
    static uint64_t values[VALUES];
    srand48(1);
    for (int round = 0; round < ROUNDS; round++) {
        struct tally *tally = tally_new();
        size_t count = 1 + (size_t)(drand48() * VALUES);
        for (size_t i = 0; i < count; i++)
            tally_add(tally, values[i] = draw());
        qsort(values, count, sizeof *values, ascending);
        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
            size_t rank = (size_t)ceil(shares[i] * (double)count);
            assert_near(tally_percentile_ns(tally, shares[i]), values[rank ? rank - 1 : 0]);
        }
        assert_int_equal(tally->min_ns, values[0]);
        assert_int_equal(tally->max_ns, values[count - 1]);
        assert_int_equal(tally_percentile_ns(tally, 1), values[count - 1]);
        free(tally);
    }
}

static void mean_and_deviation_are_those_of_the_values(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    double sum = 0, squares = 0;
    srand48(2);
    for (int i = 0; i < VALUES; i++) {
        double value = 1e6 + drand48() * 1e7;
        tally_add(tally, (uint64_t)value);
        sum += value;
        squares += value * value;
    }
    double mean = sum / VALUES;
    assert_true(fabs(tally_mean_ns(tally) / mean - 1) < 1e-3);
    assert_true(fabs(tally_deviation_ns(tally) / sqrt(squares / VALUES - mean * mean) - 1) < 2e-3);
    free(tally);
}

static void a_mean_lies_between_the_least_and_the_greatest(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    tally_add(tally, 3275001); /* near one edge of its bin, then near the other */
    assert_true(tally_mean_ns(tally) == 3275001);
    free(tally);
    tally = tally_new();
    tally_add(tally, tally_top_ns(tally_index(3275001)));
    assert_true(tally_mean_ns(tally) == (double)tally->max_ns);
    free(tally);
}

static void an_empty_one_has_zeros(void **state)
{
    (void)state;
    struct tally *tally = tally_new();
    assert_int_equal(tally_percentile_ns(tally, 0.5), 0);
    assert_true(tally_mean_ns(tally) == 0 && tally_deviation_ns(tally) == 0);
    free(tally);
}

/* Of several tallies, and of what was written for them, comes what one tally of all would be. */
static void merging_is_exact_by_tally_and_by_file(void **state)
{
    (void)state;
    struct tally *all = tally_new(), *by_tally = tally_new(), *by_file = tally_new();
    struct histogram sum = {0};
    srand48(3);
    for (int part = 0; part < 4; part++) {
        struct tally *one = tally_new();
        struct histogram bins = {0};
        for (int i = 0; i < VALUES; i++) {
            uint64_t value = draw() << part;
            tally_add(one, value);
            tally_add(all, value);
        }
        tally_merge(by_tally, one);
        tally_export(one, &bins);
        histogram_merge(&sum, &bins);
        histogram_finish(&bins);
        free(one);
    }
    assert_memory_equal(by_tally, all, sizeof *all);
    tally_import(by_file, &sum);
    assert_memory_equal(by_file->bins, all->bins, sizeof all->bins);
    assert_int_equal(by_file->count, all->count);
    assert_int_equal(by_file->max_ns, all->max_ns);
    histogram_finish(&sum);
    free(all), free(by_tally), free(by_file);
}

/* 1, 2, ... 10 ms. The text is that of a transcript, in another language, of HdrHistogram's
 * PercentileIterator; each value is the top of its bin. */
static void percentile_text_is_what_hdrhistogram_prints(void **state)
{
    (void)state;
    static const char wanted[] = "       Value     Percentile TotalCount 1/(1-Percentile)\n"
                                 "\n"
                                 "       1.000 0.000000000000          1           1.00\n"
                                 "       1.000 0.100000000000          1           1.11\n"
                                 "       2.001 0.200000000000          2           1.25\n"
                                 "       3.000 0.300000000000          3           1.43\n"
                                 "       4.002 0.400000000000          4           1.67\n"
                                 "       5.001 0.500000000000          5           2.00\n"
                                 "       6.001 0.550000000000          6           2.22\n"
                                 "       6.001 0.600000000000          6           2.50\n"
                                 "       7.000 0.650000000000          7           2.86\n"
                                 "       7.000 0.700000000000          7           3.33\n"
                                 "       8.004 0.750000000000          8           4.00\n"
                                 "       8.004 0.775000000000          8           4.44\n"
                                 "       8.004 0.800000000000          8           5.00\n"
                                 "       9.003 0.825000000000          9           5.71\n"
                                 "       9.003 0.850000000000          9           6.67\n"
                                 "       9.003 0.875000000000          9           8.00\n"
                                 "       9.003 0.887500000000          9           8.89\n"
                                 "       9.003 0.900000000000          9          10.00\n"
                                 "      10.002 0.912500000000         10          11.43\n"
                                 "      10.002 1.000000000000         10\n"
                                 "#[Mean    =        5.500, StdDeviation   =        2.872]\n"
                                 "#[Max     =       10.002, Total count    =           10]\n"
                                 "#[Buckets =           27, SubBuckets     =         2048]\n";
    struct tally *tally = tally_new();
    char *text;
    size_t len;
    FILE *stream = open_memstream(&text, &len);
    for (uint64_t ms = 1; ms <= 10; ms++)
        tally_add(tally, ms * 1000000);
    tally_print_percentiles(tally, stream);
    fclose(stream);
    assert_string_equal(text, wanted);
    free(text);
    free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bins_cover_every_value_once_and_in_order),
        cmocka_unit_test(percentiles_are_those_of_the_sorted_values_within_a_thousandth),
        cmocka_unit_test(mean_and_deviation_are_those_of_the_values),
        cmocka_unit_test(a_mean_lies_between_the_least_and_the_greatest),
        cmocka_unit_test(an_empty_one_has_zeros),
        cmocka_unit_test(merging_is_exact_by_tally_and_by_file),
        cmocka_unit_test(percentile_text_is_what_hdrhistogram_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
