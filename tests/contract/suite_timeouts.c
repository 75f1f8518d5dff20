/* SPDX-License-Identifier: MIT */
#include "tests/contract/suite.h"

#include "tests/contract/bystander.h"
#include "tests/contract/client.h"
#include "tests/contract/model.h"
#include "tests/contract/patience.h"
#include "tests/contract/proc.h"
#include "tests/contract/reply.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#define GET       "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define HALF_HEAD "GET / HTTP/1.1\r\nHost: x\r\n"

enum {
    SHORT_MS = 400, /* the timeout that a case is about, with "0.4" */
    EARLY_MS = 20,  /* a server may count whole ticks of a coarse clock */
    LATE_MS = 4000, /* over any delay of a loaded machine, under the other timeouts */
    TRICKLE_MS = 100,
    STOPPED_MS = 1000,
    REST_MS = 1000, /* "1" */
    TRIES = 4,
    LIVE_CLIENTS = 20,
    TAKEN_AT_ONCE = 1024 * 1024,
    ENDLESS = 64 * 1024 * 1024, /* more than a server may read for nothing */
};

static long late_ms(void)
{
    return patience_sanitized() ? 4 * LATE_MS : LATE_MS;
}

/* `since`: read before the event that the server counts from, so it can only seem late. */
static void check_elapsed(long since, long timeout_ms)
{
    long elapsed = patience_now_ms() - since;
    tap_check(elapsed >= timeout_ms - EARLY_MS, "%ld ms is before the timeout of %ld ms", elapsed,
              timeout_ms);
    tap_check(elapsed <= timeout_ms + late_ms(), "%ld ms is far behind the timeout of %ld ms",
              elapsed, timeout_ms);
}

static const char *const short_header[] = {"--header-timeout", "0.4", "--idle-timeout", "30", NULL};
static const char *const short_idle[] = {"--header-timeout", "30", "--idle-timeout", "0.4", NULL};

static bool stop_with_cut_off(unsigned long expected)
{
    struct server_counts counts;
    return server_stop(&counts) &&
           tap_check(counts.cut_off == expected, "cut-off=%lu, not %lu", counts.cut_off, expected);
}

static void half_head_gets_408(const void *unused)
{
    (void)unused;
    if (!server_start(short_header))
        return;
    struct client *client = client_open();
    long since = patience_now_ms();
    if (client == NULL || !client_print(client, HALF_HEAD) || !reply_expect(client, "408"))
        return;
    check_elapsed(since, SHORT_MS);
    reply_expect_end(client);
    client_close(client, false);
    stop_with_cut_off(1);
}

static void trickle_gets_408(const void *unused)
{
    (void)unused;
    if (!server_start(short_header))
        return;
    struct client *client = client_open();
    long since = patience_now_ms();
    if (client == NULL || !client_print(client, HALF_HEAD "X: "))
        return;
    while (client_quiet(client, TRICKLE_MS) && patience_now_ms() < since + patience_limit_ms())
        client_print(client, "x");
    check_elapsed(since, SHORT_MS);
    if (reply_expect(client, "408"))
        reply_expect_end(client);
    client_close(client, false);
    server_stop(NULL);
}

/* The rest before the head belongs to another timer. */
static void later_head_gets_408(const void *unused)
{
    (void)unused;
    if (!server_start(short_header))
        return;
    struct client *client = client_open();
    if (client == NULL || !client_print(client, GET) || !reply_expect(client, "200") ||
        !tap_check(client_quiet(client, SHORT_MS / 2), "something comes without a request"))
        return;
    long since = patience_now_ms();
    if (!client_print(client, HALF_HEAD) || !reply_expect(client, "408"))
        return;
    check_elapsed(since, SHORT_MS);
    reply_expect_end(client);
    client_close(client, false);
    server_stop(NULL);
}

static void head_after_a_long_rest_is_served(const void *unused)
{
    (void)unused;
    if (!server_start(short_header))
        return;
    struct client *client = client_open();
    if (client == NULL ||
        !tap_check(client_quiet(client, 2 * SHORT_MS), "cut off before its first byte") ||
        !client_print(client, GET) || !reply_expect(client, "200") ||
        !tap_check(client_quiet(client, 2 * SHORT_MS), "cut off between two requests") ||
        !client_print(client, GET) || !reply_expect(client, "200"))
        return;
    client_close(client, false);
    stop_with_cut_off(0);
}

static void body_may_take_longer_than_a_head(const void *unused)
{
    (void)unused;
    if (!server_start(short_header))
        return;
    struct client *client = client_open();
    if (client == NULL ||
        !client_print(client, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n"))
        return;
    for (int i = 0; i < 8; i++) {
        if (!tap_check(client_quiet(client, TRICKLE_MS), "an answer before the body's end"))
            return;
        client_print(client, "x");
    }
    reply_expect(client, "200");
    client_close(client, false);
    server_stop(NULL);
}

static void new_connection_is_closed(const void *unused)
{
    (void)unused;
    if (!server_start(short_idle))
        return;
    long since = patience_now_ms();
    struct client *client = client_open();
    if (client == NULL)
        return;
    reply_expect_end(client);
    check_elapsed(since, SHORT_MS);
    server_stop(NULL);
}

static void idle_connection_is_closed(const void *unused)
{
    (void)unused;
    if (!server_start(short_idle))
        return;
    struct client *client = client_open();
    long since = patience_now_ms();
    if (client == NULL || !client_print(client, GET) || !reply_expect(client, "200"))
        return;
    reply_expect_end(client);
    check_elapsed(since, SHORT_MS);
    server_stop(NULL);
}

static void each_request_renews_idle(const void *unused)
{
    (void)unused;
    if (!server_start(short_idle))
        return;
    struct client *client = client_open();
    for (int i = 0; client != NULL && i < 5; i++) {
        if (!client_print(client, GET) || !reply_expect(client, "200") ||
            !tap_check(client_quiet(client, SHORT_MS / 2), "cut off although not idle"))
            return;
    }
    server_stop(NULL);
}

static bool nothing_held(void *unused)
{
    (void)unused;
    return clients_held() == 0;
}

/* The server gives the connection up, whether the client can see it or not. */
static bool check_given_up(void)
{
    return tap_check(patience_until(nothing_held, NULL), "the server keeps the connection");
}

static void stalled_body_is_ended(const void *unused)
{
    (void)unused;
    if (!server_start(short_idle))
        return;
    struct client *client = client_open();
    long since = patience_now_ms();
    if (client == NULL ||
        !client_print(client, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nxxx"))
        return;
    tap_check(client_wait_end(client), "the server does not close");
    check_elapsed(since, SHORT_MS);
    server_stop(NULL);
}

static void reader_who_takes_nothing_is_cut_off(const void *unused)
{
    (void)unused;
    static const char *const options[] = {"--idle-timeout", "0.4", "--body-size", "10000000", NULL};
    if (!server_start(options))
        return;
    struct client *client = client_open_with_window(4096);
    long since = patience_now_ms();
    if (client == NULL || !client_print(client, GET) || !client_is_read(client) ||
        !check_given_up())
        return;
    check_elapsed(since, SHORT_MS);
    client_close(client, true);
    bystander_is_served(); /* who may himself be idle for too long: counts are the next case's */
    server_stop(NULL);
}

/* How long the server held it, in milliseconds; 0 when the case has failed. */
static long held_without_taking(void)
{
    static const char *const options[] = {"--idle-timeout", "1", "--body-size", "10000000", NULL};
    if (!server_start(options))
        return 0;
    struct client *client = client_open_with_window(4096);
    if (client == NULL || !client_print(client, GET) || !client_is_read(client))
        return 0;
    long since = patience_now_ms();
    if (!check_given_up())
        return 0;
    long held_ms = patience_now_ms() - since;
    client_close(client, true);
    return stop_with_cut_off(1) ? held_ms : 0;
}

/* A loaded machine may make one try late, and not each. */
static void reader_who_takes_nothing_has_two_timeouts_at_most(const void *unused)
{
    (void)unused;
    long held_ms = LONG_MAX;
    for (int i = 0; i < TRIES && held_ms > 2 * REST_MS + REST_MS / 2; i++)
        held_ms = held_without_taking();
    tap_check(held_ms <= 2 * REST_MS + REST_MS / 2,
              "held for %ld ms, with an idle timeout of %d ms", held_ms, REST_MS);
}

static void reader_who_takes_slowly_is_not(const void *unused)
{
    (void)unused;
    static const char *const options[] = {"--idle-timeout", "1", "--body-size", "10000000", NULL};
    if (!server_start(options))
        return;
    struct client *client = client_open();
    if (client == NULL || !client_print(client, GET))
        return;
    /* 1 MiB each 150 ms: the whole takes longer than the timeout. */
    for (size_t taken = TAKEN_AT_ONCE; taken < 10000000; taken += TAKEN_AT_ONCE) {
        while (client->len < taken && client_receive(client, patience_limit_ms()))
            continue;
        patience_pass_ms(150);
    }
    reply_expect(client, "200");
    client_close(client, false);
    /* What was cut off is not counted here: the server may have been idle for long while the
     * kernel's buffers still emptied. */
    server_stop(NULL);
}

/* 400 bytes a millisecond, from a kernel that holds much more: to the server nothing seems to move.
 * Whoever wakes late takes what is due at once: it is the pace that counts. */
static bool take_what_is_due(const struct client *client, long since_ms, size_t *taken)
{
    char some[8192];
    ssize_t got = 1;
    while (*taken < 400 * (size_t)(patience_now_ms() - since_ms) &&
           (got = recv(client->fd, some, sizeof some, MSG_DONTWAIT)) > 0)
        *taken += (size_t)got;
    return got != 0;
}

/* A list of sockets that is made while segments come and go is not always right. */
static bool one_held(void *unused)
{
    (void)unused;
    return clients_held() == 1;
}

static void steady_reader_is_not(const void *unused)
{
    (void)unused;
    static const char *const options[] = {"--idle-timeout", "1", "--body-size", "50000000", NULL};
    size_t taken = 0;
    if (!server_start(options))
        return;
    struct client *client = client_open_with_window(65536);
    if (client == NULL || !client_print(client, GET))
        return;
    for (long since = patience_now_ms(); patience_now_ms() < since + 2500;) {
        if (!take_what_is_due(client, since, &taken)) {
            tap_check(false, "the server ends the connection");
            break;
        }
        patience_pass_ms(20);
    }
    tap_check(patience_until(one_held, NULL), "the server does not keep the connection");
    client_close(client, true);
    server_stop(NULL);
}

static const char *const short_all[] = {
    "--header-timeout", "0.4", "--idle-timeout", "0.4", "--drain-timeout", "0.4", NULL};

static struct client *refused_client(void)
{
    if (!server_start(short_all))
        return NULL;
    struct client *client = client_open();
    if (client == NULL || !client_print(client, "NONSENSE\r\n\r\n") || !reply_expect(client, "400"))
        return NULL;
    return client;
}

static void lingering_beside_silence_ends(const void *unused)
{
    (void)unused;
    struct client *client = refused_client();
    if (client == NULL)
        return;
    check_given_up();
    client_close(client, false);
    server_stop(NULL);
}

static void lingering_beside_a_trickle_ends(const void *unused)
{
    (void)unused;
    struct client *client = refused_client();
    if (client == NULL)
        return;
    long end = patience_now_ms() + patience_limit_ms();
    while (clients_held() > 0 && patience_now_ms() < end) {
        client_print(client, "x");
        patience_pass_ms(TRICKLE_MS / 2);
    }
    check_given_up();
    client_close(client, false);
    server_stop(NULL);
}

static void lingering_beside_a_flood_ends(const void *unused)
{
    (void)unused;
    struct client *client = refused_client();
    char *flood = calloc(1, ENDLESS);
    if (client != NULL && flood != NULL) {
        size_t taken = client_push(client, (struct bytes){flood, ENDLESS}, patience_limit_ms());
        tap_check(taken < ENDLESS, "the server takes %zu bytes after its refusal", taken);
        client_close(client, false);
        server_stop(NULL);
    }
    free(flood);
}

/* Live clients: half of them between two requests, half of them in the middle of a head. */
static unsigned open_live_clients(struct client *live[])
{
    unsigned count = model_clients(LIVE_CLIENTS);
    for (unsigned i = 0; i < count; i++) {
        live[i] = client_open();
        if (live[i] == NULL || !client_print(live[i], GET) || !reply_expect(live[i], "200"))
            return 0;
        if (i % 2 == 1 && (!client_print(live[i], HALF_HEAD) || !client_is_read(live[i])))
            return 0;
    }
    return count;
}

static void stopped_server_cuts_nobody_off(const void *unused)
{
    (void)unused;
    static const char *const options[] = {"--header-timeout", "0.6", "--idle-timeout", "0.6", NULL};
    struct client *live[LIVE_CLIENTS];
    if (!server_start(options))
        return;
    unsigned count = open_live_clients(live);
    server_suspend();
    patience_pass_ms(STOPPED_MS);
    for (unsigned i = 0; i < count; i++)
        client_print(live[i], i % 2 == 1 ? "\r\n" : GET);
    server_signal_group(SIGCONT);
    for (unsigned i = 0; i < count; i++)
        if (!reply_expect(live[i], "200"))
            return;
    clients_close();
    if (tap_check(count > 0, "no live clients"))
        stop_with_cut_off(0);
}

void suite_timeouts(void)
{
    suite_case("half a head gets a 408 after the header timeout", half_head_gets_408, NULL);
    suite_case("a trickle does not renew the header timeout", trickle_gets_408, NULL);
    suite_case("a later head has the header timeout from its first byte", later_head_gets_408,
               NULL);
    suite_case("a rest before a head does not count", head_after_a_long_rest_is_served, NULL);
    suite_case("a body is not under the header timeout", body_may_take_longer_than_a_head, NULL);
    suite_case("a new connection that says nothing is closed after the idle timeout",
               new_connection_is_closed, NULL);
    suite_case("a connection between requests is closed after the idle timeout",
               idle_connection_is_closed, NULL);
    suite_case("each request renews the idle timeout", each_request_renews_idle, NULL);
    suite_case("a body that stalls is cut off", stalled_body_is_ended, NULL);
    suite_case("a client that takes no output is cut off after the idle timeout",
               reader_who_takes_nothing_is_cut_off, NULL);
    suite_case("a client that takes no output is held for two idle timeouts at most",
               reader_who_takes_nothing_has_two_timeouts_at_most, NULL);
    suite_case("a client that takes output slowly is not cut off", reader_who_takes_slowly_is_not,
               NULL);
    suite_case("a client that takes output steadily, but little, is not cut off",
               steady_reader_is_not, NULL);
    suite_case("lingering after a refusal ends beside silence", lingering_beside_silence_ends,
               NULL);
    suite_case("lingering after a refusal ends beside a trickle", lingering_beside_a_trickle_ends,
               NULL);
    suite_case("lingering after a refusal ends beside a flood", lingering_beside_a_flood_ends,
               NULL);
    suite_case("a server stopped past the timeouts cuts no live client off",
               stopped_server_cuts_nobody_off, NULL);
}
