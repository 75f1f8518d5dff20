/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_PROGRESS_H
#define BENCH_RUN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/trial.h"
#include "bench/run/run.h"

/* How far a run is: what of its plan is still to be measured. */
struct progress {
    const struct run *run; /* borrowed */
    unsigned *attempts;    /* at each trial of the plan so far, or run->attempts: no more is due */
    struct luck *cells;
};

/* As the run's folder has it. */
void progress_read(struct progress *, const struct run *);
void progress_finish(struct progress *);

/* Whether the trial of that index is to be measured: it was not yet, or was spoilt, and its cell
 * was not given up (gate_gives_up()). */
bool progress_is_due(const struct progress *, size_t index);

/* How many are. */
size_t progress_left(const struct progress *);

/* That trial was measured. */
void progress_note(struct progress *, size_t index, const struct trial *);

#endif
