/* SPDX-License-Identifier: MIT */
/*
 * Select: one thread, one call that waits for all sockets, told as a set of bits.
 *
 * Who waits where: the thread waits in select. The kernel overwrites the sets with its answer, so
 * they are kept and copied for each call; both it and we look at every bit up to the highest.
 *
 * One more client costs: a bit in three copies, and a look at its socket in every call.
 * What breaks it: a descriptor of FD_SETSIZE (1 024) or above: FD_SET would write beyond the set.
 * Compare with: poll, which has no such limit, and epoll-lt, which is told its sockets only once.
 */
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <signal.h>
#include <sys/select.h>

enum signals { SIGNALS_SHUTDOWN, SIGNALS_PSELECT, SIGNALS_FLAG };

static struct {
    struct conns conns;
    struct conn *by_fd[FD_SETSIZE];
    fd_set reading, writing; /* who is interested in what */
    int highest;
} loop;

static long signals = SIGNALS_SHUTDOWN;

static const struct knob knobs[] = {
    {.name = "signals",
     .help =
         "How a stop ends the wait: the listener is shut down, the wait alone lets signals in, or "
         "a flag is tested before it (and the signal that comes between the two is missed)",
     .value = &signals,
     .choices = "shutdown|pselect|!flag"},
    {0},
};

static const struct model model = {
    .name = "select",
    .title = "one thread, readiness from select",
    .family = "readiness",
    .max_descriptors = FD_SETSIZE,
    .knobs = knobs,
};

static void drop(struct conn *conn)
{
    loop.by_fd[conn->fd] = NULL;
    FD_CLR(conn->fd, &loop.reading);
    FD_CLR(conn->fd, &loop.writing);
    while (loop.highest > 0 && !loop.by_fd[loop.highest] && !FD_ISSET(loop.highest, &loop.reading))
        loop.highest--;
    conn_close(conn);
}

static void add(struct conn *conn)
{
    loop.by_fd[conn->fd] = conn;
    if (conn->fd > loop.highest)
        loop.highest = conn->fd;
}

/* A turn, then interest in what the connection waits for now. */
static void serve(struct conn *conn)
{
    if (conn->fd >= FD_SETSIZE) {
        conn_refuse(conn);
        return;
    }
    add(conn);
    (void)conn_turn(conn);
    switch (conn_want(conn)) {
    case CONN_READ:
        FD_SET(conn->fd, &loop.reading);
        FD_CLR(conn->fd, &loop.writing);
        break;
    case CONN_WRITE:
        FD_SET(conn->fd, &loop.writing);
        FD_CLR(conn->fd, &loop.reading);
        break;
    case CONN_CLOSE:
        drop(conn);
        break;
    }
}

static int wait_ready(fd_set *readable, fd_set *writable)
{
    int wait_ms = conns_wait_ms(&loop.conns);
    struct timespec timeout = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
    sigset_t none;

    *readable = loop.reading;
    *writable = loop.writing;
    sigemptyset(&none);
    return pselect(loop.highest + 1, readable, writable, NULL, wait_ms < 0 ? NULL : &timeout,
                   signals == SIGNALS_PSELECT ? &none : NULL);
}

static void serve_ready(int ready, const fd_set *readable, const fd_set *writable)
{
    int listener = server_listener();

    for (int fd = 0; fd <= loop.highest && ready > 0; fd++) {
        if (!FD_ISSET(fd, readable) && !FD_ISSET(fd, writable))
            continue;
        ready--;
        if (fd == listener)
            server_welcome(&loop.conns, serve);
        else if (loop.by_fd[fd])
            serve(loop.by_fd[fd]);
    }
}

static void prepare_signals(void)
{
    sigset_t stops;

    if (signals == SIGNALS_FLAG)
        server_stop_by_flag_alone();
    if (signals != SIGNALS_PSELECT)
        return;
    sigemptyset(&stops);
    sigaddset(&stops, SIGHUP);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGQUIT);
    sigaddset(&stops, SIGTERM);
    sigprocmask(SIG_BLOCK, &stops, NULL);
}

static void deafen(void)
{
    if (server_listener() >= 0)
        FD_CLR(server_listener(), &loop.reading);
    server_deafen();
}

int main(int argc, char **argv)
{
    struct conn *conn;

    server_start(&model, argc, argv);
    prepare_signals();
    conns_init(&loop.conns, server_rules());
    loop.highest = server_listener();
    FD_SET(loop.highest, &loop.reading);
    while (conns_live(&loop.conns)) {
        fd_set readable, writable;
        int ready = wait_ready(&readable, &writable);

        if (ready < 0 && errno != EINTR)
            die("cannot wait in select");
        conns_tick(&loop.conns);
        serve_ready(ready, &readable, &writable);
        while ((conn = conns_due(&loop.conns)))
            serve(conn);
        if (loop.conns.stopping)
            deafen();
    }
    conns_finish(&loop.conns);
    return server_end();
}
