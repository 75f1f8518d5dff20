/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_RUN_OPTIONS_H
#define BENCH_RUN_RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/machine/cpus.h"
#include "bench/run/mode.h"
#include "bench/run/plan.h"

/* What the command line of `c10kit run` said, and the mode where it said nothing. */
struct run_options {
    const struct mode *mode;
    const char *models, *peers, *servers, *output; /* NULL: default; argv's */
    const char *sentinel, *twin;                   /* the same */
    const char *resume;                            /* NULL: a new run; argv's */
    struct plan_part parts[WORKLOAD_COUNT];
    size_t part_count;
    struct workload_levels levels; /* none: the mode's */
    unsigned blocks;               /* 0: as the mode has it */
    unsigned window_ms, warm_up_ms;
    unsigned attempts; /* at one trial */
    uint64_t seed;
    struct cpus cpus;
    bool dry_run, no_cold;
    bool others; /* than --resume and --servers-dir */
};

/* Ends the program, with status 64, when the command line is wrong. */
void run_options_parse(struct run_options *, int argc, char **argv);

#endif
