/* SPDX-License-Identifier: MIT */
#include "tests/contract/suite.h"

#include "tests/contract/client.h"
#include "tests/contract/model.h"
#include "tests/contract/patience.h"
#include "tests/contract/proc.h"
#include "tests/contract/reply.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define GET       "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define HALF_HEAD "GET / HTTP/1.1\r\nHost: x\r\n"

enum {
    STORM = 400,
    IDLE_CLIENTS = 20,
    LOAD_CLIENTS = 50,
    LOAD_ROUNDS = 10, /* before the signal */
    WAITING = 20,
    STARTS = 10,
    DRAIN_MS = 400, /* "0.4" */
    EARLY_MS = 20,  /* a server may count whole ticks of a coarse clock */
    LATE_MS = 4000,
};

/* Far beyond patience: whoever waits for it to run out fails. */
static const char *const long_drain[] = {"--drain-timeout", "600", NULL};
static const char *const short_drain[] = {"--drain-timeout", "0.4", NULL};

static const int stop_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

static void ask(struct client *client, unsigned times)
{
    for (unsigned i = 0; client != NULL && i < times; i++)
        if (!client_print(client, GET) || !reply_expect(client, "200"))
            return;
}

static void signal_ends_with_its_counts(const void *argument)
{
    struct server_counts counts;
    if (!server_start(long_drain))
        return;
    ask(client_open(), 3);
    clients_close();
    ask(client_open(), 2);
    clients_close();
    server_signal(*(const int *)argument);
    if (server_wait(&counts))
        tap_check(counts.accepted == 2 && counts.answered == 5 && counts.refused == 0 &&
                      counts.cut_off == 0 && counts.failed == 0,
                  "accepted=%lu answered=%lu refused=%lu cut-off=%lu failed=%lu", counts.accepted,
                  counts.answered, counts.refused, counts.cut_off, counts.failed);
}

static void end_right_after_ready(const void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < STARTS; i++)
        if (!server_start(long_drain) || !server_stop(NULL))
            return;
}

static bool nobody_gets_in(void *unused)
{
    (void)unused;
    int fd = client_connect();
    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ECONNREFUSED;
}

/* Tells the server to stop and waits until it does no longer accept. */
static bool begin_draining(int signal)
{
    server_signal(signal);
    return tap_check(patience_until(nobody_gets_in, NULL), "new connections are still accepted");
}

static void expect_last_answer(struct client *client, const char *rest)
{
    struct reply reply;
    if (!tap_check(client_print(client, rest), "the connection is broken") ||
        !reply_next(client, false, &reply))
        return;
    tap_check(reply.status == 200, "status %u", reply.status);
    tap_check(reply_has_token(&reply, "Connection", "close"), "does not say that it closes");
    reply_done(client, &reply);
    reply_expect_end(client);
}

static struct client *begun(const char *const options[], const char *said)
{
    if (!server_start(options))
        return NULL;
    struct client *client = client_open();
    if (client == NULL || !client_print(client, said) || !client_is_read(client))
        return NULL;
    return client;
}

static void wait_for_counts(unsigned long answered, unsigned long cut_off)
{
    struct server_counts counts;
    if (server_wait(&counts))
        tap_check(counts.answered == answered && counts.cut_off == cut_off,
                  "answered=%lu cut-off=%lu, not %lu and %lu", counts.answered, counts.cut_off,
                  answered, cut_off);
}

/* A request that the server has begun to read when the signal comes. */
static const struct in_flight {
    const char *name, *before, *after;
} in_flight[] = {
    {"a head in flight gets its whole answer", HALF_HEAD, "\r\n"},
    {"one byte of a head in flight gets its whole answer", "G", "ET / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"a body in flight gets its whole answer",
     "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc", "def"},
    {"a chunked body in flight gets its whole answer",
     "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", "c\r\n0\r\n\r\n"},
};

static void in_flight_is_answered(const void *argument)
{
    const struct in_flight *row = argument;
    struct client *client = begun(long_drain, row->before);
    if (client == NULL || !begin_draining(SIGTERM))
        return;
    tap_check(server_alive(), "it did not wait for the request");
    expect_last_answer(client, row->after);
    wait_for_counts(1, 0);
}

static void ctrl_c_leaves_time_for_an_answer(const void *unused)
{
    (void)unused;
    struct client *client = begun(long_drain, HALF_HEAD);
    if (client == NULL)
        return;
    server_signal_group(SIGINT);
    tap_check(patience_until(nobody_gets_in, NULL), "new connections are still accepted");
    expect_last_answer(client, "\r\n");
    wait_for_counts(1, 0);
}

static void answer_in_flight_is_finished(const void *unused)
{
    (void)unused;
    static const char *const options[] = {"--drain-timeout", "600", "--body-size", "10000000",
                                          NULL};
    struct reply reply;
    struct client *client = begun(options, GET);
    if (client == NULL || !tap_check(client_receive(client, patience_limit_ms()), "no answer") ||
        !begin_draining(SIGTERM) || !reply_next(client, false, &reply))
        return;
    tap_check(reply.status == 200 && reply.body.len == 10000000, "status %u, %zu bytes",
              reply.status, reply.body.len);
    reply_done(client, &reply);
    reply_expect_end(client);
    /* Its head was sent before the signal and could not say that it closes: the server may linger
     * for a request that is under way. */
    client_close(client, false);
    wait_for_counts(1, 0);
}

static void idle_connections_are_closed(const void *unused)
{
    (void)unused;
    struct client *client[IDLE_CLIENTS];
    unsigned count = model_clients(IDLE_CLIENTS);
    if (!server_start(long_drain))
        return;
    for (unsigned i = 0; i < count; i++) {
        client[i] = client_open();
        ask(client[i], 1);
    }
    server_signal(SIGTERM);
    for (unsigned i = 0; i < count; i++)
        if (client[i] == NULL || !reply_expect_end(client[i]))
            return;
    wait_for_counts(count, 0);
}

static bool is_accepted(void *unused)
{
    (void)unused;
    return clients_held() == 1;
}

static void silent_connection_is_closed(const void *unused)
{
    (void)unused;
    if (!server_start(long_drain))
        return;
    struct client *client = client_open();
    if (client == NULL || !tap_check(patience_until(is_accepted, NULL), "not accepted"))
        return;
    server_signal(SIGTERM);
    reply_expect_end(client);
    wait_for_counts(0, 0);
}

static void check_drained_in_time(long since)
{
    long elapsed = patience_now_ms() - since;
    long late_ms = patience_sanitized() ? 4 * LATE_MS : LATE_MS;
    tap_check(elapsed >= DRAIN_MS - EARLY_MS && elapsed <= DRAIN_MS + late_ms,
              "ended after %ld ms, with a drain timeout of %d", elapsed, DRAIN_MS);
}

static void drain_timeout_bounds_a_head(const void *unused)
{
    (void)unused;
    struct client *client = begun(short_drain, HALF_HEAD);
    long since = patience_now_ms();
    if (client == NULL)
        return;
    server_signal(SIGTERM);
    wait_for_counts(0, 1);
    check_drained_in_time(since);
    tap_check(client_wait_end(client), "the connection has no end");
}

static void drain_timeout_bounds_a_slow_reader(const void *unused)
{
    (void)unused;
    static const char *const options[] = {"--drain-timeout", "0.4", "--body-size", "10000000",
                                          NULL};
    struct server_counts counts;
    if (!server_start(options))
        return;
    struct client *client = client_open_with_window(4096);
    if (client == NULL || !client_print(client, GET) || !client_is_read(client))
        return;
    long since = patience_now_ms();
    server_signal(SIGTERM);
    if (server_wait(&counts))
        tap_check(counts.cut_off == 1, "cut-off=%lu", counts.cut_off);
    check_drained_in_time(since);
}

static void drain_timeout_bounds_a_trickle(const void *unused)
{
    (void)unused;
    struct client *client = begun(short_drain, HALF_HEAD "X: ");
    long since = patience_now_ms();
    if (client == NULL)
        return;
    server_signal(SIGTERM);
    while (server_alive() && patience_now_ms() < since + patience_limit_ms()) {
        client_print(client, "x");
        client_quiet(client, DRAIN_MS / 10);
        if (client->ended)
            break;
    }
    wait_for_counts(0, 1);
    check_drained_in_time(since);
}

static void lingering_does_not_outlast_draining(const void *unused)
{
    (void)unused;
    struct client *client = begun(short_drain, "NONSENSE\r\n\r\n");
    if (client == NULL || !reply_expect(client, "400"))
        return;
    long since = patience_now_ms();
    server_signal(SIGTERM);
    server_wait(NULL);
    long elapsed = patience_now_ms() - since;
    tap_check(elapsed <= DRAIN_MS + (patience_sanitized() ? 4 * LATE_MS : LATE_MS),
              "ended after %ld ms", elapsed);
}

static void storm_while_draining_changes_nothing(const void *argument)
{
    void (*send)(int) = *(const bool *)argument ? server_signal_group : server_signal;
    struct client *client = begun(long_drain, HALF_HEAD);
    if (client == NULL || !begin_draining(SIGTERM))
        return;
    for (unsigned i = 0; i < STORM; i++) {
        send(stop_signals[i % (sizeof stop_signals / sizeof stop_signals[0])]);
        if (i == STORM / 2)
            client_print(client, "X: y\r\n");
    }
    tap_check(server_alive(), "a second signal ended it");
    expect_last_answer(client, "\r\n");
    wait_for_counts(1, 0);
}

static bool no_orphans(void *unused)
{
    (void)unused;
    return server_orphans() == 0;
}

/* Its workers' clients may finish, as at a stop; but the port is free for a successor at once. */
static void crash_leaves_nobody_accepting(const void *argument)
{
    /* Nothing but the crash ends it soon. */
    static const char *const options[] = {"--drain-timeout", "600", "--header-timeout", "600",
                                          NULL};
    server_next_limit(RLIMIT_CORE, 0);
    struct client *client = begun(options, HALF_HEAD);
    if (client == NULL || !server_crash(*(const int *)argument))
        return;
    tap_check(patience_until(nobody_gets_in, NULL), "new connections are still accepted");
    client_close(client, false);
    tap_check(patience_until(no_orphans, NULL), "processes are left behind");
}

static void waiting_connections_do_not_hold_it_up(const void *unused)
{
    (void)unused;
    if (!server_start(long_drain))
        return;
    server_suspend();
    for (unsigned i = 0; i < WAITING; i++)
        if (client_open() == NULL)
            return;
    server_signal(SIGTERM);
    server_signal_group(SIGCONT);
    server_wait(NULL);
}

/* Takes one answer, or the end. Nothing else may come, and no part of an answer. */
static bool take_answer_or_end(struct client *client)
{
    for (;;) {
        struct reply reply;
        struct bytes in = {client->in, client->len};
        long length = reply_parse(in, false, &reply);
        if (length > 0) {
            reply_done(client, &reply);
            return tap_check(reply.status == 200, "status %u", reply.status);
        }
        if (!tap_check(length == 0, "a malformed answer"))
            return false;
        if (!client_receive(client, patience_limit_ms()))
            return tap_check(client->ended, "neither an answer nor the end");
        if (client->ended)
            return tap_check(client->len == 0, "only a part of an answer");
    }
}

static unsigned one_round(struct client *const client[], unsigned count, bool stops)
{
    unsigned living = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!client[i]->ended)
            client_print(client[i], GET);
        if (stops && i == count / 2)
            server_signal(SIGTERM);
    }
    for (unsigned i = 0; i < count; i++) {
        if (!client[i]->ended && !tap_check(take_answer_or_end(client[i]), "client %u", i))
            return 0;
        living += !client[i]->ended;
    }
    return living;
}

static void stops_under_load(const void *unused)
{
    (void)unused;
    struct client *client[LOAD_CLIENTS];
    struct server_counts counts;
    unsigned count = model_clients(LOAD_CLIENTS);
    if (!server_start(long_drain))
        return;
    for (unsigned i = 0; i < count; i++) {
        client[i] = client_open();
        if (client[i] == NULL)
            return;
    }
    unsigned round = 0;
    while (one_round(client, count, round == LOAD_ROUNDS) > 0)
        round++;
    tap_check(round >= LOAD_ROUNDS, "ended before the signal");
    if (server_wait(&counts))
        tap_check(counts.answered >= (unsigned long)count * LOAD_ROUNDS, "answered=%lu",
                  counts.answered);
}

static void each_signal(void)
{
    static const char *const names[] = {"HUP", "INT", "QUIT", "TERM"};
    char name[64];
    for (size_t i = 0; i < sizeof stop_signals / sizeof stop_signals[0]; i++) {
        snprintf(name, sizeof name, "SIG%s ends it with exit 0 and right counts", names[i]);
        suite_case(name, signal_ends_with_its_counts, &stop_signals[i]);
    }
}

static void each_crash(void)
{
    static const int by_itself = SIGABRT, by_others = SIGKILL;
    suite_case("after SIGABRT nothing of it accepts, and nothing is left",
               crash_leaves_nobody_accepting, &by_itself);
    suite_case("after SIGKILL nothing of it accepts, and nothing is left",
               crash_leaves_nobody_accepting, &by_others);
}

static void stops_with_an_inherited_mask(const void *unused)
{
    (void)unused;
    static const char *const none[] = {NULL};
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    bool started = server_start(none);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (started)
        server_stop(NULL);
}

void suite_stop(void)
{
    static const bool to_group = true, to_process = false;
    each_signal();
    each_crash();
    suite_case("it can be stopped as soon as it is ready", end_right_after_ready, NULL);
    suite_case("it can be stopped when started with all signals blocked",
               stops_with_an_inherited_mask, NULL);
    for (size_t i = 0; i < sizeof in_flight / sizeof in_flight[0]; i++)
        suite_case(in_flight[i].name, in_flight_is_answered, &in_flight[i]);
    suite_case("Ctrl-C, which all its processes get, leaves time for an answer",
               ctrl_c_leaves_time_for_an_answer, NULL);
    suite_case("an answer in flight is finished", answer_in_flight_is_finished, NULL);
    suite_case("idle connections are closed at once", idle_connections_are_closed, NULL);
    suite_case("a connection that has said nothing is closed at once", silent_connection_is_closed,
               NULL);
    suite_case("the drain timeout bounds a head in flight", drain_timeout_bounds_a_head, NULL);
    suite_case("the drain timeout is not renewed by a trickle", drain_timeout_bounds_a_trickle,
               NULL);
    suite_case("the drain timeout bounds a slow reader", drain_timeout_bounds_a_slow_reader, NULL);
    suite_case("lingering does not outlast the drain timeout", lingering_does_not_outlast_draining,
               NULL);
    suite_case("a storm of signals while draining changes nothing",
               storm_while_draining_changes_nothing, &to_process);
    suite_case("a storm of signals to all its processes changes nothing",
               storm_while_draining_changes_nothing, &to_group);
    suite_case("connections that wait to be accepted do not hold it up",
               waiting_connections_do_not_hold_it_up, NULL);
    suite_case("under load nobody gets a part of an answer", stops_under_load, NULL);
}
