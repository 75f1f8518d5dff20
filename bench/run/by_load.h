/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_BY_LOAD_H
#define BENCH_RUN_BY_LOAD_H

#include "bench/run/attempt.h"

/* Warm-up and window of a trial by c10kit-load against the attempt's running server, in open loop
 * or closed. Fills the trial and leaves its histogram and what the generator wrote in the run's
 * folder. A trial whose rate is a share of the peak, and one that searches for a rate, measure the
 * peak first, on the same server. */
void by_load_measure(struct attempt *);

/* How long the window of such a cell is when windows of so many ms are asked for. */
unsigned by_load_window_ms(const struct cell *, unsigned asked_ms);

/* About how long a trial takes, in ms, of a server that does not dawdle. */
uint64_t by_load_time_ms(const struct cell *, unsigned window_ms, unsigned warm_up_ms);

#endif
