/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench/catalogue.h"
#include "bench/cpus.h"
#include "bench/plan.h"

/* Everything that one run needs to know, settled before its first trial. */
struct run {
    struct catalogue catalogue;
    struct plan plan;
    struct cpus cpus;
    char *wrk, *hyperfine, *gnuplot; /* NULL: not installed */
    char *script;                    /* wrk.lua */
    char *folder;                    /* where the record goes */
    unsigned window_ms, warm_up_ms;
    uint64_t seed;
};

#endif
