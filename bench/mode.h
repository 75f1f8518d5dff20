/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MODE_H
#define BENCH_MODE_H

#include <stdbool.h>
#include <stddef.h>

enum { MODE_LEVELS_LIMIT = 16 };

/* How thorough a run is; what the command line leaves open follows from it. */
struct mode {
    const char *name;
    unsigned window_ms, warm_up_ms;
    unsigned levels[MODE_LEVELS_LIMIT]; /* ended by a 0 */
    unsigned least_blocks;
    bool ranks; /* has as many blocks as a ranking needs, and an A/A twin */
};

/* "quick", "standard" or "publish"; NULL: there is no such mode. */
const struct mode *mode_find(const char *name);

/* How many blocks it makes of so many models: at least as many as can rank all their pairs
 * (pairs_least_blocks()), when it ranks. */
unsigned mode_blocks(const struct mode *, size_t models);

#endif
