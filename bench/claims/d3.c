/* SPDX-License-Identifier: MIT */
/* Edge-triggered, three ways to go on: one read for each report, until EAGAIN, or until EAGAIN but
 * so many turns at a time. Who loses the rest of a message, and what do 63 ordinary clients wait
 * beside one that never stops sending? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/lab/chorus.h"
#include "bench/lab/client.h"
#include "bench/lab/edge.h"
#include "bench/lab/experiment.h"
#include "bench/lab/knock.h"
#include "bench/lab/service.h"
#include "bench/lab/subject.h"

enum {
    WINDOW_MS = 600,
    QUICK_MS = 300,
    MODEL_REPEATS = 4,                /* they are there to be looked at */
    LONG_BYTES = 3 * EDGE_TURN_BYTES, /* comes in one piece, and takes three turns */
    LOST_MS = 200,
    HOSE_BYTES = 256 << 10,
    BACKLOG = 128
};

static const struct arm {
    const char *name, *model; /* NULL: an edge server */
    struct edge_manner manner;
    bool hose;
} arms[] = {
    {"until-eagain-alone", NULL, {INT_MAX, true}, false},
    {"until-eagain", NULL, {INT_MAX, true}, true},
    {"budget", NULL, {16, true}, true},
    {"epoll-et", "epoll-et", {0}, true}, /* of the same budget */
    {"epoll-lt", "epoll-lt", {0}, true}, /* a turn each */
};
enum { ARMS = sizeof arms / sizeof *arms };
static const struct arm once = {"once", NULL, {1, false}, false};
static const double hogs = 1.2; /* times the 99th percentile */

static bool move(int fd, short ready, char *bytes)
{
    ssize_t got = ready & ~POLLOUT ? recv(fd, bytes, HOSE_BYTES, MSG_DONTWAIT) : 1;
    ssize_t sent = ready & POLLOUT ? send(fd, bytes, HOSE_BYTES, MSG_DONTWAIT | MSG_NOSIGNAL) : 1;
    return got != 0 && (got > 0 || errno == EAGAIN) && (sent > 0 || errno == EAGAIN);
}

/* Sends as much as is taken, and reads what comes back. The others share its CPU, and it is the
 * server that shall make them wait: it runs when they do not. */
static void be_a_hose(void *memory)
{
    static char bytes[HOSE_BYTES];
    static const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_IDLE, &none);
    struct pollfd one = {.fd = *(int *)memory, .events = POLLIN | POLLOUT};
    while (poll(&one, 1, -1) == 1 && move(one.fd, one.revents, bytes))
        continue;
}

static void note_waits(struct experiment *experiment, const struct arm *arm,
                       struct service *service)
{
    pid_t hose = -1;
    int fd = arm->hose ? client_connect(experiment, service->port) : -1;
    experiment_pin_to_load(experiment);
    if (arm->hose)
        hose = subject_start(experiment, be_a_hose, &fd);
    struct chorus chorus =
        chorus_sing(experiment, service->port, experiment->quick ? QUICK_MS : WINDOW_MS);
    experiment_value(experiment, arm->name, "latency_p50_us", chorus.p50_us);
    experiment_value(experiment, arm->name, "latency_p99_us", chorus.p99_us);
    if (!arm->hose)
        return;
    subject_wait(hose, 0, NULL);
    client_close(fd);
}

/* One message in one piece: does all of it come back? */
static void note_message(struct experiment *experiment, const struct arm *arm, uint16_t port)
{
    static char bytes[LONG_BYTES];
    size_t back = 0;
    ssize_t got = 1;
    int fd = client_connect(experiment, port);
    client_send(fd, bytes, sizeof bytes);
    struct pollfd one = {.fd = fd, .events = POLLIN};
    while (back < sizeof bytes && got > 0 && poll(&one, 1, LOST_MS) == 1) {
        got = recv(fd, bytes, sizeof bytes, 0);
        back += got > 0 ? (size_t)got : 0;
    }
    experiment_share(experiment, arm->name, "message_back", back == sizeof bytes, 1);
    client_close(fd);
}

/* ---- All ---- */

static void try_own(struct experiment *experiment, const struct arm *arm)
{
    struct service service = {0};
    struct edge edge = {arm->manner, knock_listen(experiment, BACKLOG, &service.port)};
    experiment_pin_to_server(experiment);
    service.meter.pid = subject_start(experiment, edge_serve, &edge);
    experiment_pin_to_load(experiment);
    note_message(experiment, arm, service.port);
    if (arm->manner.comes_back)
        note_waits(experiment, arm, &service);
    subject_wait(service.meter.pid, 0, NULL);
    close(edge.listener);
}

static void try_model(struct experiment *experiment, const struct arm *arm)
{
    static const char *const echo[] = {"--protocol", "echo", NULL};
    struct service service;
    service_start(experiment, &service, arm->model, echo);
    note_waits(experiment, arm, &service);
    service_stop(experiment, &service);
}

static void one(struct experiment *experiment, size_t cell)
{
    if (cell == ARMS)
        try_own(experiment, &once);
    else if (arms[cell].model && experiment->repeat <= MODEL_REPEATS)
        try_model(experiment, &arms[cell]);
    else if (!arms[cell].model)
        try_own(experiment, &arms[cell]);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, ARMS + 1, one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval lost = figures_interval(figures, once.name, "message_back");
    struct interval drained = figures_interval(figures, "until-eagain", "message_back");
    struct interval ratio = figures_ratio(figures, "until-eagain", "budget", "latency_p99_us");
    if (lost.n == 0 || drained.n == 0)
        return verdict_undecided("nothing was tried");
    if (lost.mean == 1)
        return verdict_refuted();
    if (drained.mean < 1)
        return verdict_undecided("messages were lost by who read until EAGAIN as well");
    switch (interval_over(ratio, hogs)) {
    case CERTAIN_YES:
        return verdict_confirmed();
    case CERTAIN_NO:
        return verdict_depends("what the busy client can send: who reads once per report hangs, "
                               "but this one did not make the others wait");
    case UNCERTAIN:
    default:
        return verdict_undecided("how much longer the others wait without a budget");
    }
}

const struct claim claim_d3 = {
    .id = "d3",
    .said = "Edge-triggered needs reading and writing until EAGAIN, yet one busy connection must "
            "not hog the loop.",
    .test = "An edge-triggered echo server that reads once for each report, until EAGAIN, or until "
            "EAGAIN in portions of 16 turns. It gets a message of three turns' length; then 63 "
            "clients send a short message each, every 2 ms, beside one that never stops sending.",
    .rule = "Confirmed: who reads once loses the rest of the message, who reads until EAGAIN does "
            "not, and without a budget the others' 99th percentile is over 1.2 times what it is "
            "with one (the whole interval of the ratio). Refuted: reading once loses nothing. "
            "Depends on the busy client: the others' wait is surely no 1.2 times as long.",
    .run = run,
    .judge = judge,
    .chart = "d3.gp",
};
