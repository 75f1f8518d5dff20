/* SPDX-License-Identifier: MIT */
/*
 * Epoll, level-triggered: one thread, and the kernel keeps the list of who is ready.
 *
 * Who waits where: the thread waits in epoll_wait. Each socket is registered once; a socket stays
 * reported for as long as it is ready, so what one turn leaves over is met in the next wake-up.
 * The interest is changed (a call) only when it differs from what was registered: writability
 * matters to the few connections whose client is slow, and to no others.
 *
 * One more client costs: an entry in the kernel's tree; no work at all while it is silent.
 * What breaks it: one slow turn delays everybody. A second CPU stays idle.
 * Compare with: poll (the whole array each time), epoll-et (reported once, never registered anew).
 */
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 512 }; /* there is room for so many */

enum write_interest { WRITE_ON_DEMAND, WRITE_ALWAYS, WRITE_EACH };

static struct {
    struct conns conns;
    int epoll;
} loop;

static long batch = EVENTS, write_interest = WRITE_ON_DEMAND;

static const struct knob knobs[] = {
    {.name = "write-interest",
     .help =
         "When to wait for writability: when the kernel took less than it was given, always, or "
         "before each answer",
     .value = &write_interest,
     .choices = "demand|!always|!each"},
    {.name = "batch",
     .help = "Ready sockets fetched in one wake-up at most",
     .value = &batch,
     .min = 1,
     .max = EVENTS,
     .sweep = "1|8|64"},
    {0},
};

static const struct model model = {
    .name = "epoll-lt",
    .title = "one thread, readiness from epoll, level-triggered",
    .family = "readiness",
    .knobs = knobs,
};

/* Registers what the connection waits for now; conn->note is what is registered. */
static void watch(struct conn *conn)
{
    enum conn_want want = conn_want(conn);
    int operation = conn->note ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event event = {.events = want == CONN_WRITE ? EPOLLOUT : EPOLLIN,
                                .data.ptr = conn};

    if (write_interest == WRITE_ALWAYS)
        event.events = EPOLLIN | EPOLLOUT;
    if (want == CONN_CLOSE) {
        conn_close(conn); /* which takes it out of the kernel's list */
    } else if (conn->note != (int)event.events) {
        conn->note = (int)event.events;
        if (epoll_ctl(loop.epoll, operation, conn->fd, &event))
            conn_refuse(conn);
    }
}

static void serve(struct conn *conn)
{
    if (write_interest == WRITE_EACH && conn_want(conn) == CONN_READ)
        (void)conn_read(conn);
    else
        (void)conn_turn(conn);
    watch(conn);
}

static void serve_ready(const struct epoll_event *events, int ready)
{
    for (int i = 0; i < ready; i++) {
        struct conn *conn = events[i].data.ptr;

        if (!conn)
            server_welcome(&loop.conns, serve);
        else if (conn_want(conn) == CONN_WRITE || events[i].events != EPOLLOUT)
            serve(conn);
    }
}

static void start(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    conns_init(&loop.conns, server_rules());
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop.epoll < 0 || epoll_ctl(loop.epoll, EPOLL_CTL_ADD, server_listener(), &event))
        die("cannot set up epoll");
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct conn *conn;

    server_start(&model, argc, argv);
    start();
    while (conns_live(&loop.conns)) {
        int ready = epoll_wait(loop.epoll, events, (int)batch, conns_wait_ms(&loop.conns));

        if (ready < 0 && errno != EINTR)
            die("cannot wait in epoll_wait");
        conns_tick(&loop.conns);
        serve_ready(events, ready);
        while ((conn = conns_due(&loop.conns)))
            serve(conn);
        if (loop.conns.stopping)
            server_deafen();
    }
    conns_finish(&loop.conns);
    close(loop.epoll);
    return server_end();
}
