/* SPDX-License-Identifier: MIT */
/* One silent client, then a second one with a request: how long until it has its answer? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum { PATIENCE_MS = 1000 };

static const char *const models[] = {"iterative", "fork",     "thread",   "polling-list", "select",
                                     "poll",      "epoll-lt", "epoll-et", "libuv"};
enum { MODELS = sizeof models / sizeof *models };

static int connect_to(struct experiment *experiment, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = PATIENCE_MS / 1000, .tv_usec = PATIENCE_MS % 1000 * 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        experiment_fail(experiment, "no connection: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

static void ask_second(struct experiment *experiment, size_t cell)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: c10kit\r\n\r\n";
    struct service service;
    char answer[512];
    service_start(experiment, &service, models[cell], NULL);
    int first = connect_to(experiment, service.port);
    int64_t start_us = meter_clock_us();
    int second = connect_to(experiment, service.port);
    send(second, request, sizeof request - 1, MSG_NOSIGNAL);
    bool answered = recv(second, answer, sizeof answer, 0) > 0;
    if (answered)
        experiment_value(experiment, models[cell], "wait_us",
                         (double)(meter_clock_us() - start_us));
    experiment_share(experiment, models[cell], "answered", answered, 1);
    close(second);
    close(first);
    service_stop(experiment, &service);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, MODELS, ask_second);
}

static struct claim_verdict judge(const struct figures *figures)
{
    size_t served = 0;
    for (size_t i = 1; i < MODELS; i++)
        served += figures_interval(figures, models[i], "answered").mean == 1;
    if (figures_interval(figures, models[0], "answered").mean > 0)
        return verdict_refuted();
    if (served == MODELS - 1)
        return verdict_confirmed();
    return verdict_undecided("%zu of %d other models did not answer the second client either",
                             MODELS - 1 - served, MODELS - 1);
}

const struct claim claim_b1 = {
    .id = "b1",
    .said = "An iterative server cannot serve a second client while the first is connected.",
    .test = "A client connects and says nothing; a second one sends a request and waits a second: "
            "with iterative, and with eight models that wait for several clients.",
    .rule = "Confirmed: the iterative server never answers the second client within a second, and "
            "each of the eight always does. Refuted: the iterative one ever answers.",
    .run = run,
    .judge = judge,
    .chart = "b1.gp",
};
