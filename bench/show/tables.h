/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_TABLES_H
#define BENCH_SHOW_TABLES_H

#include <stdbool.h>

#include "bench/judge/rank.h"
#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* The derived tables that the charts read, into FOLDER/charts/data. */

/* The model's place in the list of all that were built, from 1: its colour and symbol in every
 * chart, also of a run of few models. Others come after those. */
size_t tables_slot(const char *model);

/* No chart shows a twin (MODEL.twin): it is there to say how well the run can tell models apart. */
bool tables_is_drawn(const char *model);

/* How many of the manifest's models the charts show. */
size_t tables_count_drawn(const json_t *manifest);

/* A trial of a drawn model that has figures, and that no other trial took the place of. */
bool tables_has_dot(const struct trial *);

/* One step of a distribution: 1 in `tail` answers takes longer. */
struct tables_step {
    double tail, latency_us;
};

/* Where the cell's line ends, fewer than 100 answers lying beyond. NAN when it has none. */
struct tables_step tables_last_step(const struct summary_cell *);

/* Whether the chart of its workload's distribution shows the cell: it is at level_telling(). */
bool tables_in_distribution(const struct summary *, const struct summary_cell *, int64_t level);

/* `level`: so many busy connections have the distribution and the matrix of pairs; other workloads
 * have them at their level_telling(). */
void tables_write(const char *folder, const struct record *, const struct summary *,
                  const struct ranking *, int64_t level);

/* What the chart of this workload has to say of hollow marks: one line per model; "" for nothing.
 * The caller's to free. */
char *tables_note(const struct summary *, const char *workload);

#endif
