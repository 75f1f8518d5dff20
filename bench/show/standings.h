/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_STANDINGS_H
#define BENCH_SHOW_STANDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/judge/rank.h"

/* The ranking as the charts read it. */

/* The contest of this workload and metric in which two models or more are compared, at the level
 * nearest to the one given; NULL: there is none. */
const struct contest *standings_contest(const struct ranking *, const char *workload, enum metric,
                                        int64_t level);

/* Some two models of this workload are compared. */
bool standings_has_pairs(const struct ranking *, const char *workload);

/* Some level of this workload has ranks. */
bool standings_has_ranks(const struct ranking *, const char *workload);

/* Writes matrix.tsv, all pairs at the level_telling() of each workload (`level`: of busy
 * connections) or the nearest to it, and ranks.tsv. */
void standings_write(const char *folder, const struct ranking *, const struct summary *,
                     int64_t level);

#endif
