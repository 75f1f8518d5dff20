/* SPDX-License-Identifier: MIT */
/* Interest switched to writing and back for every answer, against answering at once. */
#include "bench/claims/claims.h"

#include <stdio.h>

#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/turns.h"

enum { CLIENTS = 64, WINDOW_MS = 400, QUICK_EACH_MS = 200, COUNTED_WINDOW_MS = 100 };

/* libuv is how the loop of many real servers works, Node.js among them. */
static const struct {
    const char *name, *model, *argument;
} arms[] = {
    {"switch", "epoll-lt", "--write-interest=each"},
    {"at-once", "epoll-lt", "--write-interest=demand"},
    {"epoll-et", "epoll-et", NULL},
    {"libuv", "libuv", NULL},
    /* More than the kernel takes at once: there write interest has its place. */
    {"at-once-large", "epoll-lt", "--body-size=16777216"},
};
enum { ARMS = sizeof arms / sizeof *arms, OTHERS_FROM = 1, ALONE_FROM = 2, OTHERS_TO = 4 };
static const double margin = 1.05;
static const double none = 0.1, both = 1.9; /* epoll_ctl calls per answer */

static void count_calls(struct experiment *experiment, struct service *service, const char *name,
                        struct generator_order order)
{
    struct traffic traffic;
    if (!traffic_can_count(service)) {
        experiment_text(experiment, name, "syscalls_per_request", traffic_uncounted);
        experiment_text(experiment, name, "epoll_ctl_per_request", traffic_uncounted);
        return;
    }
    order.window_ms = order.connections < CLIENTS ? 0 : COUNTED_WINDOW_MS;
    traffic_drive_counting(experiment, service, order, &traffic);
    if (traffic.answered > 0) {
        experiment_value(experiment, name, "syscalls_per_request", traffic.syscalls_per_request);
        experiment_value(experiment, name, "epoll_ctl_per_request",
                         traffic_calls_per_request(&traffic, "epoll_ctl"));
    }
    traffic_finish(&traffic);
}

/* The two whose cost is compared: side by side, in turns. */
static void try_both(struct experiment *experiment)
{
    const char *arguments[ALONE_FROM][2];
    struct arm both_arms[ALONE_FROM] = {0};
    for (size_t i = 0; i < ALONE_FROM; i++) {
        arguments[i][0] = arms[i].argument;
        arguments[i][1] = NULL;
        snprintf(both_arms[i].cell, sizeof both_arms[i].cell, "%s", arms[i].name);
        both_arms[i].model = arms[i].model;
        both_arms[i].arguments = arguments[i];
        both_arms[i].order = (struct generator_order){.connections = CLIENTS};
    }
    turns_start(experiment, both_arms, ALONE_FROM);
    turns_drive(experiment, both_arms, ALONE_FROM,
                (struct turns){.each_ms = experiment->quick ? QUICK_EACH_MS : WINDOW_MS});
    for (size_t i = 0; i < ALONE_FROM; i++)
        count_calls(experiment, &both_arms[i].service, arms[i].name, both_arms[i].order);
    turns_stop(experiment, both_arms, ALONE_FROM);
}

static void try_alone(struct experiment *experiment, size_t arm)
{
    struct generator_order order = {.connections = arm < OTHERS_TO ? CLIENTS : 1,
                                    .window_ms = experiment->quick ? 0 : WINDOW_MS};
    struct service service;
    struct traffic traffic;
    service_start(experiment, &service, arms[arm].model,
                  (const char *const[]){arms[arm].argument, NULL});
    traffic_drive(experiment, &service, order, &traffic);
    traffic_note(experiment, arms[arm].name, &traffic);
    traffic_finish(&traffic);
    count_calls(experiment, &service, arms[arm].name, order);
    service_stop(experiment, &service);
}

static void try_one(struct experiment *experiment, size_t which)
{
    if (which == 0)
        try_both(experiment);
    else
        try_alone(experiment, ALONE_FROM + which - 1);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, ARMS - ALONE_FROM + 1, try_one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty switches[OTHERS_TO - OTHERS_FROM];
    for (size_t i = OTHERS_FROM; i < OTHERS_TO; i++) {
        struct interval calls = figures_interval(figures, arms[i].name, "epoll_ctl_per_request");
        switches[i - OTHERS_FROM] = calls.mean >= both  ? CERTAIN_YES
                                    : calls.mean < none ? CERTAIN_NO
                                                        : UNCERTAIN;
    }
    struct claim_verdict verdict =
        verdict_of_all(switches, OTHERS_TO - OTHERS_FROM, "whose loop it is: some switch");
    enum certainty dearer =
        interval_over(figures_ratio(figures, "switch", "at-once", "cpu_us_per_request"), margin);
    if (verdict.finding != FINDING_REFUTED || dearer == CERTAIN_YES)
        return verdict;
    if (dearer == CERTAIN_NO)
        return verdict_depends("taste: no loop here does it, but it costs nothing either");
    return verdict_undecided("what the switching costs is lost in the noise");
}

const struct claim claim_b8 = {
    .id = "b8",
    .said = "Switching interest from read to write for every reply is how epoll servers work.",
    .test = "64 clients with small answers: a loop that waits for EPOLLOUT before each answer and "
            "then for EPOLLIN, against loops that answer at once and wait only when the kernel "
            "did not take all: epoll-lt, epoll-et and libuv. Counted: epoll_ctl calls and CPU time "
            "per answer. The loop that switches and epoll-lt stand side by side and are driven in "
            "turns of 25 ms.",
    .rule = "Confirmed: epoll-lt, epoll-et and libuv too make 1.9 or more epoll_ctl calls per "
            "answer. Refuted: each of them makes fewer than 0.1, and switching takes over 1.05 "
            "times the CPU time per answer, with its whole interval. Depends: only some of them "
            "switch, or none does but switching costs no more.",
    .repeats = 8,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
