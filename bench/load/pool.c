/* SPDX-License-Identifier: MIT */
#include "bench/load/pool.h"

#include <assert.h>

#include "bench/load/clock.h"
#include "bench/load/turn.h"
#include "bench/load/worker.h"

void pool_put(struct worker *worker, struct connection *connection, uint64_t now_ns)
{
    struct ring *ring = &worker->free;
    if (connection->pooled)
        return;
    assert(ring->used < ring->room);
    connection->pooled = true;
    connection->free_ns = now_ns;
    unsigned at = ring->first + ring->used++;
    ring->slots[at < ring->room ? at : at - ring->room] = connection;
}

/* The one that has been free for longest; where none is free a new one if there may be more. */
static struct connection *take(struct worker *worker)
{
    struct ring *ring = &worker->free;
    if (ring->used == 0)
        return worker->made < worker->most ? &worker->connections[worker->made++] : NULL;
    struct connection *connection = ring->slots[ring->first];
    if (++ring->first == ring->room)
        ring->first = 0;
    ring->used--;
    connection->pooled = false;
    return connection;
}

static uint64_t due_ns(const struct worker *worker)
{
    return worker->window->begin_ns + worker->arrivals.at_ns[worker->next];
}

void pool_dispatch(struct worker *worker)
{
    while (worker->next < worker->arrivals.count) {
        uint64_t intended = due_ns(worker), now = clock_now_ns();
        if (intended > now)
            return;
        struct connection *connection = take(worker);
        if (!connection)
            return;
        worker->next++;
        uint64_t possible = intended > connection->free_ns ? intended : connection->free_ns;
        uint64_t late = now > possible ? now - possible : 0;
        if (worker_counts_at(worker, intended))
            tally_add(&worker->counts->lateness, late);
        turn_ask(worker, connection, 1, (struct flight){intended, now, late});
    }
}

/* An arrival that nobody has answered: at its age. */
static void give_up(struct worker *worker, enum fault fault, uint64_t now_ns)
{
    uint64_t intended = due_ns(worker);
    worker->next++;
    if (!worker_counts_at(worker, intended))
        return;
    worker_response(worker, now_ns - intended, 0);
    if (now_ns - intended > worker->counts->longest_ns)
        worker->counts->longest_ns = now_ns - intended;
    worker->counts->faults[fault]++;
}

void pool_expire(struct worker *worker, uint64_t now_ns)
{
    while (worker->next < worker->arrivals.count &&
           due_ns(worker) + worker->plan->timeout_ns < now_ns)
        give_up(worker, FAULT_TIMEOUT, now_ns);
}

void pool_close(struct worker *worker, uint64_t end_ns)
{
    while (worker->next < worker->arrivals.count && due_ns(worker) < end_ns)
        give_up(worker, FAULT_UNFINISHED, end_ns);
}
