/* SPDX-License-Identifier: MIT */
/*
 * Leader and followers: N threads, of which one waits for all clients.
 *
 * Who waits where: the leader waits in epoll_wait, for one event. Who it is for is taken out of the
 * set, the next thread becomes leader, and this one serves: nobody hands a client to anybody, and
 * there is no queue. The followers wait for the lead, a mutex; kernel and scheduler choose.
 * EPOLLONESHOT keeps a socket that is being served out of the next leader's sight. It is armed
 * again last of all, under the lock that a leader must have to take a client: from that call on it
 * may be another's. Timers belong to the set; while a client is served he has none of the set's,
 * and the leader, who cannot know what will have been given back, wakes soon to look.
 *
 * One more client costs: an entry in the kernel's tree. One more request: an epoll_wait of its own,
 * an epoll_ctl, and a change of leaders (a wake-up of another thread, where one waits).
 * What breaks it: short requests, which cost less than the change of leaders.
 * Compare with: epoll-lt (one thread does both), epoll-workers (one waits always, others serve).
 *
 * Longer than the others, for a client that changes hands takes his timer with him.
 */
#include "lib/die.h"
#include "lib/server.h"
#include "lib/workers.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { LOOK_MS = 20 }; /* the leader's longest wait while others serve */

static struct {
    pthread_mutex_t lead; /* the leader has it while he waits */
    pthread_mutex_t lock; /* for what follows */
    struct conns conns;   /* those who wait */
    size_t served;        /* and those who do not */
    bool deaf;
    size_t before_clock; /* turns of ready clients that come before the clock's */
    bool clock_waits;    /* somebody's time is up */
    int epoll;
} set = {.lead = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER};

static pthread_barrier_t all_stocked; /* the workers have what they cannot do without */
static long workers;

static const struct knob knobs[] = {
    WORKERS_KNOB("Threads", workers),
    {0},
};

static const struct model model = {
    .name = "leader-follower",
    .title = "N threads: one waits for all clients, promotes the next, serves",
    .family = "readiness",
    .workers = &workers,
    .knobs = knobs,
};

/* ---- The leader ---- */

/* Takes a client out of the set, to serve him. */
static struct conn *take(struct conn *conn, struct conns *mine)
{
    conns_tick(&set.conns);
    conns_tick(mine);
    conn_move(conn, mine);
    set.served++;
    return conn;
}

/* Whose time is up; NULL: nobody's. His socket may still become ready, and he be another's. */
static struct conn *take_due(struct conns *mine)
{
    struct conn *conn = conns_due(&set.conns);

    if (!conn)
        return NULL;
    if (conn->note)
        (void)epoll_ctl(set.epoll, EPOLL_CTL_DEL, conn->fd, NULL);
    conn->note = 0;
    return take(conn, mine);
}

/* Whoever was ready when somebody's time ran out has his turn first, lest one be cut off who waits
   for us: the kernel's list brings each at most once before any comes again. */
static bool is_clocks_turn(int wait_ms)
{
    if (wait_ms != 0)
        set.clock_waits = false;
    else if (!set.clock_waits) {
        set.clock_waits = true;
        set.before_clock = set.conns.count + 1; /* and the listener */
    }
    return set.conns.stopping || (set.clock_waits && set.before_clock == 0);
}

/* Before the wait. Returns how long it may be, or -2 where there is nobody to wait for, now or
   later; *due is somebody who must be served first. */
static int plan(struct conns *mine, struct conn **due)
{
    int wait_ms;

    pthread_mutex_lock(&set.lock);
    conns_tick(&set.conns);
    if (set.conns.stopping && !set.deaf) {
        set.deaf = true; /* shut down, the listener would be ready for ever */
        (void)epoll_ctl(set.epoll, EPOLL_CTL_DEL, server_listener(), NULL);
    }
    wait_ms = conns_wait_ms(&set.conns);
    *due = is_clocks_turn(wait_ms) ? take_due(mine) : NULL;
    if (set.served > 0 && (wait_ms < 0 || wait_ms > LOOK_MS))
        conns_plan(&set.conns, wait_ms = LOOK_MS);
    if (set.served == 0 && !conns_live(&set.conns))
        wait_ms = -2;
    pthread_mutex_unlock(&set.lock);
    return wait_ms;
}

static struct conn *take_newcomer(struct conns *mine)
{
    int fd = server_accept();
    struct conn *conn;

    if (fd < 0)
        return NULL;
    conns_tick(mine);
    conn = conns_open(mine, fd);
    pthread_mutex_lock(&set.lock);
    set.served += conn != NULL;
    pthread_mutex_unlock(&set.lock);
    return conn;
}

/* Waits for somebody to serve, or NULL. */
static struct conn *wait_for_one(struct conns *mine, int wait_ms)
{
    struct epoll_event event;
    int ready = epoll_wait(set.epoll, &event, 1, wait_ms);
    struct conn *conn;

    if (ready < 0 && errno != EINTR)
        die("cannot wait in epoll_wait");
    set.before_clock -= set.before_clock > 0;
    if (ready <= 0) {
        set.before_clock = 0;
        return NULL;
    }
    if (!event.data.ptr)
        return take_newcomer(mine);
    pthread_mutex_lock(&set.lock);
    conn = take(event.data.ptr, mine);
    pthread_mutex_unlock(&set.lock);
    return conn;
}

/* Returns false where the server has ended. */
static bool lead(struct conns *mine, struct conn **conn)
{
    int wait_ms;

    pthread_mutex_lock(&set.lead);
    wait_ms = plan(mine, conn);
    if (!*conn && wait_ms >= -1)
        *conn = wait_for_one(mine, wait_ms);
    pthread_mutex_unlock(&set.lead); /* which promotes the next */
    return wait_ms >= -1;
}

/* ---- Those who serve ---- */

/* The last call is the epoll_ctl: behind it the client may be another's. */
static void put_back(struct conn *conn)
{
    struct epoll_event event = {.events = EPOLLONESHOT, .data.ptr = conn};
    int operation = conn->note ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    event.events |= conn_want(conn) == CONN_WRITE ? EPOLLOUT : EPOLLIN;
    conn->note = 1;
    conn_move(conn, &set.conns);
    set.served--;
    if (epoll_ctl(set.epoll, operation, conn->fd, &event))
        conn_refuse(conn);
}

/* Returns false where he needs another turn: the set has told its clients of the stop while he was
   away. */
static bool give_back(struct conn *conn)
{
    bool missed;

    pthread_mutex_lock(&set.lock);
    missed = set.conns.stopping && !conn->told;
    if (!missed)
        put_back(conn);
    pthread_mutex_unlock(&set.lock);
    return !missed;
}

static void serve(struct conn *conn, struct conns *mine)
{
    for (;;) {
        (void)conn_turn(conn);
        if (conn_want(conn) == CONN_CLOSE)
            break;
        if (give_back(conn))
            return;
        conns_tick(mine);
        (void)conns_due(mine); /* which tells him */
    }
    conn_close(conn);
    pthread_mutex_lock(&set.lock);
    set.served--;
    pthread_mutex_unlock(&set.lock);
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
    while (lead(&mine, &conn))
        if (conn)
            serve(conn, &mine);
    conns_finish(&mine);
}

int main(int argc, char **argv)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    server_start(&model, argc, argv);
    conns_init(&set.conns, server_rules());
    set.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (set.epoll < 0 || epoll_ctl(set.epoll, EPOLL_CTL_ADD, server_listener(), &event))
        die("cannot set up epoll");
    (void)pthread_barrier_init(&all_stocked, NULL, (unsigned)workers_count(&model) + 1);
    workers_start_threads(workers_count(&model), work);
    (void)pthread_barrier_wait(&all_stocked);
    server_ready();
    workers_wait_for_stop();
    workers_end_threads();
    conns_finish(&set.conns);
    close(set.epoll);
    return server_end();
}
