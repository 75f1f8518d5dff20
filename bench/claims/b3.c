/* SPDX-License-Identifier: MIT */
/* 64 busy connections, and up to 900 silent ones beside them, which is what select can hold. */
#include "bench/claims/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum { BUSY = 64, WINDOW_MS = 250 };

static const char *const models[] = {"select", "poll", "epoll-lt", "epoll-et"};
static const unsigned idle[] = {0, 900, 100, 500}; /* a quick run tries the first two */
enum { MODELS = sizeof models / sizeof *models, LEVELS = sizeof idle / sizeof *idle };
static const double faster = 1.05; /* times as much CPU time in select */
static const double flat = 1.25;   /* times as much with 900 silent ones as with none */

static void try_one(struct experiment *experiment, size_t cell)
{
    const char *model = models[cell % MODELS];
    char *name = text_format("%s@%u", model, idle[cell / MODELS]);
    struct generator_order order = {.connections = BUSY,
                                    .idle = idle[cell / MODELS],
                                    .window_ms = experiment->quick ? 0 : WINDOW_MS};
    traffic_try(experiment, name, model, NULL, order);
    free(name);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, MODELS * (experiment->quick ? 2 : LEVELS), try_one);
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

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty each[MODELS - 1];
    char yes[64] = "", no[64] = "", on[FIGURE_TEXT_SIZE];
    for (size_t i = 1; i < MODELS; i++) {
        each[i - 1] = knows_who_is_ready(figures, models[i]);
        char *list = each[i - 1] == CERTAIN_YES ? yes : no;
        size_t used = strlen(list);
        snprintf(list + used, sizeof yes - used, "%s%s", used ? " and " : "", models[i]);
    }
    if (interval_under(growth(figures, "select"), flat) == CERTAIN_YES)
        return verdict_refuted();
    snprintf(on, sizeof on, "which of them: it holds for %s, not for %s", yes, no);
    return verdict_of_all(each, MODELS - 1, on);
}

const struct claim claim_b3 = {
    .id = "b3",
    .said = "poll and epoll beat select because select must check every socket and the others know "
            "who is ready.",
    .test = "64 busy connections with 0, 100, 500 and 900 silent ones beside them, as many as "
            "select can hold: what an answer costs the server in CPU time.",
    .rule = "For poll, epoll-lt and epoll-et two things must be so, each with its whole interval: "
            "with 900 silent connections select takes over 1.05 times its CPU time per answer, and "
            "its own is under 1.25 times what it is with none. Confirmed: so for all three. "
            "Refuted: for none, or select's own cost does not grow by a quarter either. Depends "
            "on which of them: for some.",
    .repeats = 5,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
    .chart = "b3.gp",
};
