/* SPDX-License-Identifier: MIT */
/* Requests and the client's FIN arrive together: is all answered that was asked? By nine models,
 * and by a server of a few lines that takes the end of the input for the end of the conversation.
 */
#include "bench/claims/claims.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum { REQUESTS = 16, SETTLE_MS = 1000 };

static const char *const models[] = {"iterative", "fork",     "thread",   "polling-list", "select",
                                     "poll",      "epoll-lt", "epoll-et", "libuv"};
enum { MODELS = sizeof models / sizeof *models };
static const char naive[] = "naive";

/* All requests and the FIN, then as many whole answers as come. */
static int ask_and_shut(int fd)
{
    for (int i = 0; i < REQUESTS; i++)
        if (!client_send(fd, client_request, strlen(client_request)))
            return 0;
    shutdown(fd, SHUT_WR);
    return client_count_answers(fd);
}

static void try_model(struct experiment *experiment, const char *model)
{
    struct service service;
    service_start(experiment, &service, model, NULL);
    int fd = client_connect(experiment, service.port);
    int answers = ask_and_shut(fd);
    experiment_share(experiment, model, "answered", answers, REQUESTS);
    client_close(fd);
    service_stop(experiment, &service);
}

/* Looks at the end of the input first, as code does that asks poll() for POLLRDHUP and closes. */
static void serve_naively(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLRDHUP};
    while (poll(&one, 1, SETTLE_MS) > 0) {
        char requests[4096];
        if (one.revents & POLLRDHUP)
            break;
        if (recv(fd, requests, sizeof requests, 0) <= 0)
            break;
        static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    }
    close(fd);
}

static void try_naive(struct experiment *experiment)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 ||
        listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        experiment_fail(experiment, "no listener: %s", strerror(errno));
    int fd = client_connect(experiment, ntohs(address.sin_port));
    for (int i = 0; i < REQUESTS; i++)
        client_send(fd, client_request, strlen(client_request));
    shutdown(fd, SHUT_WR);
    serve_naively(accept(listener, NULL, NULL));
    experiment_share(experiment, naive, "answered", client_count_answers(fd), REQUESTS);
    client_close(fd);
    close(listener);
}

static void one(struct experiment *experiment, size_t cell)
{
    if (cell < MODELS)
        try_model(experiment, models[cell]);
    else
        try_naive(experiment);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, MODELS + 1, one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval lost = figures_interval(figures, naive, "answered");
    for (size_t i = 0; i < MODELS; i++) {
        struct interval answered = figures_interval(figures, models[i], "answered");
        if (answered.n == 0)
            return verdict_undecided("%s was not tried", models[i]);
        if (answered.mean < 1)
            return verdict_depends("the server: %s does not answer all", models[i]);
    }
    if (lost.n == 0)
        return verdict_undecided("the naive server was not tried");
    return lost.mean < 1 ? verdict_confirmed() : verdict_refuted();
}

const struct claim claim_d5 = {
    .id = "d5",
    .said = "Half-close: an EOF may come before the reply is written.",
    .test =
        "A client sends 16 requests and shuts its side, all before the server looks. How many "
        "whole answers come, from each of nine models and from a server that takes the end of the "
        "input for the end of the conversation?",
    .rule = "Confirmed: the naive server loses answers, each of the nine gives all. Refuted: the "
            "naive one loses none either. Depends: a model loses some.",
    .repeats = 4,
    .run = run,
    .judge = judge,
};
