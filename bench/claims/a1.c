/* SPDX-License-Identifier: MIT */
/* One client of the thread server sends messages at a rate: what share of a CPU goes on it? */
#include "bench/claims/claims.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum {
    MESSAGE_BYTES = 64,
    WINDOW_MS = 1000, /* in which 100 a second are a hundred */
    IDLE_MS = 300,
    QUICK_IDLE_MS = 100,
    CELL_SIZE = 32
};

static const double limit_percent = 2, kept_pace = 0.9;

static const unsigned rates[] = {0, 100, 1000, 10000};
enum { RATES = sizeof rates / sizeof *rates };

static void name_cell(char *cell, size_t index)
{
    snprintf(cell, CELL_SIZE, "rate@%u", rates[index]);
}

static void watch_silent(struct experiment *experiment, struct service *service, const char *cell)
{
    int client = client_connect(experiment, service->port);
    struct service_use from = service_use(service);
    experiment_pass_ms(experiment->quick ? QUICK_IDLE_MS : IDLE_MS);
    struct service_use to = service_use(service);
    experiment_value(experiment, cell, "cpu_percent", service_cpu_percent(&from, &to));
    close(client);
}

static void send_at_rate(struct experiment *experiment, size_t index)
{
    static const char *const echo[] = {"--protocol", "echo", NULL};
    char cell[CELL_SIZE];
    struct service service;
    struct traffic traffic;
    name_cell(cell, index);
    service_start(experiment, &service, "thread", echo);
    if (rates[index] == 0) {
        watch_silent(experiment, &service, cell);
    } else {
        traffic_drive(experiment, &service,
                      (struct generator_order){.connections = 1,
                                               .echo_bytes = MESSAGE_BYTES,
                                               .rate_rps = rates[index],
                                               .window_ms = experiment->quick ? 0 : WINDOW_MS},
                      &traffic);
        traffic_note(experiment, cell, &traffic);
        traffic_finish(&traffic);
    }
    service_stop(experiment, &service);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, RATES, send_at_rate);
}

/* What came of a rate that the client could not keep is the share of a lower one. (A rate of 100
 * makes 100 arrivals in a window, give or take 10, so only a whole interval below tells.) */
static bool fell_behind(const struct figures *figures, const char *cell, double rate)
{
    struct interval pace = figures_interval(figures, cell, "throughput_rps");
    return interval_under(pace, kept_pace * rate) == CERTAIN_YES;
}

/* A share that surely lies under the limit at one rate and surely over it at a higher one depends
 * on the rate, wherever between the two it crosses the limit. So a rate near the crossing, whose
 * interval holds the limit on any machine and however often it is repeated, leaves the claim
 * undecided only where it is needed: where nothing lies surely under, or nothing surely over. */
static struct claim_verdict judge(const struct figures *figures)
{
    unsigned cheap = 0, dear = UINT32_MAX;
    struct claim_verdict verdict = verdict_confirmed();
    bool any_cheap = false;
    for (size_t i = RATES; i-- > 0;) {
        char cell[CELL_SIZE];
        name_cell(cell, i);
        struct interval cpu = figures_interval(figures, cell, "cpu_percent");
        if (interval_over(cpu, limit_percent) == CERTAIN_YES) {
            dear = rates[i];
        } else if (interval_under(cpu, limit_percent) != CERTAIN_YES) {
            verdict = verdict_undecided("%.1f to %.1f %% at %u messages a second", cpu.low,
                                        cpu.high, rates[i]);
        } else if (fell_behind(figures, cell, rates[i])) {
            verdict = verdict_undecided("the client did not keep its pace at %u/s", rates[i]);
        } else if (!any_cheap && rates[i] < dear) {
            cheap = rates[i];
            any_cheap = true;
        }
    }
    if (dear <= rates[1])
        return verdict_refuted();
    if (!any_cheap || dear == UINT32_MAX)
        return verdict;
    return verdict_depends("the number of messages: under %g %% of a CPU at %u a second, over it "
                           "at %u",
                           limit_percent, cheap, dear);
}

const struct claim claim_a1 = {
    .id = "a1",
    .said = "One dedicated connection served by one thread with blocking I/O costs only 1-2 % CPU.",
    .test = "The thread server echoes 64 bytes for one client that is silent, or sends 100, 1 000 "
            "or 10 000 messages a second; its share of one CPU, kernel's work included.",
    .rule = "Confirmed: the whole interval is under 2 % of a CPU at every rate. Refuted: it is "
            "over 2 % for a silent client or at 100 messages a second. Depends: the whole interval "
            "is under at one rate and over at a higher one, whatever is seen between them. "
            "Undecided: else, as when an interval holds 2 %, or is under it for a client that kept "
            "less than nine tenths of its pace.",
    .run = run,
    .judge = judge,
};
