/* SPDX-License-Identifier: MIT */
/* The same as b3, beyond what select can hold: poll against epoll, up to 15 000 silent ones. */
#include "bench/claims/claims.h"

#include <stdio.h>

#include "bench/lab/experiment.h"
#include "bench/lab/turns.h"

enum { BUSY = 64, EACH_MS = 400, QUICK_EACH_MS = 200 };

static const char *const models[] = {"epoll-lt", "poll"};
static const unsigned idle[] = {0, 100, 900, 5000, 15000};
static const size_t quickly[] = {0, 2, 3}; /* of these */
enum {
    MODELS = sizeof models / sizeof *models,
    LEVELS = sizeof idle / sizeof *idle,
    QUICK_LEVELS = sizeof quickly / sizeof *quickly
};
static const double faster = 1.05, flat = 1.25;

static void try_level(struct experiment *experiment, size_t at)
{
    struct arm arms[MODELS] = {0};
    unsigned level = idle[experiment->quick ? quickly[at] : at];
    for (size_t i = 0; i < MODELS; i++) {
        snprintf(arms[i].cell, sizeof arms[i].cell, "%s@%u", models[i], level);
        arms[i].model = models[i];
        arms[i].order = (struct generator_order){.connections = BUSY, .idle = level};
    }
    turns_try(experiment, arms, MODELS,
              (struct turns){.each_ms = experiment->quick ? QUICK_EACH_MS : EACH_MS});
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, experiment->quick ? QUICK_LEVELS : LEVELS, try_level);
}

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty each[LEVELS + 1];
    size_t count = 0;
    unsigned from = 0, most = 0;
    bool ahead = false; /* at the last level looked at, and so since `from` */
    char name[2][FIGURE_NAME_SIZE], on[FIGURE_TEXT_SIZE];
    for (size_t i = 0; i < LEVELS; i++) {
        snprintf(name[0], sizeof name[0], "poll@%u", idle[i]);
        snprintf(name[1], sizeof name[1], "epoll-lt@%u", idle[i]);
        if (!figures_find(figures, NULL, name[1], "cpu_us_per_request"))
            continue;
        most = idle[i];
        each[count] =
            interval_over(figures_ratio(figures, name[0], name[1], "cpu_us_per_request"), faster);
        if (!ahead)
            from = idle[i];
        ahead = each[count++] == CERTAIN_YES;
    }
    if (count == 0)
        return verdict_undecided("nothing was measured");
    snprintf(name[1], sizeof name[1], "epoll-lt@%u", most);
    struct interval growth = figures_ratio(figures, name[1], "epoll-lt@0", "cpu_us_per_request");
    if (interval_over(growth, flat) == CERTAIN_YES)
        return verdict_depends("something else than the list of who is ready: epoll's cost grows "
                               "with the silent connections too");
    int used = snprintf(on, sizeof on, "the number of silent connections");
    if (ahead)
        snprintf(on + used, sizeof on - (size_t)used, ": epoll is ahead from %u on", from);
    return verdict_of_all(each, count, on);
}

const struct claim claim_b4 = {
    .id = "b4",
    .said = "epoll beats poll because the kernel keeps the list of ready sockets.",
    .test = "64 busy connections with 0 to 15 000 silent ones beside them: what an answer costs "
            "the server in CPU time. poll and epoll-lt stand side by side and are driven in turns "
            "of 25 ms.",
    .rule = "At each number of silent connections poll's CPU time per answer is divided by "
            "epoll-lt's. Confirmed: every ratio is above 1.05, with its whole interval. Refuted: "
            "none is. Depends on the number of silent connections: some are and some are not. "
            "Should epoll's own cost with the most of them be over 1.25 times what it is with "
            "none, the reason given is not the reason, and the verdict says so.",
    .repeats = 8,
    .quick_repeats = 4,
    .run = run,
    .judge = judge,
    .chart = "b4.gp",
};
