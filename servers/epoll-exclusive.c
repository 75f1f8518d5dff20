/* SPDX-License-Identifier: MIT */
/*
 * Epoll, exclusive: N processes, each with an epoll of its own, and one listener among them.
 *
 * Who waits where: each process waits in epoll_wait, for its own clients and for the listener that
 * all have. Registered the plain way, the listener wakes every process that waits for each client,
 * and all but one find nobody: the thundering herd (--wake all shows it). EPOLLEXCLUSIVE wakes one.
 * Which one is not fair: always the one that is first in the listener's list, unless it is busy. So
 * a process takes a few clients only before it goes back to those that it has.
 *
 * Two more traps: EPOLLEXCLUSIVE can be given to EPOLL_CTL_ADD only, never changed; and the
 * listener must be taken out of the epoll at the end, for closing it does nothing while others have
 * it.
 *
 * One more client costs: what it costs in epoll-lt, in the process that took it.
 * What breaks it: long connections. Who took too many keeps them, and the others stay idle.
 * Compare with: epoll-lt (one of these), epoll-reuseport (the kernel deals clients out).
 */
#include "lib/loop.h"
#include "lib/server.h"
#include "lib/workers.h"

#include <sys/epoll.h>

enum {
    TAKEN = 8, /* clients in one wake-up at most */
    TURN = 16  /* clients after which another process is to be woken first */
};

enum wake { WAKE_EXCLUSIVE, WAKE_ALL };

static long workers, wake = WAKE_EXCLUSIVE;

static const struct knob knobs[] = {
    WORKERS_KNOB("Processes", workers),
    {.name = "wake",
     .help = "Who is woken for a client: one process that waits, or all of them",
     .value = &wake,
     .choices = "exclusive|!all"},
    {0},
};

static const struct model model = {
    .name = "epoll-exclusive",
    .title = "N processes, an epoll each, one listener (EPOLLEXCLUSIVE)",
    .family = "readiness",
    .workers = &workers,
    .knobs = knobs,
};

static void welcome(struct loop *loop)
{
    static int taken; /* by this process, in its turn */
    int fd;

    for (int i = 0; i < TAKEN && (fd = server_accept()) >= 0; i++, taken++)
        loop_take(loop, fd);
    if (taken < TURN)
        return;
    taken = 0;
    loop_queue_anew(loop);
}

static void work(int index)
{
    uint32_t flags = EPOLLIN | (wake == WAKE_EXCLUSIVE ? (uint32_t)EPOLLEXCLUSIVE : 0);
    struct loop loop;

    (void)index;
    loop_init(&loop, server_rules(), server_listener(), flags, welcome);
    loop_run(&loop);
    loop_finish(&loop);
}

int main(int argc, char **argv)
{
    server_start(&model, argc, argv);
    workers_run_processes(workers_count(&model), work);
    return server_end();
}
