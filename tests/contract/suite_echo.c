/* SPDX-License-Identifier: MIT */
#include "tests/contract/suite.h"

#include "tests/contract/client.h"
#include "tests/contract/model.h"
#include "tests/contract/patience.h"
#include "tests/contract/proc.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    PERIOD = 65521, /* prime: a lost or doubled buffer of any usual size shows */
    CHUNK = 65536,
    CLIENTS = 50,
    HELD_UP_MS = 150,
    STALL_MS = 300,
    MOST_EVER_QUEUED = 256 * 1024 * 1024, /* over what kernels keep for one connection */
    GROWTH_KIB = 256,                     /* per misbehaving connection, design bound and slack */
    NAME_SIZE = 100,
};

static const char *const options[] = {"--protocol", "echo", NULL};

/* PERIOD bytes that do not repeat, and CHUNK of them again so that any slice is in one piece. */
static const char *pattern(size_t offset)
{
    static char bytes[PERIOD + CHUNK];
    static bool made;
    unsigned random = 1;
    for (size_t i = 0; !made && i < sizeof bytes; i++)
        bytes[i] = i < PERIOD ? (char)(rand_r(&random) >> 3) : bytes[i - PERIOD];
    made = true;
    return bytes + offset % PERIOD;
}

struct transfer {
    struct client *client;
    size_t total, sent, received;
};

static bool receive_some(struct transfer *transfer)
{
    static char in[CHUNK];
    ssize_t length = recv(transfer->client->fd, in, sizeof in, MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN)
        return true;
    if (!tap_check(length > 0, "the echo ends after %zu bytes", transfer->received))
        return false;
    size_t end = transfer->received + (size_t)length;
    if (!tap_check(end <= transfer->sent &&
                       memcmp(in, pattern(transfer->received), (size_t)length) == 0,
                   "the echo differs after %zu bytes", transfer->received))
        return false;
    transfer->received = end;
    return true;
}

static bool send_some(struct transfer *transfer)
{
    size_t left = transfer->total - transfer->sent;
    size_t length = left < CHUNK ? left : CHUNK;
    ssize_t sent =
        send(transfer->client->fd, pattern(transfer->sent), length, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0)
        transfer->sent += (size_t)sent;
    return tap_check(sent > 0 || errno == EAGAIN, "the connection breaks after %zu bytes",
                     transfer->sent);
}

/* Writes and reads until all has come back. */
static bool run_transfer(struct transfer *transfer)
{
    while (transfer->received < transfer->total) {
        short writes = transfer->sent < transfer->total ? POLLOUT : 0;
        struct pollfd wait = {.fd = transfer->client->fd, .events = (short)(POLLIN | writes)};
        if (!tap_check(poll(&wait, 1, (int)patience_limit_ms()) == 1,
                       "nothing moves after %zu bytes of %zu", transfer->received, transfer->total))
            return false;
        if ((wait.revents & ~POLLOUT) != 0 && !receive_some(transfer))
            return false;
        if ((wait.revents & POLLOUT) != 0 && !send_some(transfer))
            return false;
    }
    return true;
}

static void check_ends(struct client *client)
{
    while (!client->ended && client_receive(client, patience_limit_ms()))
        continue;
    tap_check(client->len == 0, "%zu bytes too many", client->len);
    tap_check(client->ended && !client->reset, "no orderly end");
}

static void any_length_comes_back(const void *argument)
{
    struct transfer transfer = {.client = client_open(), .total = *(const size_t *)argument};
    if (patience_sanitized() && transfer.total > 16 * 1024 * 1024)
        transfer.total = 16 * 1024 * 1024;
    if (transfer.client == NULL || !run_transfer(&transfer))
        return;
    client_half_close(transfer.client);
    check_ends(transfer.client);
}

/* Waits until `expected` has come, and drops it. */
static bool expect_bytes(struct client *client, struct bytes expected)
{
    while (client->len < expected.len && client_receive(client, patience_limit_ms()))
        continue;
    if (!tap_check(client->len >= expected.len, "only %zu bytes of %zu come back", client->len,
                   expected.len) ||
        !tap_check(memcmp(client->in, expected.at, expected.len) == 0, "other bytes come back"))
        return false;
    client_drop(client, expected.len);
    return true;
}

static void every_byte_value_comes_back(const void *unused)
{
    (void)unused;
    char all[256];
    struct client *client = client_open();
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    struct bytes bytes = {all, sizeof all};
    if (client != NULL && client_send(client, bytes))
        expect_bytes(client, bytes);
}

static void requests_are_only_bytes(const void *unused)
{
    (void)unused;
    static const struct bytes bytes =
        BYTES("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n\0\xff\r\n\r\nBREW\n");
    struct client *client = client_open();
    if (client != NULL && client_send(client, bytes) && expect_bytes(client, bytes)) {
        client_send(client, bytes);
        expect_bytes(client, bytes);
    }
}

static void bytes_one_by_one(const void *unused)
{
    (void)unused;
    struct client *client = client_open();
    for (size_t i = 0; client != NULL && i < 1000; i++) {
        struct bytes one = {pattern(i), 1};
        if (!client_send(client, one) || !expect_bytes(client, one))
            return;
    }
}

static void rest_comes_after_half_close(const void *unused)
{
    (void)unused;
    /* Less than the kernel's own buffers, so that all can be sent before anything is read. */
    struct client *client = client_open();
    struct bytes bytes = {pattern(0), CHUNK};
    if (client == NULL || !tap_check(client_push(client, bytes, patience_limit_ms()) == CHUNK,
                                     "the server does not read"))
        return;
    client_half_close(client);
    if (expect_bytes(client, bytes))
        check_ends(client);
}

static void half_close_alone_ends(const void *unused)
{
    (void)unused;
    struct client *client = client_open();
    if (client == NULL)
        return;
    client_half_close(client);
    check_ends(client);
}

static bool is_echoed(struct client *client)
{
    struct bytes bytes = {pattern(0), 100};
    return client != NULL && client_send(client, bytes) && expect_bytes(client, bytes);
}

/* Another client comes: echoed at once, or held up where the model says so, until `busy` ends. */
static void check_others_go_on(struct client *busy)
{
    struct client *other = client_open();
    if (model_is_one_at_a_time()) {
        struct bytes bytes = {pattern(0), 100};
        if (other == NULL || !client_send(other, bytes))
            return;
        tap_check(client_quiet(other, HELD_UP_MS), "serves a second client, though it says not");
        client_close(busy, false);
        expect_bytes(other, bytes);
    } else {
        tap_check(is_echoed(other), "another client is not served");
    }
}

/* Writes the pattern without reading, until nothing moves any more. */
static void write_until_stopped(struct transfer *transfer)
{
    while (transfer->sent < transfer->total) {
        struct bytes piece = {pattern(transfer->sent), CHUNK};
        size_t sent = client_push(transfer->client, piece, STALL_MS);
        transfer->sent += sent;
        if (sent < CHUNK)
            return;
    }
}

static void check_growth(long before)
{
    if (patience_sanitized())
        return;
    long growth = proc_pss_kib(server_pid()) - before;
    tap_check(growth < GROWTH_KIB, "the server's memory has grown by %ld KiB", growth);
}

static void writer_who_does_not_read_is_stopped(const void *unused)
{
    (void)unused;
    if (!server_start(options))
        return;
    struct transfer transfer = {.client = client_open_with_window(CHUNK),
                                .total = MOST_EVER_QUEUED};
    if (!is_echoed(transfer.client))
        return;
    long before = proc_pss_kib(server_pid());
    write_until_stopped(&transfer);
    tap_check(transfer.sent < transfer.total, "the server takes %zu bytes without an end",
              transfer.sent);
    check_growth(before);
    if (!model_is_one_at_a_time())
        check_others_go_on(transfer.client);
    transfer.total = transfer.sent;
    if (!run_transfer(&transfer))
        return;
    check_growth(before);
    if (model_is_one_at_a_time())
        check_others_go_on(transfer.client);
    clients_close();
    server_stop(NULL);
}

static void many_clients_keep_their_own_bytes(const void *unused)
{
    (void)unused;
    struct client *clients[CLIENTS];
    unsigned count = model_clients(CLIENTS);
    for (unsigned i = 0; i < count; i++) {
        clients[i] = client_open();
        if (clients[i] == NULL)
            return;
    }
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < count; i++)
            client_send(clients[i], (struct bytes){pattern(1000 * i + round), 999});
        for (unsigned i = 0; i < count; i++)
            if (!expect_bytes(clients[i], (struct bytes){pattern(1000 * i + round), 999}))
                return;
    }
}

static void reset_ends_only_itself(const void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *client = client_open();
        if (client == NULL)
            return;
        client_print(client, "something that is not read");
        client_close(client, true);
    }
    is_echoed(client_open());
}

static void shared(const char *name, void (*run)(const void *), const void *argument)
{
    suite_shared_case(name, run, argument, options);
}

static void stops_in_time(const void *unused)
{
    (void)unused;
    if (!server_start(options) || !is_echoed(client_open()))
        return;
    server_signal(SIGTERM);
    long since = patience_now_ms();
    /* The drain timeout is 5 s; nobody here has anything in flight. */
    server_wait(NULL);
    tap_note("%ld ms", patience_now_ms() - since);
}

/* A recv stops short at the urgent mark. All is there before the server looks. */
static void urgent_byte_holds_up_nothing(const void *unused)
{
    (void)unused;
    struct client *client = client_open();
    if (client == NULL)
        return;
    server_suspend();
    bool sent = send(client->fd, "abc", 3, MSG_NOSIGNAL) == 3 &&
                send(client->fd, "!", 1, MSG_NOSIGNAL | MSG_OOB) == 1 &&
                send(client->fd, "def", 3, MSG_NOSIGNAL) == 3;
    server_signal_group(SIGCONT);
    while (sent && client->len < 6 && client_receive(client, patience_limit_ms()))
        continue;
    tap_check(client->len == 6 && memcmp(client->in, "abcdef", 6) == 0, "%zu bytes come back",
              client->len);
}

void suite_echo(void)
{
    static const size_t lengths[] = {1, 13, 4096, 65536, 1048576, 64 * 1024 * 1024};
    char name[NAME_SIZE];
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        snprintf(name, sizeof name, "%zu bytes come back in order", lengths[i]);
        shared(name, any_length_comes_back, &lengths[i]);
    }
    shared("every byte value comes back", every_byte_value_comes_back, NULL);
    shared("a request is only bytes", requests_are_only_bytes, NULL);
    shared("bytes come back one by one", bytes_one_by_one, NULL);
    shared("after a half-close the rest comes, then the end", rest_comes_after_half_close, NULL);
    shared("a half-close alone gets the end", half_close_alone_ends, NULL);
    shared("many clients get their own bytes", many_clients_keep_their_own_bytes, NULL);
    shared("an urgent byte holds up nothing", urgent_byte_holds_up_nothing, NULL);
    shared("a reset ends only its own connection", reset_ends_only_itself, NULL);
    suite_shared_end();
    suite_case("a client that writes without reading is stopped, not fed with memory",
               writer_who_does_not_read_is_stopped, NULL);
    suite_case("with a client connected it stops in time", stops_in_time, NULL);
}
