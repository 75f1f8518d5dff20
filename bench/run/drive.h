/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_DRIVE_H
#define BENCH_RUN_DRIVE_H

#include "bench/run/run.h"
#include "bench/record/trial.h"

/* Runs the run's trial of that index (0 is the first), for the first time (attempt 1) or again: a
 * fresh namespace and server, probe, warm-up, window, probe, stop. Fills the trial, writes its
 * histogram and raw output into the run's folder, judges it. Leaves no process, whatever happens.
 */
void drive_trial(const struct run *, size_t index, unsigned attempt, struct trial *);

/* About how long a trial of such a cell takes, in ms: guessed from other machines, for servers that
 * start, accept and stop without delay. */
uint64_t drive_time_ms(const struct cell *, unsigned window_ms, unsigned warm_up_ms);

#endif
