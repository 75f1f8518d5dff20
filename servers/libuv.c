/* SPDX-License-Identifier: MIT */
/*
 * Libuv: the baseline, a server as libuv's own guide writes one.
 *
 * Who waits where: the library waits (in epoll_wait, level-triggered) and calls back when a client
 * has come, bytes have come, or a write has ended. The library makes the calls, so this model uses
 * the pure half of a conversation: bytes are put where conn_room() says, and what conn_pending()
 * has is tried to be written at once; only the rest goes through the library's write queue, which
 * never holds more than one buffer, for no more is read until it is empty.
 *
 * Longer than the others: what they do in one place, one turn, is spread over callbacks here.
 *
 * One more client costs: a uv_tcp_t, callbacks, and an entry in the kernel's tree.
 * What breaks it: one slow callback delays everybody.
 * Compare with: epoll-lt, the same calls without the library between.
 */
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

struct client {
    uv_tcp_t tcp; /* its data points back here */
    uv_write_t write;
    bool writing;
    struct conn *conn;
};

static struct {
    struct conns conns;
    struct client *next; /* the memory for the next client, had in advance */
    bool waiting;        /* the library has accepted a client that we could not take yet */
    uv_tcp_t listener;
    uv_prepare_t before_wait;
    uv_check_t after_wait;
    uv_timer_t timer;
} loop;

static const struct model model = {
    .name = "libuv",
    .title = "one thread, callbacks from libuv",
    .family = "library",
};

static void advance(struct client *client);

static void welcome(void);

/* Without memory for a next client, this one's is kept for it. */
static void on_closed(uv_handle_t *handle)
{
    if (loop.next) {
        free(handle->data);
        return;
    }
    loop.next = handle->data;
    if (loop.waiting)
        welcome();
}

/* The socket is the library's to close. */
static void drop(struct client *client)
{
    client->conn->fd = -1;
    conn_close(client->conn);
    client->conn = NULL;
    uv_close((uv_handle_t *)&client->tcp, on_closed);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct client *client = handle->data;
    struct room room = conn_room(client->conn);

    (void)suggested;
    *buffer = uv_buf_init(room.at, (unsigned)room.size);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct client *client = stream->data;

    (void)buffer;
    conns_tick(&loop.conns);
    if (len > 0)
        conn_received(client->conn, (size_t)len);
    else if (len == 0) /* EAGAIN */
        conn_unused(client->conn);
    else if (len == UV_EOF)
        conn_eof(client->conn);
    else if (len != UV_ENOBUFS) /* which conn_room() has dealt with */
        conn_failed(client->conn);
    advance(client);
}

static void on_written(uv_write_t *write, int status)
{
    struct client *client = write->handle->data;

    client->writing = false;
    if (!client->conn) /* dropped meanwhile */
        return;
    conns_tick(&loop.conns);
    if (status)
        conn_failed(client->conn);
    else
        conn_sent(client->conn, conn_pending(client->conn).len);
    advance(client);
}

static uv_buf_t pending(const struct client *client)
{
    struct span span = conn_pending(client->conn);

    return uv_buf_init((char *)span.at, (unsigned)span.len);
}

/* At once, as far as the kernel takes it; the library gets the rest. */
static void write_pending(struct client *client)
{
    uv_stream_t *stream = (uv_stream_t *)&client->tcp;
    uv_buf_t buffer = pending(client);
    int len = uv_try_write(stream, &buffer, 1);

    if (len > 0)
        conn_sent(client->conn, (size_t)len);
    if (conn_want(client->conn) != CONN_WRITE)
        return;
    buffer = pending(client);
    client->writing = uv_write(&client->write, stream, &buffer, 1, on_written) == 0;
    if (!client->writing)
        conn_failed(client->conn);
}

/* Does what the connection waits for. */
static void advance(struct client *client)
{
    uv_stream_t *stream = (uv_stream_t *)&client->tcp;

    if (conn_want(client->conn) == CONN_WRITE && !client->writing)
        write_pending(client);
    if (conn_want(client->conn) == CONN_WRITE)
        uv_read_stop(stream);
    else if (conn_want(client->conn) == CONN_READ)
        uv_read_start(stream, on_room, on_read); /* UV_EALREADY most of the time */
    else
        drop(client);
}

static void welcome(void)
{
    uv_stream_t *listener = (uv_stream_t *)&loop.listener;
    struct client *client = loop.next;
    uv_os_fd_t fd;

    loop.waiting = !client || uv_is_closing((uv_handle_t *)listener);
    if (loop.waiting)
        return;
    loop.next = calloc(1, sizeof *client);
    memset(client, 0, sizeof *client);
    uv_tcp_init(listener->loop, &client->tcp);
    client->tcp.data = client;
    if (!loop.next)
        server_count(COUNT_REFUSED);
    if (uv_accept(listener, (uv_stream_t *)&client->tcp) || !loop.next ||
        uv_fileno((uv_handle_t *)&client->tcp, &fd) ||
        !(client->conn = conns_open(&loop.conns, -1))) {
        uv_close((uv_handle_t *)&client->tcp, on_closed);
        return;
    }
    client->conn->fd = fd;
    client->conn->owner = client;
    advance(client);
}

static void deafen(void)
{
    server_deafen();
    if (!uv_is_closing((uv_handle_t *)&loop.listener))
        uv_close((uv_handle_t *)&loop.listener, NULL);
}

/* A status is an error of accept: the library has dealt with it (without descriptors it turns the
   clients away, and does not say how many). It accepts until there is nobody, or no listener. */
static void on_client(uv_stream_t *listener, int status)
{
    (void)listener;
    conns_tick(&loop.conns);
    if (server_stopping()) {
        deafen();
    } else if (status == 0) {
        server_count(COUNT_ACCEPTED);
        welcome();
    }
}

static void on_time(uv_timer_t *timer)
{
    (void)timer; /* to end the wait is all that it does */
}

/* Here, and not when the timer calls: the library looks at its timers before it looks who is ready.
 */
static void on_after_wait(uv_check_t *check)
{
    struct conn *conn;

    (void)check;
    conns_tick(&loop.conns);
    while ((conn = conns_due(&loop.conns))) {
        if (loop.conns.stopping)
            conn_stop(conn);
        advance(conn->owner);
    }
    if (loop.conns.stopping)
        deafen();
}

/* Who was told to stop before uv_listen() would wait for ever: it makes a listener again of what
   was shut down. */
static void on_before_wait(uv_prepare_t *prepare)
{
    int wait_ms = conns_wait_ms(&loop.conns);

    (void)prepare;
    if (server_stopping())
        deafen();
    if (wait_ms < 0)
        uv_timer_stop(&loop.timer);
    else
        uv_timer_start(&loop.timer, on_time, (uint64_t)wait_ms, 0);
}

/* The library closes what it is given, so it gets a copy of the listener. What is unreferenced
   does not keep the loop going. */
static void start(uv_loop_t *uv)
{
    conns_init(&loop.conns, server_rules());
    loop.next = calloc(1, sizeof *loop.next);
    uv_tcp_init(uv, &loop.listener);
    errno = -uv_tcp_open(&loop.listener, dup(server_listener()));
    if (errno == 0)
        errno = -uv_listen((uv_stream_t *)&loop.listener, server_backlog(), on_client);
    if (errno)
        die("cannot give the listener to the library");
    uv_prepare_init(uv, &loop.before_wait);
    uv_prepare_start(&loop.before_wait, on_before_wait);
    uv_unref((uv_handle_t *)&loop.before_wait);
    uv_check_init(uv, &loop.after_wait);
    uv_check_start(&loop.after_wait, on_after_wait);
    uv_unref((uv_handle_t *)&loop.after_wait);
    uv_timer_init(uv, &loop.timer);
    uv_unref((uv_handle_t *)&loop.timer);
}

int main(int argc, char **argv)
{
    server_start(&model, argc, argv);
    start(uv_default_loop());
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    conns_finish(&loop.conns);
    free(loop.next);
    return server_end();
}
