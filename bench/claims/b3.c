/* SPDX-License-Identifier: MIT */
/* 64 busy connections, and up to 900 silent ones beside them, which is what select can hold. */
#include "bench/claims/claims.h"

#include <stdio.h>
#include <string.h>

#include "bench/lab/experiment.h"
#include "bench/lab/turns.h"

enum { BUSY = 64, EACH_MS = 250, QUICK_EACH_MS = 200, TOGETHER = 2 };

static const char *const models[] = {"select", "poll", "epoll-lt", "epoll-et"};
static const unsigned idle[] = {0, 900, 100, 500}; /* a quick run tries the first two */
enum {
    MODELS = sizeof models / sizeof *models,
    LEVELS = sizeof idle / sizeof *idle,
    ARMS = MODELS * TOGETHER
};
static const double faster = 1.05; /* times as much CPU time in select */
static const double flat = 1.25;   /* times as much with 900 silent ones as with none */

/* Two levels of all models at a time, for how a model's own cost grows is compared too. */
static void try_levels(struct experiment *experiment, size_t pair)
{
    struct arm arms[ARMS] = {0};
    for (size_t i = 0; i < ARMS; i++) {
        unsigned level = idle[pair * TOGETHER + i / MODELS];
        snprintf(arms[i].cell, sizeof arms[i].cell, "%s@%u", models[i % MODELS], level);
        arms[i].model = models[i % MODELS];
        arms[i].order = (struct generator_order){.connections = BUSY, .idle = level};
    }
    turns_try(experiment, arms, ARMS,
              (struct turns){.each_ms = experiment->quick ? QUICK_EACH_MS : EACH_MS});
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, experiment->quick ? 1 : LEVELS / TOGETHER, try_levels);
}

static struct interval growth(const struct figures *figures, const char *model)
{
    char full[FIGURE_NAME_SIZE], none[FIGURE_NAME_SIZE];
    snprintf(full, sizeof full, "%s@900", model);
    snprintf(none, sizeof none, "%s@0", model);
    return figures_ratio(figures, full, none, "cpu_us_per_request");
}

/* It takes less than select, and does not look at who is silent. */
static enum certainty knows_who_is_ready(const struct figures *figures, const char *model)
{
    char full[FIGURE_NAME_SIZE];
    snprintf(full, sizeof full, "%s@900", model);
    struct interval gain = figures_ratio(figures, "select@900", full, "cpu_us_per_request");
    return certain_both(interval_over(gain, faster), interval_under(growth(figures, model), flat));
}

static void append(char *list, size_t size, const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used ? " and " : "", name);
}

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty each[MODELS - 1];
    char lists[3][40] = {"", "", ""}, on[FIGURE_TEXT_SIZE];
    for (size_t i = 1; i < MODELS; i++) {
        each[i - 1] = knows_who_is_ready(figures, models[i]);
        append(lists[each[i - 1]], sizeof *lists, models[i]);
    }
    if (interval_under(growth(figures, "select"), flat) == CERTAIN_YES)
        return verdict_refuted();
    snprintf(on, sizeof on, "which of them: it holds for %s, not for %s%s%s", lists[CERTAIN_YES],
             lists[CERTAIN_NO], *lists[UNCERTAIN] ? "; undecided for " : "", lists[UNCERTAIN]);
    return verdict_of_all(each, MODELS - 1, on);
}

const struct claim claim_b3 = {
    .id = "b3",
    .said = "poll and epoll beat select because select must check every socket and the others know "
            "who is ready.",
    .test = "64 busy connections with 0, 100, 500 and 900 silent ones beside them, as many as "
            "select can hold: what an answer costs the server in CPU time. The servers stand side "
            "by side and are driven in turns of 25 ms.",
    .rule = "For poll, epoll-lt and epoll-et two things must be so, each with its whole interval: "
            "with 900 silent connections select takes over 1.05 times its CPU time per answer, and "
            "its own is under 1.25 times what it is with none. Confirmed: so for all three. "
            "Refuted: for none, or select's own cost does not grow by a quarter either. Depends "
            "on which of them: for some.",
    .repeats = 6,
    .quick_repeats = 4,
    .run = run,
    .judge = judge,
    .chart = "b3.gp",
};
