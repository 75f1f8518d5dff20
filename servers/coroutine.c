/* SPDX-License-Identifier: MIT */
/*
 * Coroutine: one loop, and a stack for each connection, so that its code reads as if it blocked.
 *
 * Who waits where: the thread waits in epoll_wait. converse() is written as for a thread of its
 * own: turn, wait, turn. But its wait only says what for, and changes to the loop's stack; the loop
 * changes to the stack of whoever is ready. It loses the CPU nowhere else: nothing needs a lock.
 *
 * The trap: swapcontext makes a system call per switch, to set a signal mask that never changes.
 * lib/fiber.c uses makecontext for a stack's first moment, and _setjmp and _longjmp from then on.
 *
 * One more client costs: a stack: 64 KiB of address space, of which it touches a page, beside the
 * struct that is all in epoll-lt. Who goes leaves it to the next.
 * What breaks it: deep calls and large locals (the guard page makes it a crash). A call that
 * really blocks stops everybody, and looks like one that does not.
 * Compare with: epoll-lt (the same calls without the stacks), thread (the kernel switches).
 */
#include "lib/die.h"
#include "lib/fiber.h"
#include "lib/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 512 }; /* fetched in one wake-up at most */

static struct {
    struct conns conns;
    struct fibers fibers;
    int epoll;
} loop;

static long stack_kib = 64; /* a turn takes 4 at most; --trace 8 more, a signal's frame up to 11 */

static const struct knob knobs[] = {
    {.name = "stack-kib",
     .help = "Stack of each connection, in KiB",
     .value = &stack_kib,
     .min = 32,
     .max = 65536,
     .sweep = "32|256|8192"},
    {0},
};

static const struct model model = {
    .name = "coroutine",
    .title = "one thread, a stack for each connection, readiness from epoll",
    .family = "readiness",
    .knobs = knobs,
};

/* Registers what the connection waits for now; conn->note is what is registered. Returns false
   where that cannot be had. */
static bool watch(struct conn *conn)
{
    int operation = conn->note ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event event = {.events = conn_want(conn) == CONN_WRITE ? EPOLLOUT : EPOLLIN,
                                .data.ptr = conn};

    if (conn->note == (int)event.events)
        return true;
    conn->note = (int)event.events;
    return epoll_ctl(loop.epoll, operation, conn->fd, &event) == 0;
}

/* From first to last, on a stack of its own. It waits after each turn, ready or not: so nobody
   holds up the others. */
static void converse(void *argument)
{
    struct conn *conn = argument;

    conn->owner = fiber_self(&loop.fibers);
    while (conn_turn(conn) != CONN_DONE) {
        if (!watch(conn)) {
            conn_refuse(conn);
            return;
        }
        fiber_wait(&loop.fibers);
    }
    conn_close(conn);
}

static void serve(struct conn *conn)
{
    if (!fiber_start(&loop.fibers, conn))
        conn_refuse(conn);
}

static void resume(struct conn *conn)
{
    fiber_resume(&loop.fibers, conn->owner);
}

static void start(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    conns_init(&loop.conns, server_rules());
    fibers_init(&loop.fibers, (size_t)stack_kib * 1024, converse);
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop.epoll < 0 || epoll_ctl(loop.epoll, EPOLL_CTL_ADD, server_listener(), &event))
        die("cannot set up epoll");
}

static void finish(void)
{
    fibers_finish(&loop.fibers);
    conns_finish(&loop.conns);
    close(loop.epoll);
}

static void resume_ready(const struct epoll_event *events, int ready)
{
    for (int i = 0; i < ready; i++) {
        if (events[i].data.ptr)
            resume(events[i].data.ptr);
        else
            server_welcome(&loop.conns, serve);
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct conn *conn;

    server_start(&model, argc, argv);
    start();
    while (conns_live(&loop.conns)) {
        int ready = epoll_wait(loop.epoll, events, EVENTS, conns_wait_ms(&loop.conns));

        if (ready < 0 && errno != EINTR)
            die("cannot wait in epoll_wait");
        conns_tick(&loop.conns);
        resume_ready(events, ready);
        while ((conn = conns_due(&loop.conns)))
            resume(conn);
        if (loop.conns.stopping)
            server_deafen();
    }
    finish();
    return server_end();
}
