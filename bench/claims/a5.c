/* SPDX-License-Identifier: MIT */
/* The notifier and its subscribers, while it has nothing to say and while it speaks: what does each
 * way of waiting for room in a socket cost? */
#include "bench/claims/claims.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/places.h"
#include "bench/base/text.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/wire.h"

enum {
    SUBSCRIBERS = 64,
    SILENT_US = 60000000, /* from one notification to the next: none comes */
    SPEAKING_US = 2000,
    TIME_MS = 300,
    QUICK_TIME_MS = 120,
    LINE = 48
};

/* Returns from epoll_wait for nothing: how often is a busy wait, and how rarely is none. They tell
 * the same on a CPU that others use as well. */
static const double busy_per_s = 1000, calm_per_s = 100;

static const char *const interests[] = {"armed", "oneshot", "edge"};
enum { INTERESTS = sizeof interests / sizeof *interests };

static void start(struct experiment *experiment, struct service *notifier, const char *interest,
                  unsigned interval_us)
{
    char interval[16], *program = places_companion("notify");
    snprintf(interval, sizeof interval, "%u", interval_us);
    service_start(experiment, notifier, program,
                  (const char *const[]){"--interest", interest, "--interval", interval, NULL});
    free(program);
}

/* What the notifier said of itself in its last line. */
static double counted(const struct service *notifier, const char *name)
{
    const char *at = strstr(notifier->child.errors.at, name);
    return at ? strtod(at + strlen(name), NULL) : 0;
}

static void watch_silence(struct experiment *experiment, const char *interest)
{
    struct service notifier;
    start(experiment, &notifier, interest, SILENT_US);
    int64_t start_ns = client_clock_ns();
    int *crowd = wire_crowd(experiment, notifier.port, SUBSCRIBERS);
    struct service_use from = service_use(&notifier);
    experiment_pass_ms(experiment->quick ? QUICK_TIME_MS : TIME_MS);
    struct service_use to = service_use(&notifier);
    experiment_value(experiment, interest, "idle_cpu_percent", service_cpu_percent(&from, &to));
    service_end(experiment, &notifier);
    double seconds = (double)(client_clock_ns() - start_ns) / 1e9;
    experiment_value(experiment, interest, "idle_returns_per_s",
                     counted(&notifier, "idle-waits=") / seconds);
    service_finish(&notifier);
    wire_close(crowd, SUBSCRIBERS);
}

/* How long each line in what came was under way, in us. */
static void take_lines(char *text, int64_t now_ns, struct samples *samples)
{
    char *rest = text, *line;
    long long made_ns;
    while ((line = strsep(&rest, "\n")))
        if (sscanf(line, "%*u %lld", &made_ns) == 1)
            samples_add(samples, (double)(now_ns - made_ns) / 1e3);
}

static void listen_to_it(struct experiment *experiment, const int *crowd, struct samples *samples)
{
    struct pollfd fds[SUBSCRIBERS];
    char text[64 * LINE];
    for (size_t i = 0; i < SUBSCRIBERS; i++)
        fds[i] = (struct pollfd){crowd[i], POLLIN, 0};
    int64_t limit_ns =
        client_clock_ns() + (experiment->quick ? QUICK_TIME_MS : TIME_MS) * INT64_C(1000000);
    while (client_clock_ns() < limit_ns) {
        if (poll(fds, SUBSCRIBERS, SPEAKING_US / 1000) <= 0)
            continue;
        for (size_t i = 0; i < SUBSCRIBERS; i++) {
            ssize_t got = fds[i].revents ? recv(crowd[i], text, sizeof text - 1, MSG_DONTWAIT) : 0;
            text[got > 0 ? got : 0] = '\0';
            take_lines(text, client_clock_ns(), samples);
        }
    }
}

static void watch_speech(struct experiment *experiment, const char *interest)
{
    struct service notifier;
    struct samples samples = {0};
    experiment_pin_to_load(experiment);
    start(experiment, &notifier, interest, SPEAKING_US);
    int *crowd = wire_crowd(experiment, notifier.port, SUBSCRIBERS);
    struct service_use from = service_use(&notifier);
    listen_to_it(experiment, crowd, &samples);
    struct service_use to = service_use(&notifier);
    experiment_value(experiment, interest, "speaking_cpu_percent", service_cpu_percent(&from, &to));
    if (samples.count == 0)
        experiment_fail(experiment, "%s: no notification came", interest);
    experiment_value(experiment, interest, "delivery_p50_us", samples_percentile(&samples, 0.5));
    experiment_value(experiment, interest, "delivery_p99_us", samples_percentile(&samples, 0.99));
    samples_finish(&samples);
    service_stop(experiment, &notifier);
    wire_close(crowd, SUBSCRIBERS);
}

static void notify(struct experiment *experiment, size_t cell)
{
    watch_silence(experiment, interests[cell]);
    watch_speech(experiment, interests[cell]);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, INTERESTS, notify);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval armed = figures_interval(figures, "armed", "idle_returns_per_s");
    struct interval oneshot = figures_interval(figures, "oneshot", "idle_returns_per_s");
    enum certainty spins = interval_over(armed, busy_per_s),
                   rests = interval_under(oneshot, calm_per_s);
    if (spins == CERTAIN_YES && rests == CERTAIN_YES)
        return verdict_confirmed();
    if (spins == CERTAIN_NO || rests == CERTAIN_NO)
        return verdict_refuted();
    return verdict_undecided("%.3g to %.3g useless returns a second with EPOLLOUT left armed, "
                             "%.3g to %.3g with EPOLLONESHOT",
                             armed.low, armed.high, oneshot.low, oneshot.high);
}

const struct claim claim_a5 = {
    .id = "a5",
    .said = "Registering outgoing notification sockets with EPOLLONESHOT avoids the busy wait of a "
            "socket that is writable while there is nothing to send.",
    .test = "A notifier with 64 subscribers and EPOLLOUT left armed, armed once when there is "
            "something to send and no room for it, or edge-triggered: CPU and useless returns from "
            "epoll_wait while it has nothing to say; how long a notification is under way when one "
            "comes every 2 ms.",
    .rule = "Confirmed: with nothing to say epoll_wait returns for nothing over 1 000 times a "
            "second with EPOLLOUT left armed, and under 100 times with EPOLLONESHOT; whole "
            "intervals. Refuted: either is certainly not so. Undecided: an interval holds its "
            "limit.",
    .run = run,
    .judge = judge,
};
