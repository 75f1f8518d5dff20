/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_BAD_CLIENTS_H
#define BENCH_RUN_BAD_CLIENTS_H

#include <stdbool.h>

#include "bench/run/attempt.h"
#include "bench/run/generator.h"

/*
 * The bad clients of the workload mixed: a c10kit-load of their own that sends no load. In the
 * load's process they would be in its CPU time, and its lateness would partly be theirs. Owned by
 * its caller, at a fixed address from bad_clients_start() to bad_clients_finish().
 */
struct bad_clients {
    bool wanted;
    char *group; /* owned; NULL: there are no control groups */
    struct generator process;
};

/* Starts those of the attempt's level and waits until they are open; their process is then the
 * attempt's `crowd`. True as well where the level has none. A failure is noted in the trial;
 * bad_clients_finish() is due in either case. */
bool bad_clients_start(struct bad_clients *, struct attempt *, const char *stem_path);

/* Ends them and puts what came of them where the load's result has those beside it. Call it when
 * the window's meters have been read. False, noted in the trial: they were not there all the time.
 */
bool bad_clients_end(struct bad_clients *, struct attempt *, struct generator *load);

/* Kills them if they are still there, and frees all. */
void bad_clients_finish(struct bad_clients *, struct attempt *);

#endif
