/* SPDX-License-Identifier: MIT */
/*
 * Servers with one known property each, for `c10kit selftest`. Four must be refused, though a load
 * generator finds nothing wrong with them; the others cost a known time. Each executable made of
 * this file learns from its own name which one it is. What is not the property is a model like
 * epoll-lt: one thread, readiness from epoll, the conversation of lib/.
 *
 * A misfit serves a client that comes alone as it should: probes find nothing, so what refuses it
 * are the figures of the load.
 */
#include "lib/die.h"
#include "lib/http.h"
#include "lib/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 512,          /* fetched in one wake-up at most */
    CROWD_MS = 10,         /* hang: clients that come within so long of each other */
    LEFT_ONE_IN = 4,       /* of these */
    ACCEPT_PAUSE_US = 1000 /* backlog-1: long for a generator that opens 64 connections at once */
};

/* What is done to an answer: to its bytes, which stand at `from` in out, or to the server's time.
 */
typedef void treat_answer(struct room *out, size_t from, long us);

static treat_answer spin, stall, say_500, shorten;

static const struct misfit {
    struct model model;
    treat_answer *treat; /* of one in `every` answers; NULL: none */
    long us;
    unsigned every;
    bool hangs, is_deaf;
} misfits[] = {
    {.model = {.name = "hang",
               .family = "readiness",
               .title = "leaves one client in four of a crowd without an answer"},
     .hangs = true},
    {.model = {.name = "status-500",
               .family = "readiness",
               .title = "one answer in 100 has status 500"},
     .treat = say_500,
     .every = 100},
    {.model = {.name = "short-body",
               .family = "readiness",
               .title = "one answer in 100 is cut short and says so"},
     .treat = shorten,
     .every = 100},
    {.model = {.name = "backlog-1",
               .family = "readiness",
               .title = "slow to accept, with a backlog of one"},
     .is_deaf = true},
    {.model = {.name = "spin-50", .family = "readiness", .title = "spins 50 us for each answer"},
     .treat = spin,
     .every = 1,
     .us = 50},
    {.model = {.name = "spin-100", .family = "readiness", .title = "spins 100 us for each answer"},
     .treat = spin,
     .every = 1,
     .us = 100},
    {.model = {.name = "stall", .family = "readiness", .title = "sleeps 60 ms every 5 000 answers"},
     .treat = stall,
     .every = 5000,
     .us = 60000},
};

static struct {
    const struct misfit *misfit;
    struct conns conns;
    struct conn_rules rules;
    struct protocol protocol;
    int epoll;
    unsigned long answers;
    unsigned long crowd; /* clients that have come one upon the other */
    int64_t came_ms;     /* the last of them */
} loop;

/* ---- Treatments ---- */

static int64_t cpu_clock_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

/* By the thread's own CPU time: while others have the CPU nothing is spun. A look at that clock is
   a system call, so a spin is too long by half of one, the same for all lengths. */
static void spin(struct room *out, size_t from, long us)
{
    int64_t end_ns = cpu_clock_ns() + us * 1000;

    (void)out;
    (void)from;
    while (cpu_clock_ns() < end_ns)
        continue;
}

static void pause_for(long us)
{
    (void)nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

static void stall(struct room *out, size_t from, long us)
{
    (void)out;
    (void)from;
    pause_for(us);
}

static bool is_probe(void)
{
    return loop.conns.count < 2;
}

/* As long as a right answer: only the status tells. */
static void say_500(struct room *out, size_t from, long us)
{
    (void)us;
    if (!is_probe())
        memcpy(out->at + from + strlen("HTTP/1.1 "), "500", strlen("500"));
}

/* A whole answer by its own account, so that no client takes it for cut off. */
static void shorten(struct room *out, size_t from, long us)
{
    static const char whole[] = "Content-Length: 13\r\n", part[] = "Content-Length:  5\r\n";
    char *head = memmem(out->at + from, out->len - from, whole, strlen(whole));

    (void)us;
    if (is_probe() || !head)
        return;
    memcpy(head, part, strlen(part));
    out->len -= strlen(", world!");
}

static enum answer answer(struct session *session, struct span in, size_t *used, struct room *out)
{
    const struct misfit *misfit = loop.misfit;
    size_t from = out->len;
    enum answer answered = http_protocol.answer(session, in, used, out);

    if (answered != ANSWER_WAIT && misfit->treat && ++loop.answers % misfit->every == 0)
        misfit->treat(out, from, misfit->us);
    return answered;
}

/* ---- The loop ---- */

/* Registers what the connection waits for now; conn->note is what is registered. */
static void watch_for(struct conn *conn, uint32_t interest)
{
    int operation = conn->note ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    struct epoll_event event = {.events = interest, .data.ptr = conn};

    if (conn->note == (int)interest)
        return;
    conn->note = (int)interest;
    if (epoll_ctl(loop.epoll, operation, conn->fd, &event))
        conn_refuse(conn);
}

static void serve(struct conn *conn)
{
    if (conn_want(conn) != CONN_CLOSE)
        (void)conn_turn(conn);
    if (conn_want(conn) == CONN_CLOSE)
        conn_close(conn);
    else
        watch_for(conn, conn_want(conn) == CONN_WRITE ? EPOLLOUT : EPOLLIN);
}

static bool is_left(void)
{
    if (loop.conns.now_ms - loop.came_ms > CROWD_MS)
        loop.crowd = 0;
    loop.came_ms = loop.conns.now_ms;
    return ++loop.crowd % LEFT_ONE_IN == 0;
}

/* A client that is left hanging is not listened to; only its going is noticed. */
static void receive(struct conn *conn)
{
    if (loop.misfit->hangs && is_left())
        watch_for(conn, EPOLLRDHUP);
    else
        serve(conn);
}

static void welcome(void)
{
    if (loop.misfit->is_deaf)
        pause_for(ACCEPT_PAUSE_US);
    server_welcome(&loop.conns, receive);
}

static void serve_ready(const struct epoll_event *events, int ready)
{
    for (int i = 0; i < ready; i++) {
        struct conn *conn = events[i].data.ptr;

        if (!conn)
            welcome();
        else if (conn->note == EPOLLRDHUP)
            conn_close(conn);
        else
            serve(conn);
    }
}

static const struct misfit *find(const char *name)
{
    for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++)
        if (strcmp(misfits[i].model.name, name) == 0)
            return &misfits[i];
    die_usage("no misfit has the name %s", name);
}

static void start(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

    loop.protocol = http_protocol;
    loop.protocol.answer = answer;
    loop.rules = *server_rules();
    loop.rules.protocol = &loop.protocol;
    conns_init(&loop.conns, &loop.rules);
    if (loop.misfit->is_deaf && listen(server_listener(), 1))
        die("cannot listen with a backlog of 1");
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop.epoll < 0 || epoll_ctl(loop.epoll, EPOLL_CTL_ADD, server_listener(), &event))
        die("cannot set up epoll");
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct conn *conn;

    loop.misfit = find(program_invocation_short_name);
    server_start(&loop.misfit->model, argc, argv);
    start();
    while (conns_live(&loop.conns)) {
        int ready = epoll_wait(loop.epoll, events, EVENTS, conns_wait_ms(&loop.conns));

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
