/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_LOAD_H
#define BENCH_RUN_LOAD_H

#include "bench/base/child.h"
#include "bench/machine/meter.h"
#include "bench/run/run.h"
#include "bench/record/trial.h"
#include "bench/run/wrk.h"

/* One run of the generator against a server on `port`. */
struct load {
    const char *group; /* control group to run in, or NULL; the caller's */
    const char *path;  /* what is asked for: "/"; the caller's */
    char *result_path; /* where wrk.lua writes; owned */
    struct child child;
    struct wrk_result result;
    struct histogram corrected;
};

/* Starts it. A failure is noted in the trial. */
bool load_start(struct load *, const struct run *, const struct cell *, uint16_t port,
                const char *result_path, struct trial *);

/* Ends it (wrk looks at its stop flag every 100 ms) and reads the result. */
bool load_stop(struct load *, struct trial *);

/* Kills what still runs and frees all; also after a load_start() that failed. */
void load_finish(struct load *);

#endif
