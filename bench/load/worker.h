/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_WORKER_H
#define BENCH_LOAD_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/load/arrivals.h"
#include "bench/load/connection.h"
#include "bench/load/counts.h"
#include "bench/load/plan.h"
#include "bench/load/target.h"

/* What the threads share. `begin_ns` and `start_ns` are written once, between the barrier's two
 * passes; the end may come nearer when the user interrupts. */
struct window {
    pthread_barrier_t barrier;
    uint64_t begin_ns; /* the load begins */
    uint64_t start_ns; /* the window begins */
    _Atomic uint64_t end_ns;
    atomic_bool interrupted;
};

/* Clients that are free, in the order in which they became so. */
struct ring {
    struct connection **slots;
    unsigned first, used, room;
};

/*
 * One thread: an epoll loop with its share of the connections. It shares nothing with the others
 * but the plan, the target and the window, and counts alone; main adds up.
 */
enum { WORKER_BUFFER = 128 << 10 };

struct worker {
    const struct plan *plan;
    const struct target *target;
    struct window *window;
    unsigned part; /* 0: the one that reports the window's marks */

    int epoll, timer;
    struct connection *connections; /* `most` of them, of which `made` are in use */
    struct flight *flights;
    unsigned made, most, opening, open_at_start;
    char *buffer; /* what comes is looked at where it lies: connections need none of their own */
    struct answer_pattern pattern;

    struct arrivals arrivals; /* open loop: when requests are due, from begin_ns on */
    size_t next;              /* the first that has no connection yet */
    struct ring free;

    bool going;                                  /* requests may be sent */
    uint64_t start_ns, end_ns, look_ns, next_ns; /* next: the first of these that is to come */
    bool started;
    struct counts *counts;
    uint64_t cpu_user_us, cpu_system_us; /* part 0: of the whole process in the window */
};

/* Makes a worker for its share of the plan. Exits with one line where it cannot. */
void worker_init(struct worker *, const struct plan *, const struct target *, struct window *,
                 unsigned part);
void worker_finish(struct worker *);

/* Opens the connections, waits for the others, and drives the load until the window's end. */
void worker_run(struct worker *);

/* Whether what happened then belongs to the window. */
static inline bool worker_counts_at(const struct worker *worker, uint64_t at_ns)
{
    return at_ns >= worker->start_ns && at_ns < worker->end_ns;
}

/* How long a request of the window took, answered or not. */
static inline void worker_response(const struct worker *worker, uint64_t response_ns,
                                   uint64_t late_ns)
{
    tally_add(&worker->counts->response, response_ns);
    if (plan_is_open(worker->plan))
        tally_add(&worker->counts->on_time, response_ns > late_ns ? response_ns - late_ns : 0);
}

/* A request of the window waited so long. */
static inline void worker_wait(const struct worker *worker, struct connection *connection,
                               uint64_t waited_ns)
{
    if (waited_ns > connection->longest_ns)
        connection->longest_ns = waited_ns;
    if (waited_ns > worker->counts->longest_ns)
        worker->counts->longest_ns = waited_ns;
}

/* Counts a fault that happened now. */
void worker_fault(struct worker *, enum fault, uint64_t now_ns);

#endif
