/* SPDX-License-Identifier: MIT */
/* The time from connect() to the first answer, where a process or thread is started for the client
 * and where one waits for him; alone, and beside other clients. */
#include "bench/claims/claims.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum { NEWCOMERS_MOST = 4000, COLD_NEWCOMERS = 300, OTHERS = 16, OTHERS_RPS = 10000 };

/* Workers enough for the other clients, who stay, and for the newcomer. */
static const struct arm {
    const char *model;
    const char *arguments[3];
} arms[] = {
    {"fork", {NULL}},
    {"prefork", {"--workers", "32", NULL}},
    {"thread", {NULL}},
    {"prethread", {"--workers", "32", NULL}},
    {"thread-pool", {"--workers", "32", NULL}},
};
enum { ARMS = sizeof arms / sizeof *arms };

/* Newcomers, one after the other. */
struct newcomers {
    uint16_t port;
    size_t most, count, unserved;
    double us[NEWCOMERS_MOST];
    atomic_bool enough;
};

static void *arrive(void *argument)
{
    struct newcomers *newcomers = argument;
    while (newcomers->count < newcomers->most && !newcomers->enough) {
        int64_t start_ns = client_clock_ns();
        int fd = client_try(newcomers->port);
        bool served = fd >= 0 && client_send(fd, client_request, strlen(client_request)) &&
                      client_read_answer(fd);
        double us = (double)(client_clock_ns() - start_ns) / 1e3;
        if (fd >= 0)
            client_close(fd);
        if (served)
            newcomers->us[newcomers->count++] = us;
        else
            newcomers->unserved++;
        if (newcomers->unserved > 3)
            break;
    }
    return NULL;
}

static void note(struct experiment *experiment, const char *model, const char *when,
                 struct newcomers *newcomers)
{
    char cell[FIGURE_NAME_SIZE];
    snprintf(cell, sizeof cell, "%s-%s", model, when);
    if (newcomers->count == 0 || newcomers->unserved > 3)
        experiment_fail(experiment, "%s did not serve a newcomer", cell);
    gsl_sort(newcomers->us, 1, newcomers->count);
    experiment_value(experiment, cell, "first_answer_p50_us",
                     gsl_stats_quantile_from_sorted_data(newcomers->us, 1, newcomers->count, 0.5));
    experiment_value(experiment, cell, "first_answer_p99_us",
                     gsl_stats_quantile_from_sorted_data(newcomers->us, 1, newcomers->count, 0.99));
}

static void one(struct experiment *experiment, size_t cell)
{
    const struct arm *arm = &arms[cell];
    static struct newcomers newcomers;
    struct service service;
    struct traffic traffic;
    pthread_t thread;
    experiment_pin_to_load(experiment);
    service_start(experiment, &service, arm->model, arm->arguments);
    newcomers = (struct newcomers){.port = service.port, .most = COLD_NEWCOMERS};
    arrive(&newcomers);
    note(experiment, arm->model, "cold", &newcomers);
    newcomers = (struct newcomers){.port = service.port, .most = NEWCOMERS_MOST};
    if (pthread_create(&thread, NULL, arrive, &newcomers) != 0)
        experiment_fail(experiment, "cannot start a thread");
    traffic_drive(experiment, &service,
                  (struct generator_order){.connections = OTHERS, .rate_rps = OTHERS_RPS},
                  &traffic);
    newcomers.enough = true;
    pthread_join(thread, NULL);
    note(experiment, arm->model, "loaded", &newcomers);
    traffic_finish(&traffic);
    service_stop(experiment, &service);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, ARMS, one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    static const struct {
        const char *late, *early, *when;
    } pairs[] = {{"fork-cold", "prefork-cold", "processes, alone"},
                 {"fork-loaded", "prefork-loaded", "processes, beside others"},
                 {"thread-cold", "prethread-cold", "threads, alone"},
                 {"thread-loaded", "prethread-loaded", "threads, beside others"}};
    enum { PAIRS = sizeof pairs / sizeof *pairs };
    char shorter[FIGURE_TEXT_SIZE] = "";
    size_t yes = 0, no = 0;
    for (size_t i = 0; i < PAIRS; i++) {
        struct interval ratio =
            figures_ratio(figures, pairs[i].late, pairs[i].early, "first_answer_p50_us");
        enum certainty longer = interval_over(ratio, 1);
        yes += longer == CERTAIN_YES;
        no += longer == CERTAIN_NO;
        if (longer == CERTAIN_YES)
            snprintf(shorter + strlen(shorter), sizeof shorter - strlen(shorter), "%s%s",
                     *shorter ? "; " : "", pairs[i].when);
    }
    if (yes == PAIRS)
        return verdict_confirmed();
    if (no == PAIRS)
        return verdict_refuted();
    if (yes + no < PAIRS && yes == 0)
        return verdict_undecided("the intervals are too wide");
    return verdict_depends("what is started, and when: the wait is surely shorter for %s", shorter);
}

const struct claim claim_f2 = {
    .id = "f2",
    .said = "Pre-started servers avoid the wait for a process or thread to start.",
    .test = "From connect() to the first answer: 300 clients one after the other, then as many as "
            "half a second allows beside 16 others that send 10 000 requests per second.",
    .rule = "Confirmed: the median first answer of fork takes longer than prefork's, and thread's "
            "longer than prethread's, alone and beside others (intervals of the ratios over 1). "
            "Refuted: in none of the four. Depends: in some.",
    .run = run,
    .judge = judge,
    .chart = "f2.gp",
};
