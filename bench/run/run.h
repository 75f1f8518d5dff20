/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_RUN_H
#define BENCH_RUN_RUN_H

#include <stdbool.h>

#include <jansson.h>

#include "bench/run/catalogue.h"
#include "bench/machine/cpus.h"
#include "bench/run/plan.h"
#include "bench/run/run_options.h"

/* Everything that one run needs to know, settled before its first trial. */
struct run {
    const struct mode *mode;
    struct catalogue catalogue;
    struct plan plan;
    struct cpus cpus;
    size_t sentinel;                 /* index into the catalogue */
    char *wrk, *hyperfine, *gnuplot; /* NULL: not installed, or not wanted */
    char *script;                    /* wrk.lua */
    char *folder;                    /* where the record goes */
    unsigned window_ms, warm_up_ms;
    unsigned attempts; /* at a trial that the machine spoils, the first included */
    uint64_t seed;
    json_t *command; /* the words of the command line, for the record */
};

/* Finds models, peers and tools and draws the plan. False, with the reason said, when there is
 * nothing to measure; run_finish() is due in either case. */
bool run_settle(struct run *, const struct run_options *, const json_t *command);
void run_finish(struct run *);

/* About how long all trials of the plan take, in ms. */
uint64_t run_time_ms(const struct run *);

/* Records all trials that the folder does not hold yet, then what hyperfine times; a new folder, or
 * one that run_can_resume(). Leaves no process. False: nothing was measured, or the run had to end
 * before its time, as was said. */
bool run_measure(const struct run *, bool resumed);

/* Whether the record in the folder is of this very run: the same plan, executables and kernel. Says
 * what differs when it is not. */
bool run_can_resume(const struct run *, const json_t *manifest);

#endif
