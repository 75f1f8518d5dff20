/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_DRIFT_H
#define BENCH_JUDGE_DRIFT_H

#include <stdio.h>

#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* How the machine changed from the run's start to its end, by what the sentinel showed: the one
 * model that is looked at in every block for this. Pure functions of the record. */
struct drift {
    const char *sentinel; /* the manifest's; "" when it names none */
    enum metric metric;
    size_t blocks;
    double ratio, low, high; /* end / start, with its 95 % interval; NAN: cannot be said */
};

/*
 * In each block the mean, over the sentinel's cells, of ln y less that cell's mean over all blocks;
 * to these a straight line over the time at which the block's trials started, by least squares
 * (gsl_fit_linear). The ratio is exp(slope x time from the first block to the last), the interval
 * that of the slope by Student's t with n - 2 degrees of freedom. Cells that lack a valid trial
 * in over a quarter of the blocks are left out; NAN under three blocks.
 */
struct drift drift_of(const struct record *, enum metric);

/* One line for people, per metric that matters; nothing when there is nothing to say. */
void drift_print(const struct record *, FILE *);

#endif
