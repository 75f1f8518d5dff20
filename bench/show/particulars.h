/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_PARTICULARS_H
#define BENCH_SHOW_PARTICULARS_H

#include <stdbool.h>

#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* The charts' tables that only some workloads have: what their trials say beyond the metrics. */

/* Of the fan that a model's latencies make: 0.5, 0.9, 0.99 and 0.999, and how they are called. */
enum { PARTICULARS_PERCENTILES = 4 };
extern const double particulars_percentiles[PARTICULARS_PERCENTILES];
extern const char *const particulars_percentile_names[PARTICULARS_PERCENTILES];

/* Whether the workload's latencies are shown as such a fan. */
bool particulars_has_fan(const char *workload);

/*
 * Writes into FOLDER/charts/data:
 *   percentiles.tsv   of workloads with a fan, the percentiles of cells (with their intervals) and
 *                     of trials, where 100 samples lie beyond
 *   shares.tsv        per trial: the fewest and most answers to one connection, as shares of the
 * mean capacity.tsv      per trial: the highest rate that held and the lowest that did not
 *   calls.tsv         FOLDER/syscalls.csv, when it is there, as bars that end where the next begin
 *   memory.tsv        FOLDER/memory.csv, when it is there: bytes per connection
 */
void particulars_write(const char *folder, const struct record *, const struct summary *);

#endif
