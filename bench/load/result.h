/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_RESULT_H
#define BENCH_LOAD_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/load/counts.h"
#include "bench/load/crowd.h"
#include "bench/load/plan.h"

struct worker;

enum { RESULT_REASONS_MOST = 8, RESULT_REASON_SIZE = 128 };

/* What came of the load, all threads together. */
struct result {
    const struct plan *plan; /* borrowed */
    struct counts *counts;   /* owned */
    uint64_t window_ns;      /* shorter than asked for when interrupted; 0: it never began */
    unsigned connections;    /* that there were in the end */
    unsigned open_at_start;  /* keep-alive: that stood when the load began */
    unsigned served;         /* that had an answer in the window */
    uint64_t served_min, served_max; /* fewest and most answers to one */
    uint64_t *answers;               /* of each connection, from the fewest to the most; owned */
    double jain; /* fairness of the answers per connection: 1 all alike, 1/n one has all */
    /* the connection with the highest mean response; of those without an answer the first */
    unsigned slowest;
    uint64_t slowest_requests, slowest_mean_ns, slowest_longest_ns;
    uint64_t cpu_user_us, cpu_system_us; /* of this process in the window */
    struct crowd_counts crowd[CROWD_SCRIPTS];
    unsigned reason_count; /* why the figures may not be used; 0: they may */
    char reasons[RESULT_REASONS_MOST][RESULT_REASON_SIZE];
};

/* Adds the threads up and judges. The crowd's counts are put in before. */
void result_collect(struct result *, const struct plan *, const struct worker *workers);
void result_finish(struct result *);

/* Right answers per second that came in the window. */
double result_rate(const struct result *);

/* Open loop: requests per second that were due in it. */
double result_offered_rate(const struct result *);

#endif
