/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_LEVEL_H
#define BENCH_SHOW_LEVEL_H

#include <stdint.h>

#include "bench/judge/summary.h"

/* How a workload's levels are written in charts and reports. Workloads are named as in the record;
 * one that nobody knows is treated like keep-alive. */

/* "64", "160k", "16Ki", "fire-hose"; without blanks. The caller's to free. */
char *level_name(const char *workload, int64_t level);

/* The same of a cell, whose setting may be known: "--interval=10". The caller's to free. */
char *level_of_cell(const struct summary_cell *);

/* What stands before a level's name: "at" 64, "beside" a fire hose, "with" a setting. */
const char *level_word(const char *workload);

/* What the level is a number of, for a heading: "open connections", "requests/s". */
const char *level_unit(const char *workload);

/* The same with what an axis has to say. */
const char *level_axis(const char *workload);

/* How an axis of this workload's levels is laid out: "log" (0 has a place of its own), "linear", or
 * "names": side by side, in no order that would mean anything. */
const char *level_layout(const char *workload, const struct summary *);

/* The level at which most is to be seen, for what is shown at one level only: `busy` connections,
 * 20 000 requests per second, 80 % of the peak, 10 000 idle connections, 16 KiB; of bad clients the
 * last one. A run need not have it. */
int64_t level_wanted(const char *workload, int64_t busy);

/* The level of this workload in the summary that is nearest to the wanted one; `busy` where the
 * workload is not in the summary. */
int64_t level_telling(const char *workload, const struct summary *, int64_t busy);

#endif
