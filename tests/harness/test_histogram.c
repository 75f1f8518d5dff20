/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/record/histogram.h"

enum { MAX = 200000 };

static struct histogram of(const struct histogram_bin *bins, size_t count)
{
    struct histogram histogram = {0};
    for (size_t i = 0; i < count; i++)
        histogram_add(&histogram, bins[i].value, bins[i].count);
    return histogram;
}

static void assert_same(const struct histogram *a, const struct histogram *b)
{
    assert_int_equal(a->used, b->used);
    for (size_t i = 0; i < a->used; i++) {
        assert_int_equal(a->bins[i].value, b->bins[i].value);
        assert_int_equal(a->bins[i].count, b->bins[i].count);
    }
}

/* wrk's own loop (src/stats.c, stats_correct), on plain counts. */
static void correct(uint64_t *data, uint64_t max, int64_t expected)
{
    for (uint64_t n = (uint64_t)expected * 2; n <= max; n++) {
        uint64_t count = data[n];
        int64_t m = (int64_t)n - expected;
        while (count && m > expected) {
            data[m] += count;
            m -= expected;
        }
    }
}

/* By hand: E = 1000 us / (20 requests / 2 connections) = 100 us. The raw 350 was copied to 250 and
 * 150 (50 is not over E), the raw 200 to nothing (100 is not over E). */
static void a_corrected_histogram_is_undone_as_by_hand(void **state)
{
    (void)state;
    const struct histogram_bin corrected[] = {{90, 17}, {150, 1}, {200, 2}, {250, 1}, {350, 1}};
    const struct histogram_bin raw[] = {{90, 17}, {200, 2}, {350, 1}};
    struct histogram histogram = of(corrected, 5), expected = of(raw, 3);
    assert_true(histogram_uncorrect(&histogram, 1000, 20, 2));
    assert_same(&histogram, &expected);
    assert_int_equal(histogram_count(&histogram), 20);
    histogram_finish(&histogram);
    histogram_finish(&expected);
}

static struct histogram random_latencies(uint64_t *data, unsigned seed, uint64_t *requests)
{
    struct histogram raw = {0};
    srand(seed);
    *requests = 0;
    for (uint64_t value = 1; value < MAX; value++) {
        int chance = value < 3000 ? 3 : 500;
        if (rand() % chance == 0)
            data[value] = 1 + (uint64_t)(rand() % 4);
        if (data[value])
            histogram_add(&raw, value, data[value]);
        *requests += data[value];
    }
    return raw;
}

static void undoing_what_wrk_does_gives_back_any_histogram(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 5; seed++) {
        uint64_t *data = calloc(MAX, sizeof *data);
        uint64_t requests;
        struct histogram raw = random_latencies(data, seed, &requests);
        uint64_t connections = 8 * seed, duration_us = 400000;
        uint64_t interval = duration_us / (requests / connections);
        correct(data, histogram_max(&raw), (int64_t)interval);
        struct histogram corrected = {0};
        for (uint64_t value = 0; value < MAX; value++)
            if (data[value])
                histogram_add(&corrected, value, data[value]);
        assert_true(histogram_count(&corrected) > histogram_count(&raw));
        assert_true(histogram_uncorrect(&corrected, duration_us, requests, connections));
        assert_same(&corrected, &raw);
        histogram_finish(&corrected);
        histogram_finish(&raw);
        free(data);
    }
}

static void what_wrk_cannot_have_made_is_refused_and_kept(void **state)
{
    (void)state;
    const struct histogram_bin bins[] = {{90, 19}, {350, 1}};
    struct histogram histogram = of(bins, 2), same = of(bins, 2);
    assert_false(histogram_uncorrect(&histogram, 1000, 20, 2));
    assert_same(&histogram, &same);
    histogram_finish(&histogram);
    histogram_finish(&same);
}

static void fewer_requests_than_connections_were_never_corrected(void **state)
{
    (void)state;
    const struct histogram_bin bins[] = {{90, 3}, {350, 1}};
    struct histogram histogram = of(bins, 2), same = of(bins, 2);
    assert_true(histogram_uncorrect(&histogram, 1000, 4, 64));
    assert_same(&histogram, &same);
    histogram_finish(&histogram);
    histogram_finish(&same);
}

/* Nearest rank; the five values of the usual textbook example. */
static void percentiles_are_nearest_ranks(void **state)
{
    (void)state;
    const struct histogram_bin bins[] = {{15, 1}, {20, 1}, {35, 1}, {40, 1}, {50, 1}};
    struct histogram histogram = of(bins, 5);
    assert_int_equal(histogram_percentile(&histogram, 0.05), 15);
    assert_int_equal(histogram_percentile(&histogram, 0.30), 20);
    assert_int_equal(histogram_percentile(&histogram, 0.40), 20);
    assert_int_equal(histogram_percentile(&histogram, 0.50), 35);
    assert_int_equal(histogram_percentile(&histogram, 1.00), 50);
    assert_true(histogram_mean(&histogram) == 32);
    histogram_finish(&histogram);
}

static void an_empty_histogram_has_no_latency(void **state)
{
    (void)state;
    struct histogram empty = {0};
    assert_int_equal(histogram_percentile(&empty, 0.5), 0);
    assert_int_equal(histogram_max(&empty), 0);
    assert_true(histogram_uncorrect(&empty, 1000, 0, 1));
}

static void a_percentile_needs_a_hundred_samples_beyond_it(void **state)
{
    (void)state;
    assert_true(histogram_supports(10000, 0.99));
    assert_false(histogram_supports(9949, 0.99));
    assert_true(histogram_supports(200, 0.50));
    assert_false(histogram_supports(198, 0.50));
}

static void merging_adds_counts_and_stays_ascending(void **state)
{
    (void)state;
    const struct histogram_bin a[] = {{1, 2}, {5, 1}}, b[] = {{1, 1}, {3, 4}, {9, 1}};
    const struct histogram_bin both[] = {{1, 3}, {3, 4}, {5, 1}, {9, 1}};
    struct histogram into = of(a, 2), from = of(b, 3), expected = of(both, 4);
    histogram_merge(&into, &from);
    assert_same(&into, &expected);
    histogram_finish(&into);
    histogram_finish(&from);
    histogram_finish(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_corrected_histogram_is_undone_as_by_hand),
        cmocka_unit_test(undoing_what_wrk_does_gives_back_any_histogram),
        cmocka_unit_test(what_wrk_cannot_have_made_is_refused_and_kept),
        cmocka_unit_test(fewer_requests_than_connections_were_never_corrected),
        cmocka_unit_test(percentiles_are_nearest_ranks),
        cmocka_unit_test(an_empty_histogram_has_no_latency),
        cmocka_unit_test(a_percentile_needs_a_hundred_samples_beyond_it),
        cmocka_unit_test(merging_adds_counts_and_stays_ascending),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
