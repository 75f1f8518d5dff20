/* SPDX-License-Identifier: MIT */
/*
 * Eight clients come to a server whose accept queue is full: before their SYN, or between it and
 * their ACK; with tcp_abort_on_overflow off and on. After two and a half seconds it accepts.
 */
#include "bench/claims/claims.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"
#include "bench/lab/knock.h"
#include "bench/machine/meter.h"
#include "bench/machine/netns.h"

enum { BACKLOG = 16, CROWD = BACKLOG + 1, LATE = 8, TURN_MS = 5 };
static const double accept_at_s = 2.5, end_s = 5;

struct client {
    int fd;
    double connected_s, answered_s, reset_s; /* 0: not yet */
};

/* One situation, in a namespace of its own; all of them run side by side. */
struct arm {
    const char *name;
    bool late_ack; /* the queue fills after the client's SYN, before its ACK */
    bool abort;
    int namespace, listener;
    uint16_t port;
    int *crowd;
    struct client late[LATE];
    struct netns_counters before;
};

static struct arm arms[] = {
    {.name = "full-at-syn"},
    {.name = "full-at-syn-abort", .abort = true},
    {.name = "full-at-ack", .late_ack = true},
    {.name = "full-at-ack-abort", .late_ack = true, .abort = true},
};
enum { ARMS = sizeof arms / sizeof *arms };

static void knock_late(struct experiment *experiment, struct arm *arm)
{
    for (size_t i = 0; i < LATE; i++)
        arm->late[i] = (struct client){.fd = knock(experiment, arm->port, arm->late_ack)};
}

static void set_up(struct experiment *experiment, struct arm *arm)
{
    if (!netns_renew() ||
        !text_write("/proc/sys/net/ipv4/tcp_abort_on_overflow", arm->abort ? "1" : "0"))
        experiment_fail(experiment, "no namespace with settings of its own: %s", strerror(errno));
    arm->namespace = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    arm->listener = knock_listen(experiment, BACKLOG, &arm->port);
    if (arm->late_ack)
        knock_late(experiment, arm);
    arm->crowd = knock_crowd(experiment, arm->port, CROWD, false);
    arm->before = netns_count();
    if (!arm->late_ack)
        knock_late(experiment, arm);
    for (size_t i = 0; i < LATE; i++)
        knock_hear(arm->late[i].fd);
}

/* A client asks as soon as it thinks that it is connected, and waits for its answer. */
static void look_at(struct client *client, double now_s)
{
    char byte;
    if (client->connected_s == 0 && knock_is_connected(client->fd)) {
        client->connected_s = now_s;
        send(client->fd, "?", 1, MSG_NOSIGNAL);
    }
    if (client->answered_s > 0 || client->reset_s > 0)
        return;
    ssize_t got = recv(client->fd, &byte, 1, MSG_DONTWAIT);
    if (got > 0)
        client->answered_s = now_s;
    else if (got < 0 && (errno == ECONNRESET || errno == ECONNREFUSED))
        client->reset_s = now_s;
}

static void accept_all(struct arm *arm)
{
    int fd;
    while ((fd = accept4(arm->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        send(fd, "!", 1, MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        close(fd);
    }
}

static void note_counters(struct experiment *experiment, const struct arm *arm)
{
    if (setns(arm->namespace, CLONE_NEWNET) < 0)
        experiment_fail(experiment, "no way back into a namespace: %s", strerror(errno));
    struct netns_counters now = netns_count();
    experiment_value(experiment, arm->name, "listen_overflows",
                     (double)(now.listen_overflows - arm->before.listen_overflows));
    experiment_value(experiment, arm->name, "listen_drops",
                     (double)(now.listen_drops - arm->before.listen_drops));
}

/* What the eight saw before the server accepted anybody, and when. */
static void note_clients(struct experiment *experiment, const struct arm *arm)
{
    size_t connected = 0, reset = 0, answered = 0;
    for (size_t i = 0; i < LATE; i++) {
        const struct client *client = &arm->late[i];
        connected += client->connected_s > 0 && client->connected_s < accept_at_s;
        reset += client->reset_s > 0 && client->reset_s < accept_at_s;
        answered += client->answered_s > 0;
    }
    const struct client *first = &arm->late[0];
    experiment_share(experiment, arm->name, "connected_unheard", (int64_t)connected, LATE);
    experiment_share(experiment, arm->name, "reset", (int64_t)reset, LATE);
    experiment_share(experiment, arm->name, "answered_at_last", (int64_t)answered, LATE);
    if (first->connected_s > 0)
        experiment_value(experiment, arm->name, "connected_s", first->connected_s);
    if (first->reset_s > 0)
        experiment_value(experiment, arm->name, "reset_s", first->reset_s);
    if (first->answered_s > 0)
        experiment_value(experiment, arm->name, "answered_s", first->answered_s);
    experiment_text(experiment, arm->name, "client_sees",
                    reset > 0       ? "a reset"
                    : connected > 0 ? "a connection, then silence"
                                    : "no connection");
}

static void clean_up(struct arm *arm)
{
    for (size_t i = 0; i < LATE; i++)
        close(arm->late[i].fd);
    knock_close(arm->crowd, CROWD);
    close(arm->listener);
    close(arm->namespace);
}

static void watch(struct experiment *experiment)
{
    bool counted = false;
    int64_t start_us = meter_clock_us();
    double now_s = 0;
    while (now_s < end_s) {
        for (size_t i = 0; i < ARMS; i++) {
            for (size_t k = 0; k < LATE; k++)
                look_at(&arms[i].late[k], now_s);
            if (now_s >= accept_at_s && !counted)
                note_counters(experiment, &arms[i]);
            if (now_s >= accept_at_s)
                accept_all(&arms[i]);
        }
        counted = now_s >= accept_at_s;
        experiment_pass_ms(TURN_MS);
        now_s = (double)(meter_clock_us() - start_us) / 1e6;
    }
}

static void run(struct experiment *experiment)
{
    for (; experiment->repeat <= experiment->repeats; experiment->repeat++) {
        for (size_t i = 0; i < ARMS; i++)
            set_up(experiment, &arms[i]);
        watch(experiment);
        for (size_t i = 0; i < ARMS; i++) {
            note_clients(experiment, &arms[i]);
            clean_up(&arms[i]);
        }
    }
}

static bool all_are(const struct figures *figures, const char *arm, const char *metric)
{
    return figures_interval(figures, arm, metric).mean == 1;
}

static struct claim_verdict judge(const struct figures *figures)
{
    bool at_syn = all_are(figures, "full-at-syn", "connected_unheard") &&
                  all_are(figures, "full-at-syn-abort", "reset");
    bool at_ack = all_are(figures, "full-at-ack", "connected_unheard") &&
                  !(figures_interval(figures, "full-at-ack", "reset").mean > 0) &&
                  all_are(figures, "full-at-ack-abort", "reset");
    for (size_t i = 0; i < ARMS; i++) {
        struct interval overflows = figures_interval(figures, arms[i].name, "listen_overflows");
        struct interval drops = figures_interval(figures, arms[i].name, "listen_drops");
        if (overflows.n == 0 || drops.n == 0)
            return verdict_undecided("%s was not tried", arms[i].name);
        if (!(round(overflows.mean) >= LATE && round(drops.mean) >= LATE))
            return verdict_depends("the situation: %s is not counted", arms[i].name);
    }
    if (at_syn && at_ack)
        return verdict_confirmed();
    if (at_ack)
        return verdict_depends("when the queue became full: a client whose SYN comes later is not "
                               "connected, and not reset");
    return at_syn ? verdict_depends("when the queue became full: only before the SYN")
                  : verdict_refuted();
}

const struct claim claim_b10 = {
    .id = "b10",
    .said = "When the accept queue is full the final ACK is dropped silently (the client thinks it "
            "is connected); with tcp_abort_on_overflow=1 it gets RST. ListenOverflows and "
            "ListenDrops count it.",
    .test = "A server with a backlog of 16 and 17 clients in its queue accepts nobody for "
            "two and a half seconds. Eight more come: after the queue was full, or before, so that "
            "it fills "
            "between their SYN and their ACK (their first SYN-ACK is lost); both with "
            "tcp_abort_on_overflow 0 and 1.",
    .rule = "Confirmed: in both situations all eight are connected and hear nothing, with "
            "abort_on_overflow all eight are reset, and both counters rise by eight or more. "
            "Refuted: it is so in neither situation. Depends on when the queue became full: in one "
            "of them.",
    .needs = CLAIM_NEEDS_NAMESPACE,
    .repeats = 3,
    .quick_repeats = 1,
    .run = run,
    .judge = judge,
    .chart = "b10.gp",
};
