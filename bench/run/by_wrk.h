/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_BY_WRK_H
#define BENCH_RUN_BY_WRK_H

#include "bench/run/attempt.h"

/* Warm-up and window of a trial by wrk, in closed loop, against the attempt's running server. Fills
 * the trial and leaves its histogram and raw output in the run's folder. */
void by_wrk_measure(struct attempt *);

#endif
