/* SPDX-License-Identifier: MIT */
/* Five ways to take a signal in a loop: who loses a shutdown, who counts a burst, who is quick? */
#include "bench/claims/claims.h"

#include <signal.h>
#include <stdio.h>

#include "bench/lab/experiment.h"
#include "bench/lab/taker.h"

enum { TRIES = 1250, SWEEP_NS = 12000, ASLEEP_NS = 50000, WAKES = 200, BURSTS = 5, SIGNALS = 100 };

/* Ratios of times: signalfd is slower from here on, and as quick while it is surely below this. */
static const double slower = 1.1, as_quick = 1.25;

static void burst(struct experiment *experiment, enum taker_way way, int number, const char *metric)
{
    unsigned seen = taker_burst(experiment, way, number, BURSTS, SIGNALS);
    experiment_share(experiment, taker_name(way), metric, seen, BURSTS * SIGNALS);
}

static void try_way(struct experiment *experiment, size_t cell)
{
    enum taker_way way = (enum taker_way)cell;
    const struct taker_tries tries = {TRIES, 0, SWEEP_NS};
    const struct taker_tries wakes = {WAKES, ASLEEP_NS, ASLEEP_NS + SWEEP_NS};
    struct taker_outcome outcome = taker_stop(experiment, way, tries);
    experiment_share(experiment, taker_name(way), "lost_shutdowns", outcome.hung, TRIES);
    outcome = taker_stop(experiment, way, wakes);
    experiment_value(experiment, taker_name(way), "notice_us", outcome.notice_median_us);
    burst(experiment, way, SIGUSR1, "seen_standard");
    burst(experiment, way, SIGRTMIN, "seen_realtime");
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, TAKER_WAYS, try_way);
}

static bool merges(const struct figures *figures, const char *way)
{
    return interval_under(figures_interval(figures, way, "seen_standard"), 1) == CERTAIN_YES &&
           figures_interval(figures, way, "seen_realtime").mean == 1;
}

static bool loses(const struct figures *figures, const char *way)
{
    return figures_interval(figures, way, "lost_shutdowns").mean > 0;
}

/* The way that loses nothing either, and is certainly quicker; NULL: there is none. */
static const char *better_than_signalfd(const struct figures *figures, bool *sure)
{
    const char *mine = taker_name(TAKER_SIGNALFD);
    *sure = true;
    for (enum taker_way other = 0; other < TAKER_WAYS; other++) {
        const char *name = taker_name(other);
        struct interval ratio = figures_ratio(figures, mine, name, "notice_us");
        if (other == TAKER_SIGNALFD || loses(figures, name))
            continue;
        if (interval_over(ratio, slower) == CERTAIN_YES)
            return name;
        *sure = *sure && interval_under(ratio, as_quick) == CERTAIN_YES;
    }
    return NULL;
}

static struct claim_verdict judge(const struct figures *figures)
{
    const char *mine = taker_name(TAKER_SIGNALFD);
    bool sure;
    if (figures_interval(figures, mine, "lost_shutdowns").n == 0)
        return verdict_undecided("signalfd was not tried");
    if (loses(figures, mine) || !merges(figures, mine))
        return verdict_refuted();
    const char *better = better_than_signalfd(figures, &sure);
    if (better)
        return verdict_depends("what is wanted: signalfd loses no shutdown and its standard "
                               "signals are merged, but %s loses none either and is told sooner",
                               better);
    if (!sure)
        return verdict_undecided("whether another way is quicker cannot be told");
    return verdict_confirmed();
}

const struct claim claim_a8 = {
    .id = "a8",
    .said = "signalfd is the best way for a server thread to take signals; beware of coalescing.",
    .test =
        "Five loops take signals from another process: 1 250 single shutdowns a repeat at moments "
        "that sweep over a turn of the loop, and bursts of 100 standard and 100 real-time "
        "signals.",
    .rule =
        "Refuted: signalfd ever loses a shutdown, or sees every standard signal of a burst, or "
        "not every real-time one. Depends: it surely takes over 1.1 times as long to be told as "
        "another way that loses no shutdown (ratio of medians). Confirmed: it surely takes under "
        "1.25 times as long as each of them. Undecided: something between.",
    .repeats = 40,
    .quick_repeats = 3,
    .run = run,
    .judge = judge,
};
