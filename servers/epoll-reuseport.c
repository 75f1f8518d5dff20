/* SPDX-License-Identifier: MIT */
/*
 * Epoll, SO_REUSEPORT: N threads or processes, each with a loop and a listener of its own.
 *
 * Who waits where: each worker, pinned to its CPU, waits in epoll_wait, for its own clients and its
 * own listener. All listeners have the same port; the kernel deals the clients out by a hash of
 * their address, or with --steer to the worker on the CPU that their first packet came in on.
 * Nothing is shared, so no herd can be woken and no lock contended.
 *
 * The traps: a listener that closes resets whoever waits in its queue, and one that opens changes
 * the hash under half-made connections. So all are there before the ready line, and the parent
 * keeps a crashed worker's for its successor. The port is taken before it is shared: otherwise
 * another server of the same user would join it, and take half the clients.
 *
 * One more client costs: what it costs in epoll-lt, in the worker that it was dealt to.
 * What breaks it: chance. A client dealt to a busy worker waits for it, be all others idle.
 * Compare with: epoll-exclusive (who is idle takes the client), epoll-lt (one of these).
 */
#include "lib/die.h"
#include "lib/loop.h"
#include "lib/server.h"
#include "lib/workers.h"

#include <linux/filter.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum unit { UNIT_THREAD, UNIT_PROCESS };

enum { NOBODY = 0xffff }; /* no listener has this number: the hash decides */

static int listeners[WORKERS_MOST];

static long workers, unit = UNIT_THREAD, steer;

static const struct knob knobs[] = {
    WORKERS_KNOB("Threads or processes", workers),
    {.name = "unit", .help = "What a worker is", .value = &unit, .choices = "thread|process"},
    {.name = "steer",
     .help = "Deal a client to the worker on the CPU that it came in on, not by a hash",
     .value = &steer,
     .choices = "no|yes"},
    {0},
};

static const struct model model = {
    .name = "epoll-reuseport",
    .title = "N pinned threads or processes, an epoll and a listener each (SO_REUSEPORT)",
    .family = "readiness",
    .workers = &workers,
    .reuse_port = true,
    .knobs = knobs,
};

/* For each CPU: if the packet is on it, the number of its worker's listener. */
static void steer_to_cpus(int count)
{
    static struct sock_filter steps[2 + 2 * WORKERS_MOST];
    struct sock_fprog program = {.len = (unsigned short)(2 + 2 * count), .filter = steps};
    struct sock_filter *step = steps;

    *step++ =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)SKF_AD_OFF + SKF_AD_CPU);
    for (int i = 0; i < count; i++) {
        if (i > 0 && workers_cpu(i) == workers_cpu(0))
            die_usage("--steer: %d workers, but %d CPUs to steer to", count, i);
        *step++ =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)workers_cpu(i), 0, 1);
        *step++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (unsigned)i);
    }
    *step = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, NOBODY);
    if (setsockopt(listeners[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program))
        die("cannot steer clients to CPUs");
}

/* In the order in which the kernel numbers them. */
static void listen_for_all(int count)
{
    listeners[0] = server_listener();
    for (int i = 1; i < count; i++)
        listeners[i] = server_listen_again();
    if (steer)
        steer_to_cpus(count);
}

static void welcome(struct loop *loop)
{
    int fd;

    for (int i = 0; i < SERVER_ACCEPTS && (fd = server_accept_from(loop->source)) >= 0; i++)
        loop_take(loop, fd);
}

static void work(int index)
{
    struct loop loop;

    workers_pin(index);
    loop_init(&loop, server_rules(), listeners[index], EPOLLIN, welcome);
    loop_run(&loop);
    loop_finish(&loop);
}

int main(int argc, char **argv)
{
    int count;

    server_start(&model, argc, argv);
    count = workers_count(&model);
    listen_for_all(count);
    if (unit == UNIT_PROCESS) {
        workers_run_processes(count, work);
    } else {
        workers_start_threads(count, work);
        server_ready();
        workers_wait_for_stop();
        workers_end_threads();
    }
    return server_end();
}
