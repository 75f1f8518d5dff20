/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_BY_LOAD_H
#define BENCH_RUN_BY_LOAD_H

#include "bench/run/attempt.h"

/* Warm-up and window of a trial by c10kit-load against the attempt's running server, in open loop
 * or closed. Fills the trial and leaves its histogram and what the generator wrote in the run's
 * folder. A trial whose rate is a share of the peak, and one that searches for a rate, measure the
 * peak first, on the same server. */
void by_load_measure(struct attempt *);

#endif
