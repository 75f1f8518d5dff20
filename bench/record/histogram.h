/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RECORD_HISTOGRAM_H
#define BENCH_RECORD_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every distinct latency with its count, ascending. Zeroed memory is an empty one. */
struct histogram_bin {
    uint64_t value, count;
};
struct histogram {
    struct histogram_bin *bins;
    size_t used, room;
};

/* Values must come in ascending order; a value equal to the last adds to its count. */
void histogram_add(struct histogram *, uint64_t value, uint64_t count);
void histogram_finish(struct histogram *);

uint64_t histogram_count(const struct histogram *);
uint64_t histogram_max(const struct histogram *);
double histogram_mean(const struct histogram *);

/* Nearest rank: the smallest value that at least the share p (0 < p <= 1) of all lie at or under.
 * 0 when empty. */
uint64_t histogram_percentile(const struct histogram *, double p);

/* Whether enough lies beyond percentile p to show it: n (1 - p) >= 100. */
bool histogram_supports(uint64_t count, double p);

/* Adds all of the second to the first: for display only, percentiles are never averaged. */
void histogram_merge(struct histogram *, const struct histogram *);

/*
 * Undoes the "coordinated omission correction" that wrk 4 (src/stats.c, stats_correct) applies
 * before anybody can look: with E = duration / (requests / connections), both divisions whole
 * ones, each latency n >= 2 E also put its count at n - E, n - 2 E, ... while that is over E. wrk
 * goes upwards, so each n was still raw when it was copied; going downwards from the maximum undoes
 * it exactly. Values and duration are in wrk's unit, microseconds. False, with the histogram
 * untouched, when it is not one that wrk can have made.
 */
bool histogram_uncorrect(struct histogram *, uint64_t duration_us, uint64_t requests,
                         uint64_t connections);

/* "latency_ns,count" lines; values are multiplied by `unit_ns` on the way. */
bool histogram_write(const struct histogram *, const char *path, uint64_t unit_ns);
bool histogram_read(struct histogram *, const char *path);

#endif
