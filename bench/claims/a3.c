/* SPDX-License-Identifier: MIT */
/* The same light load on a polling list that sleeps for longer and longer, and on epoll: what does
 * each sleep buy in CPU, and what does it cost in response time? */
#include "bench/claims/claims.h"

#include <math.h>
#include <stdio.h>

#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum {
    CONNECTIONS = 1000, /* so many that each has its last answer before its next request is due */
    RATE_RPS = 1000,
    LONG_US = 500000,
    SLOW_US = 100000, /* sleeps from here on need more time to be seen */
    SLOW_WINDOW_MS = 1500,
    QUICK_SLOW_WINDOW_MS = 600,
    CELL_SIZE = 32
};

static const double ruined = 10, mended = 0.1;

static const unsigned intervals_us[] = {0, LONG_US, 10000, 10, 100, 1000, 100000};
enum { INTERVALS = sizeof intervals_us / sizeof *intervals_us, QUICK_INTERVALS = 3 };

static void drive(struct experiment *experiment, const char *cell, struct service *service,
                  unsigned interval_us)
{
    struct traffic traffic;
    unsigned slow_ms = experiment->quick ? QUICK_SLOW_WINDOW_MS : SLOW_WINDOW_MS;
    traffic_drive(experiment, service,
                  (struct generator_order){.connections = CONNECTIONS,
                                           .rate_rps = RATE_RPS,
                                           .window_ms = interval_us < SLOW_US ? 0 : slow_ms},
                  &traffic);
    traffic_note(experiment, cell, &traffic);
    traffic_finish(&traffic);
}

static void serve(struct experiment *experiment, size_t index)
{
    char cell[CELL_SIZE] = "epoll", interval[16];
    struct service service;
    unsigned interval_us = index > 0 ? intervals_us[index - 1] : 0;
    if (index == 0) {
        service_start(experiment, &service, "epoll-lt", NULL);
    } else {
        snprintf(cell, sizeof cell, "polling@%u", interval_us);
        snprintf(interval, sizeof interval, "%u", interval_us);
        service_start(experiment, &service, "polling-list",
                      (const char *const[]){"--interval", interval, NULL});
    }
    drive(experiment, cell, &service, interval_us);
    service_stop(experiment, &service);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, 1 + (experiment->quick ? QUICK_INTERVALS : INTERVALS), serve);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval cpu = figures_ratio(figures, "polling@500000", "polling@0", "cpu_percent");
    struct interval slower = figures_ratio(figures, "polling@500000", "epoll", "latency_p50_us");
    enum certainty mends = interval_under(cpu, mended), ruins = interval_over(slower, ruined);
    if (mends == CERTAIN_YES && ruins == CERTAIN_YES)
        return verdict_confirmed();
    if (mends == CERTAIN_NO || ruins == CERTAIN_NO)
        return verdict_refuted();
    return verdict_undecided("CPU %.2f to %.2f of that without a sleep, response time %.3g to "
                             "%.3g of epoll's",
                             cpu.low, cpu.high, slower.low, slower.high);
}

const struct claim claim_a3 = {
    .id = "a3",
    .said = "A long sleep (500 ms) mends the CPU but ruins the response time.",
    .test = "1 000 requests a second from 1 000 clients, in open loop, to polling-list with sleeps "
            "from 0 to 500 ms between two rounds, and to epoll-lt; share of one CPU, and response "
            "time.",
    .rule = "Confirmed: with 500 ms the CPU is under a tenth of that without a sleep, and the "
            "median response time over ten times that of epoll-lt. Refuted: either is certainly "
            "not so. Ratios are taken within repeats, and their whole intervals count.",
    .repeats = 5,
    .quick_repeats = 3,
    .run = run,
    .judge = judge,
    .chart = "a3.gp",
};
