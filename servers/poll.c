/* SPDX-License-Identifier: MIT */
/*
 * Poll: one thread, one call that waits for all sockets, told as an array.
 *
 * Who waits where: the thread waits in poll. The array has one entry for each connection and is
 * kept between calls: interest is changed in place, and who has gone is replaced by the last.
 *
 * One more client costs: 8 bytes copied to the kernel, and a look at its socket, in every call.
 * What breaks it: nothing at once; each idle connection makes every wake-up a little dearer.
 * Compare with: select (the same question in bits), epoll-lt (the question asked only once).
 */
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

static struct {
    struct conns conns;
    struct pollfd *entries; /* the listener's first */
    struct conn **by_entry; /* conn->note is the connection's entry, 0 while it has none */
    int count, size;
} loop;

static const struct model model = {
    .name = "poll",
    .title = "one thread, readiness from poll",
    .family = "readiness",
};

static short events_of(const struct conn *conn)
{
    return conn_want(conn) == CONN_WRITE ? POLLOUT : POLLIN;
}

/* Room for one more entry. Returns false: no memory. */
static bool grow(void)
{
    int size = loop.size * 2 + 64;
    void *entries, *by_entry;

    if (loop.count < loop.size)
        return true;
    entries = reallocarray(loop.entries, (size_t)size, sizeof *loop.entries);
    if (!entries)
        return false;
    loop.entries = entries;
    by_entry = reallocarray(loop.by_entry, (size_t)size, sizeof *loop.by_entry);
    if (!by_entry)
        return false;
    loop.by_entry = by_entry;
    loop.size = size;
    return true;
}

static void add(struct conn *conn)
{
    if (!grow()) {
        conn_refuse(conn);
        return;
    }
    conn->note = loop.count;
    loop.by_entry[loop.count] = conn;
    loop.entries[loop.count++] = (struct pollfd){.fd = conn->fd, .events = events_of(conn)};
}

static void drop(struct conn *conn)
{
    if (conn->note) {
        int last = --loop.count;

        loop.entries[conn->note] = loop.entries[last];
        loop.by_entry[conn->note] = loop.by_entry[last];
        loop.by_entry[conn->note]->note = conn->note;
    }
    conn_close(conn);
}

/* A turn, then interest in what the connection waits for now. */
static void serve(struct conn *conn)
{
    (void)conn_turn(conn);
    if (conn_want(conn) == CONN_CLOSE)
        drop(conn);
    else if (conn->note)
        loop.entries[conn->note].events = events_of(conn);
    else
        add(conn);
}

/* From the end: whoever goes is replaced by one that had its look already. */
static void serve_ready(int ready)
{
    for (int i = loop.count - 1; i > 0 && ready > 0; i--) {
        if (loop.entries[i].revents == 0)
            continue;
        ready--;
        serve(loop.by_entry[i]);
    }
    if (loop.entries[0].revents)
        server_welcome(&loop.conns, serve);
}

static void deafen(void)
{
    server_deafen();
    loop.entries[0] = (struct pollfd){.fd = -1};
}

int main(int argc, char **argv)
{
    struct conn *conn;

    server_start(&model, argc, argv);
    conns_init(&loop.conns, server_rules());
    if (!grow())
        die("cannot make the array");
    loop.entries[loop.count++] = (struct pollfd){.fd = server_listener(), .events = POLLIN};
    while (conns_live(&loop.conns)) {
        int ready = poll(loop.entries, (nfds_t)loop.count, conns_wait_ms(&loop.conns));

        if (ready < 0 && errno != EINTR)
            die("cannot wait in poll");
        conns_tick(&loop.conns);
        if (ready > 0)
            serve_ready(ready);
        while ((conn = conns_due(&loop.conns)))
            serve(conn);
        if (loop.conns.stopping)
            deafen();
    }
    conns_finish(&loop.conns);
    free(loop.entries);
    free(loop.by_entry);
    return server_end();
}
