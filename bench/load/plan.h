/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_PLAN_H
#define BENCH_LOAD_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/load/arrivals.h"
#include "bench/load/crowd.h"

enum {
    PLAN_CONNECTIONS_MOST = 60000,
    PLAN_PIPELINE_MOST = 64,
    PLAN_THREADS_MOST = 64,
    PLAN_SIZE_LEAST = 1,
    PLAN_SIZE_MOST = 1 << 20,
    PLAN_HEADERS_MOST = 32
};

enum plan_protocol { PLAN_HTTP, PLAN_ECHO };

/* What was asked for on the command line; texts are borrowed from there. */
struct plan {
    const char *target; /* HOST:PORT */
    enum plan_protocol protocol;
    bool churn;           /* a new connection for each request */
    unsigned connections; /* open loop: of the pool; 0: no load, only those beside it */
    unsigned most;     /* open loop: connections that there may be; the pool's unless unbounded */
    unsigned pipeline; /* requests under way on each connection */
    unsigned threads;
    size_t size; /* echo: bytes of a message */
    double rate; /* arrivals per second; 0: closed loop */
    enum arrivals_kind arrivals;
    uint64_t seed;
    uint64_t timeout_ns, warm_up_ns, window_ns;
    const char *path;
    const char *headers[PLAN_HEADERS_MOST]; /* more lines for the request, without CRLF */
    unsigned header_count;
    unsigned beside[CROWD_SCRIPTS];     /* connections of each script beside the load */
    const char *json, *histogram, *hdr; /* files to write; NULL: not */
    int marks; /* descriptor for the lines `open`, `window` and `done`; -1: none */
    bool hold; /* the load begins at SIGUSR1 */
};

static inline bool plan_is_open(const struct plan *plan)
{
    return plan->rate > 0;
}

#endif
