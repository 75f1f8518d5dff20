/* SPDX-License-Identifier: MIT */
/*
 * Epoll and workers: one thread waits for all clients, N threads serve them.
 *
 * Who waits where: the main thread waits in epoll_wait. Whoever is ready goes into a queue; a
 * worker gives him his turns and puts him into the list of those who are done. An eventfd tells
 * the main thread, which arms his socket again. An idle worker waits on a condition.
 *
 * The traps: EPOLLONESHOT keeps a socket that is with a worker from being reported, so that no
 * client can be with two of them. Only the main thread arms and closes: no event can be on its way
 * for a connection that is no more. Both ways go by whole batches under one lock, and the eventfd
 * is written for the first who is done, not for each.
 *
 * One more client costs: an entry in the kernel's tree. One more request: the way to a worker and
 * back, two wake-ups at worst, and an epoll_ctl.
 * What breaks it: short requests, which cost less than the way.
 * Compare with: epoll-lt (the same thread serves), leader-follower (whoever waited serves).
 *
 * Longer than the others, for there are two ways between threads, and timers on them.
 */
#include "lib/die.h"
#include "lib/server.h"
#include "lib/workers.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    EVENTS = 512, /* fetched in one wake-up at most */
    BUDGET = 16   /* turns for one client before the next has his */
};

/* What conn->note remembers. */
enum { NOTE_REGISTERED = 1, NOTE_LISTED = 2 };

struct line {
    struct conn *first, **end;
};

/* The main thread's. */
static struct {
    struct conns conns; /* those who wait */
    struct line ready;  /* and those among them whose turn it is */
    size_t away;        /* those who are with the workers */
    sigset_t hears;     /* while it waits: not the signals of the stop otherwise */
    int epoll;
} loop = {.ready.end = &loop.ready.first};

/* Between the threads. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t some; /* the queue is not empty, or there will be nobody any more */
    struct conns conns;  /* those in both lines */
    struct line queue, done;
    bool ended;
    int told; /* an eventfd: somebody is done */
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .some = PTHREAD_COND_INITIALIZER,
            .queue.end = &shared.queue.first,
            .done.end = &shared.done.first};

static pthread_barrier_t all_stocked; /* the workers have what they cannot do without */
static long workers;

static const struct knob knobs[] = {
    WORKERS_KNOB("Threads that serve", workers),
    {0},
};

static const struct model model = {
    .name = "epoll-workers",
    .title = "one thread waits for all clients, N threads serve",
    .family = "readiness",
    .workers = &workers,
    .knobs = knobs,
};

static void put(struct line *line, struct conn *conn)
{
    conn->next = NULL;
    *line->end = conn;
    line->end = &conn->next;
}

static struct conn *take(struct line *line)
{
    struct conn *conn = line->first;

    if (conn && !(line->first = conn->next))
        line->end = &line->first;
    return conn;
}

static void change_hands(struct conn *conn, struct conns *to)
{
    conns_tick(conn->conns);
    conns_tick(to);
    conn_move(conn, to);
}

/* ---- The workers ---- */

/* The lock is held. Returns NULL where there will be nobody any more. */
static struct conn *wait_for_client(struct conns *mine)
{
    struct conn *conn;

    while (!(conn = take(&shared.queue)) && !shared.ended)
        pthread_cond_wait(&shared.some, &shared.lock);
    if (conn)
        change_hands(conn, mine);
    return conn;
}

static void serve(struct conn *conn, struct conns *mine)
{
    int budget = BUDGET;

    if (mine->stopping)
        (void)conns_due(mine); /* which tells him, if he was away when the others were told */
    while (conn_turn(conn) == CONN_MORE && --budget > 0) {
    }
}

/* The lock is held. */
static void give_back(struct conn *conn)
{
    bool first = !shared.done.first;

    change_hands(conn, &shared.conns);
    put(&shared.done, conn);
    if (first && eventfd_write(shared.told, 1))
        die("cannot tell the main thread");
}

static void work(int index)
{
    struct conns mine; /* the one that is served, if any */
    struct conn *conn;

    (void)index;
    conns_init(&mine, server_rules());
    if (!conns_stock(&mine)) /* or without memory the clients that it met would be lost */
        die("cannot lay in buffers");
    (void)pthread_barrier_wait(&all_stocked);
    pthread_mutex_lock(&shared.lock);
    while ((conn = wait_for_client(&mine))) {
        pthread_mutex_unlock(&shared.lock);
        serve(conn, &mine);
        pthread_mutex_lock(&shared.lock);
        give_back(conn);
    }
    pthread_mutex_unlock(&shared.lock);
    conns_finish(&mine);
}

/* ---- The main thread ---- */

static void list(struct conn *conn)
{
    if (!(conn->note & NOTE_LISTED))
        put(&loop.ready, conn);
    conn->note |= NOTE_LISTED;
}

/* His time is up, or the server stops; his socket may be armed still. */
static void list_due(struct conn *conn)
{
    if (conn->note & NOTE_REGISTERED)
        (void)epoll_ctl(loop.epoll, EPOLL_CTL_DEL, conn->fd, NULL);
    conn->note &= ~NOTE_REGISTERED;
    list(conn);
}

static void arm(struct conn *conn)
{
    int operation = conn->note & NOTE_REGISTERED ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event event = {.events = EPOLLONESHOT, .data.ptr = conn};

    event.events |= conn_want(conn) == CONN_WRITE ? EPOLLOUT : EPOLLIN;
    conn->note |= NOTE_REGISTERED;
    if (epoll_ctl(loop.epoll, operation, conn->fd, &event))
        conn_refuse(conn);
}

static void hand_over(void)
{
    struct conn *conn;

    pthread_mutex_lock(&shared.lock);
    while ((conn = take(&loop.ready))) {
        conn->note &= ~NOTE_LISTED;
        change_hands(conn, &shared.conns);
        put(&shared.queue, conn);
        pthread_cond_signal(&shared.some);
        loop.away++;
    }
    pthread_mutex_unlock(&shared.lock);
}

static void fetch_done(void)
{
    struct line fetched = {.end = &fetched.first};
    struct conn *conn;
    eventfd_t count;

    (void)eventfd_read(shared.told, &count);
    pthread_mutex_lock(&shared.lock);
    while ((conn = take(&shared.done))) {
        change_hands(conn, &loop.conns);
        put(&fetched, conn);
        loop.away--;
    }
    pthread_mutex_unlock(&shared.lock);
    while ((conn = take(&fetched))) {
        if (conn_want(conn) == CONN_CLOSE)
            conn_close(conn);
        else if (loop.conns.stopping && !conn->told)
            list(conn);
        else
            arm(conn);
    }
}

static void note_ready(const struct epoll_event *events, int ready)
{
    for (int i = 0; i < ready; i++) {
        if (!events[i].data.ptr)
            server_welcome(&loop.conns, list);
        else if (events[i].data.ptr == &shared)
            fetch_done();
        else
            list(events[i].data.ptr);
    }
}

static void watch(int fd, void *mark)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};

    if (epoll_ctl(loop.epoll, EPOLL_CTL_ADD, fd, &event))
        die("cannot set up epoll");
}

static void run(void)
{
    struct epoll_event events[EVENTS];
    struct conn *conn;

    while (loop.away > 0 || conns_live(&loop.conns)) {
        int wait_ms = conns_wait_ms(&loop.conns);
        int ready = epoll_pwait(loop.epoll, events, EVENTS, wait_ms, &loop.hears);

        if (ready < 0 && errno != EINTR)
            die("cannot wait in epoll_pwait");
        conns_tick(&loop.conns);
        note_ready(events, ready);
        hand_over(); /* who is ready has his turn before anybody is cut off */
        while ((conn = conns_due(&loop.conns)))
            list_due(conn);
        hand_over();
        if (loop.conns.stopping)
            server_deafen();
    }
}

static void end(void)
{
    pthread_mutex_lock(&shared.lock);
    shared.ended = true;
    pthread_cond_broadcast(&shared.some);
    pthread_mutex_unlock(&shared.lock);
    workers_end_threads();
}

int main(int argc, char **argv)
{
    server_start(&model, argc, argv);
    conns_init(&loop.conns, server_rules());
    conns_init(&shared.conns, server_rules());
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    shared.told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop.epoll < 0 || shared.told < 0)
        die("cannot set up epoll");
    watch(server_listener(), NULL);
    watch(shared.told, &shared);
    loop.hears = workers_block_signals();
    (void)pthread_barrier_init(&all_stocked, NULL, (unsigned)workers_count(&model) + 1);
    workers_start_threads(workers_count(&model), work);
    (void)pthread_barrier_wait(&all_stocked);
    server_ready();
    run();
    end();
    return server_end();
}
