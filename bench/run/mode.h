/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_MODE_H
#define BENCH_RUN_MODE_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/record/workload.h"

/* How thorough a run is; what the command line leaves open follows from it. */
struct mode {
    const char *name;
    unsigned window_ms, warm_up_ms;
    unsigned least_blocks;
    bool ranks; /* has as many blocks as a ranking needs, and an A/A twin */
};

/* "quick", "standard" or "publish"; NULL: there is no such mode. */
const struct mode *mode_find(const char *name);

/* The levels at which it looks at a workload. */
const struct workload_levels *mode_levels(const struct mode *, enum workload);

/* How many blocks it makes of so many models: at least as many as can rank all their pairs
 * (pairs_least_blocks()), when it ranks. */
unsigned mode_blocks(const struct mode *, size_t models);

#endif
