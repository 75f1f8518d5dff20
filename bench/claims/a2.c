/* SPDX-License-Identifier: MIT */
/* The polling list goes round 1, 64 or 1 000 clients and sleeps between two rounds: what share of a
 * CPU does each sleep leave it, while they are silent and under a small load? */
#include "bench/claims/claims.h"

#include <stdio.h>

#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/wire.h"

enum {
    RATE_RPS = 1000,
    IDLE_MS = 200,
    LOADED_MS = 300,
    QUICK_MS = 100,
    SHORT_US = 1000, /* what is called a short time */
    CELL_SIZE = 48
};

static const double all_percent = 90; /* the host takes its share of a CPU that is all burnt */

static const struct setting {
    unsigned connections, interval_us;
} settings[] = {{1, 0},        {1000, 0},      {1, 100},     {1000, 100},  {1, 10000},
                {1000, 10000}, /* quick */
                {64, 0},       {1, 10},        {64, 10},     {1000, 10},   {64, 100},
                {1, 1000},     {64, 1000},     {1000, 1000}, {64, 10000},  {1, 100000},
                {64, 100000},  {1000, 100000}, {1, 500000},  {64, 500000}, {1000, 500000}};
enum { SETTINGS = sizeof settings / sizeof *settings, QUICK_SETTINGS = 6 };

static void name_cell(char *cell, const struct setting *setting, const char *what)
{
    snprintf(cell, CELL_SIZE, "%s-%u@%u", what, setting->connections, setting->interval_us);
}

static void watch_idle(struct experiment *experiment, struct service *service,
                       const struct setting *setting)
{
    char cell[CELL_SIZE];
    int *crowd = wire_crowd(experiment, service->port, setting->connections);
    struct service_use from = service_use(service);
    experiment_pass_ms(experiment->quick ? QUICK_MS : IDLE_MS);
    struct service_use to = service_use(service);
    name_cell(cell, setting, "idle");
    experiment_value(experiment, cell, "cpu_percent", service_cpu_percent(&from, &to));
    wire_close(crowd, setting->connections);
}

static void watch_loaded(struct experiment *experiment, struct service *service,
                         const struct setting *setting)
{
    char cell[CELL_SIZE];
    struct traffic traffic;
    traffic_drive(experiment, service,
                  (struct generator_order){.connections = setting->connections,
                                           .rate_rps = RATE_RPS,
                                           .window_ms = experiment->quick ? QUICK_MS : LOADED_MS},
                  &traffic);
    name_cell(cell, setting, "loaded");
    experiment_value(experiment, cell, "cpu_percent", traffic.cpu_percent);
    traffic_finish(&traffic);
}

static void go_round(struct experiment *experiment, size_t index)
{
    const struct setting *setting = &settings[index];
    char interval[16];
    struct service service;
    snprintf(interval, sizeof interval, "%u", setting->interval_us);
    service_start(experiment, &service, "polling-list",
                  (const char *const[]){"--interval", interval, NULL});
    watch_idle(experiment, &service, setting);
    watch_loaded(experiment, &service, setting);
    service_stop(experiment, &service);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, experiment->quick ? QUICK_SETTINGS : SETTINGS, go_round);
}

struct tally {
    unsigned burnt, spared, unsure, without_sleep; /* the last: spared although it never sleeps */
    struct setting least, most; /* of those that burn: fewest connections; of all spared: most */
};

static void count(const struct figures *figures, const struct setting *setting, const char *what,
                  struct tally *tally)
{
    char cell[CELL_SIZE];
    name_cell(cell, setting, what);
    if (!figures_find(figures, NULL, cell, "cpu_percent") || setting->interval_us > SHORT_US)
        return;
    enum certainty burns =
        interval_over(figures_interval(figures, cell, "cpu_percent"), all_percent);
    if (setting->interval_us == 0) {
        tally->without_sleep += burns != CERTAIN_YES;
    } else if (burns == CERTAIN_YES) {
        tally->burnt++;
        if (!tally->least.connections || setting->connections < tally->least.connections)
            tally->least = *setting;
    } else if (burns == CERTAIN_NO) {
        tally->spared++;
        if (setting->connections >= tally->most.connections)
            tally->most = *setting;
    } else {
        tally->unsure++;
    }
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct tally tally = {0};
    for (size_t i = 0; i < SETTINGS; i++) {
        count(figures, &settings[i], "idle", &tally);
        count(figures, &settings[i], "loaded", &tally);
    }
    if (tally.without_sleep > 0)
        return verdict_undecided("without any sleep it does not burn a whole CPU in %u of the "
                                 "settings",
                                 tally.without_sleep);
    if (tally.burnt > 0 && tally.spared > 0)
        return verdict_depends("the sleep and the number of clients: a sleep of %u µs with %u of "
                               "them burns a CPU, one of %u µs with %u does not",
                               tally.least.interval_us, tally.least.connections,
                               tally.most.interval_us, tally.most.connections);
    if (tally.unsure > 0 || tally.burnt + tally.spared == 0)
        return verdict_undecided("%u intervals hold %g %%", tally.unsure, all_percent);
    return tally.spared > 0 ? verdict_refuted() : verdict_confirmed();
}

const struct claim claim_a2 = {
    .id = "a2",
    .said = "A two-thread server (one accepts onto a shared list, one loops over the list draining "
            "whoever has data) burns 100 % CPU, even when both loops sleep for a short time each "
            "turn.",
    .test = "polling-list sleeps 0, 10 µs, 100 µs, 1 ms, 10 ms, 100 ms or 500 ms between two "
            "rounds, with 1, 64 or 1 000 clients that are silent, then with 1 000 requests a "
            "second from them all; its share of one CPU.",
    .rule = "Of the sleeps up to 1 ms. Confirmed: the whole interval is over 90 % of a CPU for "
            "every one and every number of clients. Refuted: at or under it for every one. "
            "Depends: over for some, under for others. Undecided: an interval holds 90 %, or "
            "without any sleep it is not over 90 % (then something else took the CPU).",
    .repeats = 3,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
    .chart = "a2.gp",
};
