/* SPDX-License-Identifier: MIT */
/* A server is stopped for longer than its timeouts while its clients ask; when it goes on, are they
 * answered, or cut off by clocks that ran out while nobody could look? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum {
    CLIENTS = 20,
    STOPPED_MS = 2500,
    OPENED_MS = 500, /* who is older when the server is stopped is nearly due by rights */
    TRIES = 5
};

static const char *const models[] = {"fork", "thread",   "polling-list", "select",
                                     "poll", "epoll-lt", "epoll-et",     "libuv"};
enum { MODELS = sizeof models / sizeof *models };

/* Its timeouts are a second each. */
static const char *const arguments[] = {"--idle-timeout", "1", "--header-timeout", "1", NULL};

static void close_all(const int clients[])
{
    for (size_t i = 0; i < CLIENTS; i++)
        client_close(clients[i]);
}

/* Clients that have all had an answer a moment ago. */
static void open_all(struct experiment *experiment, uint16_t port, int clients[])
{
    for (size_t tried = 0; tried < TRIES; tried++) {
        int64_t start_ns = client_clock_ns();
        for (size_t i = 0; i < CLIENTS; i++)
            clients[i] = client_asked(experiment, port);
        if (client_clock_ns() - start_ns <= OPENED_MS * INT64_C(1000000))
            return;
        close_all(clients);
    }
    experiment_fail(experiment,
                    "%d clients do not get their first answers within %d ms: the "
                    "machine is too busy",
                    CLIENTS, OPENED_MS);
}

static void one(struct experiment *experiment, size_t cell)
{
    struct service service;
    int clients[CLIENTS], answered = 0;
    service_start(experiment, &service, models[cell], arguments);
    open_all(experiment, service.port, clients);
    service_signal_all(&service, SIGSTOP);
    for (size_t i = 0; i < CLIENTS; i++)
        client_send(clients[i], client_request, strlen(client_request));
    experiment_pass_ms(STOPPED_MS);
    service_signal_all(&service, SIGCONT);
    for (size_t i = 0; i < CLIENTS; i++)
        answered += client_read_answer(clients[i]);
    close_all(clients);
    experiment_share(experiment, models[cell], "answered", answered, CLIENTS);
    service_stop(experiment, &service);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, MODELS, one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    size_t tolerant = 0;
    const char *first = NULL;
    for (size_t i = 0; i < MODELS; i++) {
        struct interval answered = figures_interval(figures, models[i], "answered");
        if (answered.n == 0)
            return verdict_undecided("%s was not tried", models[i]);
        tolerant += answered.mean == 1;
        if (answered.mean < 1 && !first)
            first = models[i];
    }
    if (tolerant == MODELS)
        return verdict_confirmed();
    if (tolerant == 0)
        return verdict_refuted();
    return verdict_depends("the model: %s and %zu others cut off clients who had asked in time",
                           first, MODELS - tolerant - 1);
}

const struct claim claim_d8 = {
    .id = "d8",
    .said = "Software must tolerate suspension.",
    .test =
        "Servers with timeouts of one second are stopped (SIGSTOP) for two and a half, while 20 "
        "clients whose connections are open send a request each; then they go on (SIGCONT).",
    .rule =
        "Confirmed (it can be done): each model tried answers every client. Refuted: none does. "
        "Depends: on the model.",
    .repeats = 2,
    .quick_repeats = 1,
    .run = run,
    .judge = judge,
};
