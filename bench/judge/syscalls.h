/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_SYSCALLS_H
#define BENCH_JUDGE_SYSCALLS_H

#include <stdio.h>

#include "bench/record/record.h"
#include "bench/judge/summary.h"

/*
 * syscalls.csv: for each cell of the workload `syscalls` one row per system call, the most frequent
 * first: calls per request, the mean over the cell's trials that were counted
 * (raw/STEM.syscalls.json). A pure function of the record.
 */
void syscalls_write(const char *folder, const struct record *, const struct summary *, FILE *csv);

#endif
