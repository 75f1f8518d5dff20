/* SPDX-License-Identifier: MIT */
/*
 * Epoll, edge-triggered: one thread, and the kernel tells of changes only.
 *
 * Who waits where: the thread waits in epoll_wait. Each socket is registered once, for everything,
 * and never again. A change is reported once, so a turn that leaves something over will not be
 * followed by another report: we go on until the socket is empty (it gave less than we asked for,
 * or EAGAIN), or its budget is spent; then it stays in our own list for the next round, before
 * which the wait is a mere look. So nothing is lost, and nobody holds up the others.
 *
 * One more client costs: an entry in the kernel's tree, as with epoll-lt.
 * What breaks it: forgetting the rest (--drain no shows the hang).
 * Compare with: epoll-lt, which the kernel reminds.
 */
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    EVENTS = 512,      /* fetched in one wake-up at most */
    BUDGET_MOST = 1024 /* turns, after which the others must have theirs: 16 MiB */
};

enum drain { DRAIN_SHORT, DRAIN_EAGAIN, DRAIN_NO };

/* What conn->note remembers. */
enum { NOTE_WATCHED = 1, NOTE_LISTED = 2, NOTE_GREEDY = 4 };

static struct {
    struct conns conns;
    int epoll;
    struct conn *first, **end; /* the list of those whose turn it is */
} loop = {.end = &loop.first};

static long budget = 16; /* 256 KiB each way */
static long drain = DRAIN_SHORT;

static const struct knob knobs[] = {
    {.name = "drain",
     .help = "When a socket counts as empty: when it gave less than it was asked for, when it says "
             "EAGAIN, or after one turn (what is left is never met again)",
     .value = &drain,
     .choices = "yes|eagain|!no"},
    {.name = "budget",
     .help = "Turns for one connection in one wake-up at most, of 16 KiB each way",
     .value = &budget,
     .min = 1,
     .max = BUDGET_MOST,
     .sweep = "1|4|64"},
    {0},
};

static const struct model model = {
    .name = "epoll-et",
    .title = "one thread, readiness from epoll, edge-triggered",
    .family = "readiness",
    .knobs = knobs,
};

static void list(struct conn *conn)
{
    if (conn->note & NOTE_LISTED)
        return;
    conn->note |= NOTE_LISTED;
    conn->next = NULL;
    *loop.end = conn;
    loop.end = &conn->next;
}

/* A socket that gave less than it was asked for may have stopped at the end of input, or before
   an urgent byte: where one of them was reported, only EAGAIN counts. */
static bool is_empty(const struct conn *conn, enum conn_turn turn)
{
    return turn == CONN_BLOCKED || drain == DRAIN_NO ||
           (turn == CONN_DRAINED && drain == DRAIN_SHORT && !(conn->note & NOTE_GREEDY));
}

/* Registered for all that may ever matter: EPOLLRDHUP tells of the end of input, EPOLLPRI of an
   urgent byte. */
static bool watch(struct conn *conn)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET,
                                .data.ptr = conn};

    if (conn->note & NOTE_WATCHED)
        return true;
    conn->note |= NOTE_WATCHED;
    if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, conn->fd, &event) == 0)
        return true;
    conn_refuse(conn);
    return false;
}

static void serve(struct conn *conn)
{
    long turns = budget;
    enum conn_turn turn;

    do {
        turn = conn_turn(conn);
        turns--;
    } while (turn != CONN_DONE && turns > 0 && !is_empty(conn, turn));
    if (turn == CONN_DONE)
        conn_close(conn);
    else if (watch(conn) && !is_empty(conn, turn))
        list(conn);
}

static void note_ready(const struct epoll_event *events, int ready)
{
    for (int i = 0; i < ready; i++) {
        struct conn *conn = events[i].data.ptr;

        if (!conn) {
            server_welcome(&loop.conns, serve);
            continue;
        }
        if (events[i].events & (EPOLLRDHUP | EPOLLPRI | EPOLLHUP | EPOLLERR))
            conn->note |= NOTE_GREEDY;
        if (conn_want(conn) == CONN_WRITE || events[i].events != EPOLLOUT)
            list(conn);
    }
}

/* A turn for each on the list; who is listed again meanwhile comes in the next round. */
static void serve_list(void)
{
    struct conn *conn = loop.first;

    loop.first = NULL;
    loop.end = &loop.first;
    while (conn) {
        struct conn *next = conn->next;

        conn->note &= ~NOTE_LISTED;
        serve(conn);
        conn = next;
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
        int wait_ms = conns_wait_ms(&loop.conns);
        int ready = epoll_wait(loop.epoll, events, EVENTS, loop.first ? 0 : wait_ms);

        if (ready < 0 && errno != EINTR)
            die("cannot wait in epoll_wait");
        conns_tick(&loop.conns);
        note_ready(events, ready);
        serve_list();
        while ((conn = conns_due(&loop.conns)))
            list(conn);
        if (loop.conns.stopping)
            server_deafen();
    }
    conns_finish(&loop.conns);
    close(loop.epoll);
    return server_end();
}
