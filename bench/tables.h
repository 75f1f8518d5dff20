/* SPDX-License-Identifier: MIT */
#ifndef BENCH_TABLES_H
#define BENCH_TABLES_H

#include "bench/record.h"
#include "bench/summary.h"

/* The derived tables that the charts read, into FOLDER/charts/data. */

/* The model's place in the list of all that were built, from 1: its colour and symbol in every
 * chart, also of a run of few models. Others come after those. */
size_t tables_slot(const char *model);

void tables_write(const char *folder, const struct record *, const struct summary *,
                  int64_t distribution_level);

/* What the chart of this workload has to say of hollow marks: one line per model; "" for nothing.
 * The caller's to free. */
char *tables_note(const struct summary *, const char *workload);

#endif
