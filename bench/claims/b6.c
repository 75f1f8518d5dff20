/* SPDX-License-Identifier: MIT */
/* 2 kB arrive, 1 kB is read, and the peer says no more: is the rest ever met? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/wire.h"

enum {
    PATIENCE_MS = 800, /* "for ever": a wake-up on loopback takes 0.1 ms */
    WRITTEN = 2048,
    READ = 1024,
    REQUESTS = 1200 /* 40 KiB: more than the 16 KiB that a server reads in a turn */
};

/* Reads 1 kB for each event. Returns how much of the 2 kB was met. */
static size_t read_by_events(struct experiment *experiment, uint32_t trigger, bool nudge)
{
    char bytes[WRITTEN] = {0};
    int ends[2], epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | trigger};
    size_t met = 0;
    wire_pair(experiment, ends, 0);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event) < 0 ||
        send(ends[0], bytes, WRITTEN, 0) != WRITTEN)
        experiment_fail(experiment, "no epoll on a connection: %s", strerror(errno));
    while (met < WRITTEN && (epoll_wait(epoll, &event, 1, PATIENCE_MS) > 0 || nudge)) {
        ssize_t got = recv(ends[1], bytes, READ, MSG_DONTWAIT);
        met += got > 0 ? (size_t)got : 0;
        if (nudge && met == READ)
            send(ends[0], bytes, 1, 0); /* the peer speaks again */
        nudge = nudge && met < READ;
    }
    close(epoll);
    close(ends[0]);
    close(ends[1]);
    return met;
}

static void read_partly(struct experiment *experiment, const char *cell, uint32_t trigger,
                        bool nudge)
{
    size_t met = read_by_events(experiment, trigger, nudge);
    experiment_share(experiment, cell, "hung", met < WRITTEN, 1);
}

/* The answer's length, from a first one that is asked for alone. */
static ssize_t ask_once(int fd, const char *request)
{
    char answer[1024];
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        return -1;
    return recv(fd, answer, sizeof answer, 0);
}

/* All requests come while the server sleeps, so it is told of them once. */
static bool answers_all(struct experiment *experiment, struct service *service)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: c10kit\r\n\r\n";
    static char batch[REQUESTS * sizeof request], answers[16384];
    const struct timeval patience = {.tv_usec = PATIENCE_MS * 1000};
    int fd = client_connect(experiment, service->port);
    ssize_t length = ask_once(fd, request), due = length * REQUESTS, got = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    *batch = '\0';
    for (char *end = batch; end < batch + REQUESTS * (sizeof request - 1);)
        end = stpcpy(end, request);
    child_signal(&service->child, SIGSTOP);
    experiment_pass_ms(10);
    ssize_t sent = send(fd, batch, strlen(batch), MSG_NOSIGNAL);
    child_signal(&service->child, SIGCONT);
    if (length <= 0 || sent != (ssize_t)strlen(batch))
        experiment_fail(experiment, "the server did not take the requests");
    /* SIGCHLD tells of the sleep and its end, and interrupts. */
    while (due > 0 && ((got = recv(fd, answers, sizeof answers, 0)) > 0 || errno == EINTR))
        due -= got > 0 ? got : 0;
    close(fd);
    return due == 0;
}

static void ask_server(struct experiment *experiment, const char *cell, const char *model,
                       const char *argument)
{
    struct service service;
    service_start(experiment, &service, model, (const char *const[]){argument, NULL});
    experiment_share(experiment, cell, "hung", !answers_all(experiment, &service), 1);
    service_stop(experiment, &service);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    switch (cell) {
    case 0:
        read_partly(experiment, "level", 0, false);
        break;
    case 1:
        read_partly(experiment, "edge", EPOLLET, false);
        break;
    case 2:
        read_partly(experiment, "edge-nudged", EPOLLET, true);
        break;
    case 3:
        ask_server(experiment, "epoll-lt", "epoll-lt", NULL);
        break;
    case 4:
        ask_server(experiment, "epoll-et", "epoll-et", NULL);
        break;
    default:
        ask_server(experiment, "epoll-et-no-drain", "epoll-et", "--drain=no");
        break;
    }
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, 6, try_one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    double level = figures_interval(figures, "level", "hung").mean;
    double level_server = figures_interval(figures, "epoll-lt", "hung").mean;
    double edge = figures_interval(figures, "edge", "hung").mean;
    double edge_server = figures_interval(figures, "epoll-et-no-drain", "hung").mean;
    if (!(level == 0 && level_server == 0))
        return verdict_undecided("level-triggered hangs too, or was not tried");
    if (edge == 1 && edge_server == 1)
        return verdict_confirmed();
    if (edge == 0 && edge_server == 0)
        return verdict_refuted();
    return edge >= 0 && edge_server >= 0
               ? verdict_depends("the try: %.0f %% of the bare sockets and %.0f %% of the server's "
                                 "clients hung",
                                 100 * edge, 100 * edge_server)
               : verdict_undecided("edge-triggered was not tried");
}

const struct claim claim_b6 = {
    .id = "b6",
    .said = "In edge-triggered mode reading only part of what arrived can hang the peer for ever.",
    .test = "A peer writes 2 kB and waits; 1 kB is read for each event. The same with a server: "
            "1 200 requests come at once, more than it reads in a turn, and epoll-et goes on "
            "reading (as it should) or does not.",
    .rule = "A try hangs when nothing more happens for 0.8 s. Confirmed: edge-triggered always "
            "hangs, both on the bare socket and in the server that does not drain, and "
            "level-triggered never. Refuted: edge-triggered never hangs. Depends on the try: it "
            "hangs sometimes.",
    .repeats = 5,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
