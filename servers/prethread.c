/* SPDX-License-Identifier: MIT */
/*
 * Prethread: N threads, made once, each with one client at a time.
 *
 * Who waits where: every idle thread waits in accept on the one listener; a busy one waits in recv
 * for its own client. The main thread waits for signals, which the others leave to it. There is no
 * queue and no lock between the threads: the kernel's accept queue is the queue, and accept wakes
 * one thread for each client. Only the reserve descriptor, the way out where no other is left, is
 * for one of them at a time.
 *
 * One more client costs: nothing, while a thread is free. Then a place in the accept queue.
 * What breaks it: N clients that keep their connections open, be they ever so idle: all others
 * wait. A crash takes all with it.
 * Compare with: prefork (nothing shared), thread-pool (one accepts, and hands over).
 */
#include "lib/server.h"
#include "lib/workers.h"

static long workers;

static const struct knob knobs[] = {
    WORKERS_KNOB("Threads", workers),
    {0},
};

static const struct model model = {
    .name = "prethread",
    .title = "N threads made once, each accepts and serves one client at a time",
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
    workers_start_threads(workers_count(&model), work);
    server_ready();
    workers_wait_for_stop();
    workers_end_threads();
    return server_end();
}
