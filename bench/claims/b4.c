/* SPDX-License-Identifier: MIT */
/* The same as b3, beyond what select can hold: poll against epoll, up to 15 000 silent ones. */
#include "bench/claims/claims.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum { BUSY = 64, WINDOW_MS = 250, LONG_WINDOW_MS = 500 };

static const char *const models[] = {"epoll-lt", "poll"};
static const unsigned idle[] = {0, 100, 900, 5000, 15000};
static const size_t quickly[] = {0, 2, 3}; /* of these */
enum {
    MODELS = sizeof models / sizeof *models,
    LEVELS = sizeof idle / sizeof *idle,
    QUICK_LEVELS = sizeof quickly / sizeof *quickly
};
static const double faster = 1.05, flat = 1.25;

static void try_one(struct experiment *experiment, size_t cell)
{
    const char *model = models[cell % MODELS];
    size_t at = cell / MODELS;
    unsigned level = idle[experiment->quick ? quickly[at] : at];
    char *name = text_format("%s@%u", model, level);
    /* With thousands to look at, poll needs longer for as many answers. */
    unsigned window_ms = level > 900 ? LONG_WINDOW_MS : WINDOW_MS;
    struct generator_order order = {
        .connections = BUSY, .idle = level, .window_ms = experiment->quick ? 0 : window_ms};
    traffic_try(experiment, name, model, NULL, order);
    free(name);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, MODELS * (experiment->quick ? QUICK_LEVELS : LEVELS), try_one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty each[LEVELS + 1];
    size_t count = 0;
    unsigned from = 0, most = 0;
    char name[2][FIGURE_NAME_SIZE], on[FIGURE_TEXT_SIZE];
    for (size_t i = 0; i < LEVELS; i++) {
        snprintf(name[0], sizeof name[0], "poll@%u", idle[i]);
        snprintf(name[1], sizeof name[1], "epoll-lt@%u", idle[i]);
        if (!figures_find(figures, NULL, name[1], "cpu_us_per_request"))
            continue;
        most = idle[i];
        each[count] =
            interval_over(figures_ratio(figures, name[0], name[1], "cpu_us_per_request"), faster);
        if (each[count++] != CERTAIN_YES)
            from = i + 1 < LEVELS ? idle[i + 1] : 0;
    }
    if (count == 0)
        return verdict_undecided("nothing was measured");
    snprintf(name[1], sizeof name[1], "epoll-lt@%u", most);
    struct interval growth = figures_ratio(figures, name[1], "epoll-lt@0", "cpu_us_per_request");
    if (interval_over(growth, flat) == CERTAIN_YES)
        return verdict_depends("something else than the list of who is ready: epoll's cost grows "
                               "with the silent connections too");
    snprintf(on, sizeof on, "the number of silent connections: epoll is ahead from %u on", from);
    return verdict_of_all(each, count, on);
}

const struct claim claim_b4 = {
    .id = "b4",
    .said = "epoll beats poll because the kernel keeps the list of ready sockets.",
    .test = "64 busy connections with 0 to 15 000 silent ones beside them: what an answer costs "
            "the server in CPU time.",
    .rule = "At each number of silent connections poll's CPU time per answer is divided by "
            "epoll-lt's. Confirmed: every ratio is above 1.05, with its whole interval. Refuted: "
            "none is. Depends on the number of silent connections: some are and some are not. "
            "Should epoll's own cost with the most of them be over 1.25 times what it is with "
            "none, the reason given is not the reason, and the verdict says so.",
    .repeats = 4,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
    .chart = "b4.gp",
};
