/* SPDX-License-Identifier: MIT */
#include "tests/contract/client.h"

#include "tests/contract/patience.h"
#include "tests/contract/proc.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 65536 };

static struct client *clients;

/* The ports of all that have connected to this server, each once. */
static struct {
    unsigned server;
    bool known[UINT16_MAX + 1];
    uint16_t ports[UINT16_MAX + 1];
    size_t count;
} connected;

static unsigned own_port(int fd)
{
    struct sockaddr_in own = {0};
    socklen_t size = sizeof own;
    getsockname(fd, (struct sockaddr *)&own, &size);
    return ntohs(own.sin_port);
}

static void note_connected(int fd)
{
    uint16_t port = (uint16_t)own_port(fd);
    if (connected.server != server_port()) {
        memset(&connected, 0, sizeof connected);
        connected.server = server_port();
    }
    if (connected.known[port])
        return;
    connected.known[port] = true;
    connected.ports[connected.count++] = port;
}

unsigned clients_held(void)
{
    if (connected.server != server_port())
        return 0;
    return proc_held(server_port(), connected.ports, connected.count);
}

static int connect_with_window(int window)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)server_port()),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    /* A window must be small before the handshake offers a larger one. */
    if (window > 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    note_connected(fd);
    return fd;
}

int client_connect(void)
{
    return connect_with_window(0);
}

struct client *client_open_with_window(int window)
{
    int fd = connect_with_window(window);
    if (!tap_check(fd >= 0, "cannot connect: %s", strerror(errno)))
        return NULL;
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL)
        tap_bail_out("out of memory");
    client->fd = fd;
    client->next = clients;
    clients = client;
    return client;
}

struct client *client_open(void)
{
    return client_open_with_window(0);
}

/* Room for one more CHUNK behind what came. */
static void make_room(struct client *client)
{
    size_t dropped = client->buffer != NULL ? (size_t)(client->in - client->buffer) : 0;
    if (client->size - dropped - client->len >= CHUNK)
        return;
    if (client->size - client->len >= CHUNK && dropped >= client->len) {
        memcpy(client->buffer, client->in, client->len);
        client->in = client->buffer;
        return;
    }
    client->size = 2 * client->size + CHUNK;
    client->buffer = realloc(client->buffer, client->size);
    if (client->buffer == NULL)
        tap_bail_out("out of memory");
    client->in = client->buffer + dropped;
}

static void note_end(struct client *client, ssize_t received)
{
    if (received == 0)
        client->ended = true;
    else if (received < 0 && errno != EAGAIN && errno != EINTR)
        client->ended = client->reset = true;
}

bool client_receive(struct client *client, long ms)
{
    struct pollfd wait = {.fd = client->fd, .events = POLLIN};
    if (client->ended || ms < 0 || poll(&wait, 1, (int)ms) != 1)
        return false;
    make_room(client);
    ssize_t received = recv(client->fd, client->in + client->len, CHUNK, MSG_DONTWAIT);
    if (received > 0)
        client->len += (size_t)received;
    note_end(client, received);
    return true;
}

void client_drop(struct client *client, size_t len)
{
    client->len -= len;
    client->in = client->len == 0 ? client->buffer : client->in + len;
}

/* One step of sending: waits, takes what came if `reads`, sends what goes. -1: broken or stuck. */
static ssize_t send_step(struct client *client, struct bytes left, bool reads, long wait_ms)
{
    short events = POLLOUT;
    if (reads && !client->ended)
        events |= POLLIN;
    struct pollfd wait = {.fd = client->fd, .events = events};
    if (poll(&wait, 1, (int)wait_ms) != 1)
        return -1;
    if (reads)
        client_receive(client, 0);
    ssize_t sent = send(client->fd, left.at, left.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN)
        return 0;
    return sent;
}

static size_t send_until(struct client *client, struct bytes bytes, bool reads, long wait_ms)
{
    size_t done = 0;
    while (done < bytes.len) {
        struct bytes left = {bytes.at + done, bytes.len - done};
        ssize_t sent = send_step(client, left, reads, wait_ms);
        if (sent < 0)
            break;
        done += (size_t)sent;
    }
    return done;
}

bool client_send(struct client *client, struct bytes bytes)
{
    return send_until(client, bytes, true, patience_limit_ms()) == bytes.len;
}

bool client_print(struct client *client, const char *text)
{
    return client_send(client, (struct bytes){text, strlen(text)});
}

size_t client_push(struct client *client, struct bytes bytes, long stall_ms)
{
    return send_until(client, bytes, false, stall_ms);
}

bool client_quiet(struct client *client, long ms)
{
    return !client_receive(client, ms);
}

static bool nothing_unread(void *argument)
{
    const struct client *client = argument;
    return proc_unread(server_port(), own_port(client->fd)) <= 0; /* -1: the server has ended it */
}

bool client_is_read(const struct client *client)
{
    return tap_check(patience_until(nothing_unread, (void *)client),
                     "the server does not read what was sent to it");
}

bool client_wait_end(struct client *client)
{
    long end = patience_now_ms() + patience_limit_ms();
    while (!client->ended && client_receive(client, end - patience_now_ms()))
        client_drop(client, client->len);
    return client->ended;
}

void client_half_close(const struct client *client)
{
    shutdown(client->fd, SHUT_WR);
}

void client_close(struct client *client, bool reset)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (client->fd < 0)
        return;
    if (reset)
        setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(client->fd);
    client->fd = -1;
}

void clients_close(void)
{
    while (clients != NULL) {
        struct client *next = clients->next;
        client_close(clients, false);
        free(clients->buffer);
        free(clients);
        clients = next;
    }
}
