/* SPDX-License-Identifier: MIT */
/* Edge-triggered in both its forms against level-triggered, at equal work. */
#include "bench/claims/claims.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/source.h"

enum { WINDOW_MS = 400, COUNTED_REPEATS = 2, COUNTED_WINDOW_MS = 100 };

/* epoll-et reads until a read came back short; the textbook reads until EAGAIN. */
static const struct {
    const char *name, *model, *drain;
} arms[] = {
    {"epoll-lt", "epoll-lt", NULL},
    {"epoll-et", "epoll-et", "--drain=yes"},
    {"epoll-et-eagain", "epoll-et", "--drain=eagain"},
};
static const struct work {
    const char *suffix, *protocol;
    unsigned connections, echo_bytes;
} works[] = {
    {"@64", "--protocol=http", 64, 0},
    {"-echo", "--protocol=echo", 16, 256 * 1024}, /* more than a socket takes at once */
    {"@1000", "--protocol=http", 1000, 0},
};
enum { ARMS = sizeof arms / sizeof *arms, WORKS = sizeof works / sizeof *works };
static const double margin = 1.05;

static void count_calls(struct experiment *experiment, struct service *service, const char *name,
                        struct generator_order order)
{
    struct traffic traffic;
    order.window_ms = COUNTED_WINDOW_MS;
    traffic_drive_counting(experiment, service, order, &traffic);
    if (traffic.answered > 0)
        experiment_value(experiment, name, "syscalls_per_request", traffic.syscalls_per_request);
    traffic_finish(&traffic);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    size_t arm = cell % ARMS;
    const struct work *work = &works[cell / ARMS];
    const char *const arguments[] = {work->protocol, arms[arm].drain, NULL};
    char *name = text_format("%s%s", arms[arm].name, work->suffix);
    struct generator_order order = {.connections = work->connections,
                                    .echo_bytes = work->echo_bytes,
                                    .window_ms = experiment->quick ? 0 : WINDOW_MS};
    struct service service;
    struct traffic traffic;
    service_start(experiment, &service, arms[arm].model, arguments);
    traffic_drive(experiment, &service, order, &traffic);
    traffic_note(experiment, name, &traffic);
    traffic_finish(&traffic);
    if (experiment->repeat <= COUNTED_REPEATS && traffic_can_count(&service))
        count_calls(experiment, &service, name, order);
    service_stop(experiment, &service);
    free(name);
}

static void run(struct experiment *experiment)
{
    for (size_t arm = 0; arm < 2; arm++) {
        size_t lines = source_lines_of_model(arms[arm].model);
        if (lines > 0)
            experiment_value(experiment, arms[arm].name, "source_lines", (double)lines);
    }
    /* A quick run leaves out the thousand. */
    experiment_blocks(experiment, experiment->quick ? ARMS * (WORKS - 1) : ARMS * WORKS, try_one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty gains[(ARMS - 1) * WORKS];
    char level[FIGURE_NAME_SIZE], edge[FIGURE_NAME_SIZE], on[FIGURE_TEXT_SIZE];
    size_t count = 0, gaining = 0;
    for (size_t arm = 1; arm < ARMS; arm++)
        for (size_t work = 0; work < WORKS; work++) {
            snprintf(level, sizeof level, "%s%s", arms[0].name, works[work].suffix);
            snprintf(edge, sizeof edge, "%s%s", arms[arm].name, works[work].suffix);
            if (!figures_find(figures, NULL, edge, "cpu_us_per_request"))
                continue;
            gains[count] =
                interval_over(figures_ratio(figures, level, edge, "cpu_us_per_request"), margin);
            gaining += gains[count++] == CERTAIN_YES;
        }
    if (count == 0)
        return verdict_undecided("nothing was measured");
    const struct figure *few = figures_find(figures, NULL, arms[0].name, "source_lines");
    const struct figure *many = figures_find(figures, NULL, arms[1].name, "source_lines");
    if (gaining == count && few && many && many->values[0] <= few->values[0])
        return verdict_depends("nothing it costs: it is more efficient, and not longer");
    snprintf(on, sizeof on, "the work and the way to drain: it saves CPU time in %zu of %zu trials",
             gaining, count);
    return verdict_of_all(gains, count, on);
}

const struct claim claim_b5 = {
    .id = "b5",
    .said = "Edge-triggered is a little more complex and more efficient than level-triggered.",
    .test = "64 and 1 000 clients with small answers and 16 that echo 256 KiB, against "
            "level-triggered epoll, edge-triggered until a read comes back short, and "
            "edge-triggered until EAGAIN: CPU time and system calls per answer, and lines of code.",
    .rule = "For each kind of work and each way to drain, level-triggered's CPU time per answer is "
            "divided by edge-triggered's. Confirmed: every ratio is above 1.05, with its whole "
            "interval, and edge-triggered has more lines. Refuted: no ratio is. Depends on the "
            "work and the way to drain: some are and some are not.",
    .repeats = 6,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
    .chart = "b5.gp",
};
