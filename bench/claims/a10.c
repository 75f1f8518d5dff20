/* SPDX-License-Identifier: MIT */
/* A flag that is tested before select, and a signal that is swept over the moment between. */
#include "bench/claims/claims.h"

#include <stdio.h>

#include "bench/lab/experiment.h"
#include "bench/lab/taker.h"

enum { STEPS = 12, STEP_NS = 1000, TRIES = 105 };

static const enum taker_way ways[] = {TAKER_FLAG, TAKER_PSELECT, TAKER_SIGNALFD};
enum { WAYS = sizeof ways / sizeof *ways };

static void sweep_step(struct experiment *experiment, size_t cell)
{
    enum taker_way way = ways[cell / STEPS];
    unsigned delay_ns = (unsigned)(cell % STEPS) * STEP_NS;
    const struct taker_tries tries = {TRIES, delay_ns, delay_ns + STEP_NS};
    char name[FIGURE_NAME_SIZE];
    struct taker_outcome outcome = taker_stop(experiment, way, tries);
    snprintf(name, sizeof name, "%s@%u", taker_name(way), delay_ns);
    experiment_share(experiment, name, "hung", outcome.hung, TRIES);
    experiment_share(experiment, taker_name(way), "hung", outcome.hung, TRIES);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, WAYS * STEPS, sweep_step);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval flag = figures_interval(figures, taker_name(TAKER_FLAG), "hung");
    struct interval mask = figures_interval(figures, taker_name(TAKER_PSELECT), "hung");
    struct interval file = figures_interval(figures, taker_name(TAKER_SIGNALFD), "hung");
    if (flag.n == 0 || mask.n == 0 || file.n == 0)
        return verdict_undecided("not every loop was tried");
    if (mask.mean > 0 && file.mean > 0)
        return verdict_refuted();
    if (flag.mean > 0 && mask.mean == 0 && file.mean == 0)
        return verdict_confirmed();
    if (flag.mean > 0)
        return verdict_depends("the cure: %s mends it, %s does not",
                               taker_name(mask.mean > 0 ? TAKER_SIGNALFD : TAKER_PSELECT),
                               taker_name(mask.mean > 0 ? TAKER_PSELECT : TAKER_SIGNALFD));
    return verdict_undecided("the flag missed none of %zu signals: the moment between its test and "
                             "the wait was not met",
                             flag.n);
}

const struct claim claim_a10 = {
    .id = "a10",
    .said = "A flag tested before select() loses the signal that comes between the two; blocking "
            "signals except inside the wait (pselect), or signalfd, mends it.",
    .test = "A loop works, tests and waits; another process sends it one signal in each turn, "
            "10 000 in all, at delays that sweep over the test and the wait. A wait that runs to "
            "its time-out although the signal came in its first half is a hang.",
    .rule = "Confirmed: the flag ever hangs, pselect and signalfd never. Depends: one of the two "
            "cures hangs. Refuted: both do. Undecided: not even the flag hangs.",
    .run = run,
    .judge = judge,
    .chart = "a10.gp",
};
