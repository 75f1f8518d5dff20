/* SPDX-License-Identifier: MIT */
/* Nobody speaks, and write interest is on: what does that cost? */
#include "bench/claims/claims.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/wire.h"

enum { WATCH_MS = 400, COUNT_MS = 100 };

static const struct {
    const char *name, *model, *argument;
} arms[] = {
    {"on-demand", "epoll-lt", "--write-interest=demand"},
    {"always", "epoll-lt", "--write-interest=always"},
    {"always-edge", "epoll-et", NULL}, /* which is how epoll-et works */
};
static const unsigned clients[] = {1, 64, 1000};
enum { ARMS = sizeof arms / sizeof *arms, LEVELS = sizeof clients / sizeof *clients };
static const double much_percent = 10, little_percent = 1;

/* How often a second the wait returned, where the kernel lets us count. */
static void count_returns(struct experiment *experiment, struct service *service, const char *cell)
{
    char *trouble = NULL;
    struct tracing *tracing = tracing_open(service->group, &trouble);
    free(trouble);
    if (!tracing) {
        experiment_text(experiment, cell, "returns_per_s", traffic_uncounted);
        return;
    }
    int64_t from_us = meter_clock_us();
    tracing_start(tracing);
    experiment_pass_ms(COUNT_MS);
    tracing_stop(tracing);
    double passed_s = (double)(meter_clock_us() - from_us) / 1e6;
    json_t *calls = tracing_names(tracing);
    double waits = (double)(json_integer_value(json_object_get(calls, "epoll_wait")) +
                            json_integer_value(json_object_get(calls, "epoll_pwait")));
    experiment_value(experiment, cell, "returns_per_s", waits / passed_s);
    json_decref(calls);
    tracing_close(tracing);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    size_t arm = cell % ARMS;
    unsigned crowd_size = clients[cell / ARMS];
    char *name = text_format("%s@%u", arms[arm].name, crowd_size);
    struct service service;
    service_start(experiment, &service, arms[arm].model,
                  (const char *const[]){arms[arm].argument, NULL});
    int *crowd = wire_crowd(experiment, service.port, crowd_size);
    experiment_pass_ms(50); /* until all are accepted */
    struct service_use from = service_use(&service);
    experiment_pass_ms(experiment->quick ? COUNT_MS : WATCH_MS);
    struct service_use to = service_use(&service);
    experiment_value(experiment, name, "cpu_percent", service_cpu_percent(&from, &to));
    count_returns(experiment, &service, name);
    wire_close(crowd, crowd_size);
    service_stop(experiment, &service);
    free(name);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, ARMS * LEVELS, try_one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty wasteful[LEVELS];
    char name[FIGURE_NAME_SIZE];
    for (size_t i = 0; i < LEVELS; i++) {
        snprintf(name, sizeof name, "always@%u", clients[i]);
        struct interval always = figures_interval(figures, name, "cpu_percent");
        snprintf(name, sizeof name, "on-demand@%u", clients[i]);
        struct interval demand = figures_interval(figures, name, "cpu_percent");
        if (interval_under(demand, little_percent) == CERTAIN_NO)
            return verdict_undecided("the loop is not idle even without write interest");
        wasteful[i] = interval_under(demand, little_percent) == UNCERTAIN     ? UNCERTAIN
                      : interval_over(always, much_percent) == CERTAIN_YES    ? CERTAIN_YES
                      : interval_under(always, little_percent) == CERTAIN_YES ? CERTAIN_NO
                                                                              : UNCERTAIN;
    }
    return verdict_of_all(wasteful, LEVELS, "the number of connections");
}

const struct claim claim_b7 = {
    .id = "b7",
    .said = "In level-triggered mode write interest left on with nothing to write wastes CPU.",
    .test = "1, 64 and 1 000 silent connections, with EPOLLOUT armed when there is something to "
            "write, armed always, and armed always but edge-triggered: the server's CPU time, and "
            "how often its wait returns.",
    .rule = "Confirmed: at every number of connections the loop that arms always takes over 10 % "
            "of a CPU, with its whole interval, and the one that arms on demand under 1 %. "
            "Refuted: both take under 1 %. Depends on the number of connections: some are so and "
            "some are not.",
    .repeats = 4,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
