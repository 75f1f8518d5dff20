/* SPDX-License-Identifier: MIT */
#include "lib/loop.h"
#include "lib/die.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 512 }; /* fetched in one wake-up at most */

static void watch_source(struct loop *loop)
{
    struct epoll_event event = {.events = loop->source_flags, .data.ptr = NULL};

    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->source, &event))
        die("cannot watch for clients with epoll");
}

void loop_init(struct loop *loop, const struct conn_rules *rules, int source, uint32_t flags,
               void (*on_source)(struct loop *))
{
    *loop = (struct loop){.source = source};
    conns_init(&loop->conns, rules);
    loop->source_flags = flags;
    loop->on_source = on_source;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0)
        die("cannot set up epoll");
    watch_source(loop);
}

void loop_queue_anew(struct loop *loop)
{
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->source, NULL);
    watch_source(loop);
}

/* Registers what the connection waits for now; conn->note is what is registered. */
static void watch(struct loop *loop, struct conn *conn)
{
    enum conn_want want = conn_want(conn);
    int operation = conn->note ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event event = {.events = want == CONN_WRITE ? EPOLLOUT : EPOLLIN,
                                .data.ptr = conn};

    if (want == CONN_CLOSE) {
        if (loop->shared && conn->note)
            (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, conn->fd, NULL);
        conn_close(conn); /* which takes it out of the kernel's list, where nobody else has it */
    } else if (conn->note != (int)event.events) {
        conn->note = (int)event.events;
        if (epoll_ctl(loop->epoll, operation, conn->fd, &event))
            conn_refuse(conn);
    }
}

static void serve(struct loop *loop, struct conn *conn)
{
    (void)conn_turn(conn);
    watch(loop, conn);
}

void loop_take(struct loop *loop, int fd)
{
    struct conn *conn = conns_open(&loop->conns, fd);

    if (conn)
        serve(loop, conn);
}

static void serve_ready(struct loop *loop, const struct epoll_event *events, int ready)
{
    for (int i = 0; i < ready; i++) {
        struct conn *conn = events[i].data.ptr;

        if (conn)
            serve(loop, conn);
        else
            loop->on_source(loop);
    }
}

/* Closing the source would not do: other processes have it too, and what is registered is the
   socket, which would be ready for ever. Whom it has brought is served. */
static void forget_source(struct loop *loop)
{
    loop->on_source(loop);
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->source, NULL);
    loop->source = -1;
}

void loop_run(struct loop *loop)
{
    struct epoll_event events[EVENTS];
    struct conn *conn;

    while (conns_live(&loop->conns)) {
        int ready = epoll_wait(loop->epoll, events, EVENTS, conns_wait_ms(&loop->conns));

        if (ready < 0 && errno != EINTR)
            die("cannot wait in epoll_wait");
        conns_tick(&loop->conns);
        serve_ready(loop, events, ready);
        while ((conn = conns_due(&loop->conns)))
            serve(loop, conn);
        if (loop->conns.stopping && loop->source >= 0)
            forget_source(loop);
    }
}

void loop_finish(struct loop *loop)
{
    conns_finish(&loop->conns);
    close(loop->epoll);
}
