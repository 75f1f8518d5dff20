/* SPDX-License-Identifier: MIT */
/*
 * Prefork: N processes, made once, each with one client at a time.
 *
 * Who waits where: every idle process waits in accept on the one listener that they all have; a
 * busy one waits in recv for its own client. The parent waits for signals, and replaces a process
 * that crashed. The kernel wakes one process for each client: accept waits exclusively, so the
 * thundering herd of old textbooks, and the lock around accept against it, are gone. (It is back
 * for whoever waits by poll or epoll before he accepts: see epoll-exclusive.)
 *
 * One more client costs: nothing, while a process is free. Then a place in the accept queue.
 * What breaks it: N clients that keep their connections open, be they ever so idle: all others
 * wait. What it gives: no fork for a client, and a crash is one client's loss alone. Compare with:
 * fork (a process when a client comes), prethread (the same with threads).
 */
#include "lib/server.h"
#include "lib/workers.h"

static long workers;

static const struct knob knobs[] = {
    WORKERS_KNOB("Processes", workers),
    {0},
};

static const struct model model = {
    .name = "prefork",
    .title = "N processes made once, each with one client at a time",
    .family = "blocking",
    .blocking = true,
    .accept_blocks = true,
    .workers = &workers,
    .client_each = true,
    .knobs = knobs,
};

static void work(int index)
{
    struct conns conns;
    int fd;

    (void)index;
    conns_init(&conns, server_rules());
    while ((fd = server_accept()) >= 0)
        conns_converse(&conns, fd);
    conns_finish(&conns);
}

int main(int argc, char **argv)
{
    server_start(&model, argc, argv);
    workers_run_processes(workers_count(&model), work);
    return server_end();
}
