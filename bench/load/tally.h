/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_TALLY_H
#define BENCH_LOAD_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/record/histogram.h"

/*
 * A log-linear histogram of nanoseconds, for the hot path: adding is one increment. It has the bins
 * of HdrHistogram (Tene) for 1 ns to 100 s and 3 significant digits: exact below 2048 ns, then 1024
 * bins to each doubling, so that no value is off by more than 1 in 1024. What is over the highest
 * bin is counted in it; the maximum stays exact.
 */
enum { TALLY_HALF_BITS = 10, TALLY_HALF = 1 << TALLY_HALF_BITS, TALLY_DOUBLINGS = 26 };
enum { TALLY_BINS = (TALLY_DOUBLINGS + 2) * TALLY_HALF };
#define TALLY_HIGHEST_NS ((UINT64_C(2) * TALLY_HALF << TALLY_DOUBLINGS) - 1)

struct tally {
    uint64_t count, min_ns, max_ns; /* min and max: only where count is not 0 */
    uint64_t bins[TALLY_BINS];
};

static inline unsigned tally_index(uint64_t value_ns)
{
    if (value_ns < 2 * TALLY_HALF)
        return (unsigned)value_ns;
    if (value_ns > TALLY_HIGHEST_NS)
        value_ns = TALLY_HIGHEST_NS;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value_ns) - TALLY_HALF_BITS;
    return shift * TALLY_HALF + (unsigned)(value_ns >> shift);
}

static inline void tally_add(struct tally *tally, uint64_t value_ns)
{
    if (tally->count == 0 || value_ns < tally->min_ns)
        tally->min_ns = value_ns;
    if (value_ns > tally->max_ns)
        tally->max_ns = value_ns;
    tally->bins[tally_index(value_ns)]++;
    tally->count++;
}

/* An empty one, on the heap: free() it. Out of memory ends the program. */
struct tally *tally_new(void);

/* The smallest and the largest value that share a bin. */
uint64_t tally_lowest_ns(unsigned index);
uint64_t tally_top_ns(unsigned index);

/* Adds all of the second to the first: exact, for all have the same bins. */
void tally_merge(struct tally *, const struct tally *);

/* Nearest rank: the top of the bin that holds the smallest value that at least the share p
 * (0 < p <= 1) of all lie at or under, but never more than the maximum. 0 when empty. */
uint64_t tally_percentile_ns(const struct tally *, double p);

/* From the middles of the bins, as HdrHistogram computes them. 0 when empty. */
double tally_mean_ns(const struct tally *);
double tally_deviation_ns(const struct tally *);

/* The same as sorted bins: each at its top, the last at the maximum. tally_import() makes of them
 * what they were made of, so that merging files is as exact as merging tallies. Only the minimum
 * is then known no better than its bin. */
void tally_export(const struct tally *, struct histogram *);
void tally_import(struct tally *, const struct histogram *);

/* The percentile distribution in the text of HdrHistogram's outputPercentileDistribution() with 5
 * ticks per half distance, in milliseconds, which its plotters read. */
void tally_print_percentiles(const struct tally *, FILE *);

#endif
