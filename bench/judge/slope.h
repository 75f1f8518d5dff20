/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_SLOPE_H
#define BENCH_JUDGE_SLOPE_H

#include <stddef.h>
#include <stdio.h>

#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* What one more of something costs: a straight line through values at several levels. NAN stands
 * for "cannot be said". */
struct slope {
    double per_level;
    double low, high; /* 95 % interval of per_level; NAN under two blocks */
    double base;      /* at level 0 */
    double off_line;  /* the farthest that a level's mean lies from the line */
};

/*
 * `values` holds one row of `count` for each block, one value per level. A line is fitted in each
 * block by least squares; slope and base are the means over the blocks, the interval is Student's,
 * m +- t s / sqrt(B) with B - 1 degrees of freedom.
 *
 * Not one line through all points, with n - 2: its residuals are mostly the steps in which tables
 * double, the same in each block. They are no noise, and more blocks do not make them smaller. And
 * what the trials of a block have in common would count once for each of them. A block is what is
 * repeated, so the block's slope is the one value; the steps are in off_line.
 */
struct slope slope_of(const double *levels, size_t count, const double *values, size_t blocks);

/* memory.csv: one row per model that has the workload `memory` at two levels or more. Levels whose
 * cell is not valid and blocks that lack another are left out. */
void slope_write(const struct record *, const struct summary *, FILE *csv);

#endif
