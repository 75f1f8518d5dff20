/* SPDX-License-Identifier: MIT */
/* A thread or a process for each client against one loop for all, on one CPU. */
#include "bench/claims/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/turns.h"

enum {
    EACH_MS = 600,
    QUICK_EACH_MS = 200,
    TURN_MS = 25,
    CROWD = 1000, /* takes longer until each has had an answer */
    CROWD_TURN_MS = 50,
    LONG_WINDOW_MS = 1000, /* for 10 000 to have their turn */
    MANY = 10000,
    MANY_REPEATS = 4 /* to start and end so many takes ten seconds */
};

static const char *const models[] = {"epoll-lt", "thread", "fork"};
static const unsigned clients[] = {1, 64, 1000, MANY};
enum {
    MODELS = sizeof models / sizeof *models,
    LEVELS = sizeof clients / sizeof *clients,
    FEW_LEVELS = LEVELS - 1 /* side by side; 10 000 threads and as many processes are too much */
};
static const double margin = 1.05; /* what is less is not worth a decision */

/* Threads and processes are gone before one could ask them. But when a server has ended, all its
 * tasks' switches are known, and it has said how often it answered in its life. */
static void end_and_note_switches(struct experiment *experiment, struct service *service,
                                  const char *name)
{
    struct meter_children from = meter_children();
    service_end(experiment, service);
    struct meter_children to = meter_children();
    const char *said = strstr(service->child.errors.at, "answered=");
    double answered = said ? strtod(said + strlen("answered="), NULL) : 0;
    int64_t switches = to.voluntary_switches - from.voluntary_switches + to.involuntary_switches -
                       from.involuntary_switches;
    if (answered > 0)
        experiment_value(experiment, name, "switches_per_request", (double)switches / answered);
    service_finish(service);
}

static void try_by_turns(struct experiment *experiment, unsigned level)
{
    struct arm arms[MODELS] = {0};
    for (size_t i = 0; i < MODELS; i++) {
        snprintf(arms[i].cell, sizeof arms[i].cell, "%s@%u", models[i], level);
        arms[i].model = models[i];
        arms[i].order.connections = level;
    }
    const struct turns turns = {.each_ms = experiment->quick ? QUICK_EACH_MS : EACH_MS,
                                .turn_ms = level < CROWD ? TURN_MS : CROWD_TURN_MS};
    turns_start(experiment, arms, MODELS);
    turns_drive(experiment, arms, MODELS, turns);
    for (size_t i = 0; i < MODELS; i++)
        end_and_note_switches(experiment, &arms[i].service, arms[i].cell);
}

static void try_many(struct experiment *experiment, const char *model)
{
    if (experiment->repeat > MANY_REPEATS)
        return;
    char *name = text_format("%s@%u", model, (unsigned)MANY);
    struct service service;
    struct traffic traffic;
    service_start(experiment, &service, model, NULL);
    traffic_drive(experiment, &service,
                  (struct generator_order){.connections = MANY, .window_ms = LONG_WINDOW_MS},
                  &traffic);
    traffic_note(experiment, name, &traffic);
    traffic_finish(&traffic);
    end_and_note_switches(experiment, &service, name);
    free(name);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    if (cell < FEW_LEVELS)
        try_by_turns(experiment, clients[cell]);
    else
        try_many(experiment, models[cell - FEW_LEVELS]);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, experiment->quick ? FEW_LEVELS : FEW_LEVELS + MODELS, try_one);
}

/* "thread: from 64", the least number of clients from which on it always costs more. */
static void describe(const enum certainty *worse, const char *model, char *text, size_t size)
{
    size_t from = LEVELS, used = strlen(text);
    while (from > 0 && worse[from - 1] != CERTAIN_NO)
        from--;
    while (from < LEVELS && worse[from] != CERTAIN_YES)
        from++;
    if (from < LEVELS)
        snprintf(text + used, size - used, "; a %s for each costs more from %u on", model,
                 clients[from]);
    else
        snprintf(text + used, size - used, "; a %s for each does not cost more with most", model);
}

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty worse[(MODELS - 1) * LEVELS];
    char on[FIGURE_TEXT_SIZE] = "the number of clients";
    size_t count = 0;
    for (size_t model = 1; model < MODELS; model++) {
        enum certainty each[LEVELS];
        for (size_t i = 0; i < LEVELS; i++) {
            char name[2][FIGURE_NAME_SIZE];
            snprintf(name[0], sizeof name[0], "%s@%u", models[model], clients[i]);
            snprintf(name[1], sizeof name[1], "%s@%u", models[0], clients[i]);
            each[i] = interval_over(figures_ratio(figures, name[0], name[1], "cpu_us_per_request"),
                                    margin);
            if (figures_find(figures, NULL, name[0], "cpu_us_per_request"))
                worse[count++] = each[i];
        }
        describe(each, model == 1 ? "thread" : "process", on, sizeof on);
    }
    return count ? verdict_of_all(worse, count, on) : verdict_undecided("nothing was measured");
}

const struct claim claim_b2 = {
    .id = "b2",
    .said = "With blocking sockets each client takes a thread or a process; simple, but "
            "inefficient on one CPU.",
    .test =
        "A thread for each client and a process for each, against one event loop, all on one "
        "CPU, with 1 to 10 000 busy clients: what an answer costs the server in CPU time. The "
        "three stand side by side and are driven in turns of 25 ms, with 1 000 clients of 50 ms "
        "(with 10 000: one server after the other).",
    .rule = "At each number of clients the thread's and the process's CPU time per answer is "
            "divided by the loop's. Confirmed: every ratio is above 1.05, with its whole interval. "
            "Refuted: none is. Depends on the number of clients: some are and some are not.",
    .repeats = 8,
    .quick_repeats = 4,
    .run = run,
    .judge = judge,
    .chart = "b2.gp",
};
