/* SPDX-License-Identifier: MIT */
/* A worker thread messages a loop that sleeps in epoll: through what is it woken soonest, and how
 * many messages pass? The messages are a counter in memory, what is compared is the bell. */
#include "bench/claims/claims.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/wire.h"

enum {
    WAKES = 500,
    QUICK_WAKES = 150,
    GAP_US = 200, /* long enough for the loop to sleep again */
    FLOODS = 6,
    QUICK_FLOODS = 3,
    FLOOD_MS = 25,
    LIMIT_MS = 1000 /* a bell that is not heard by then is lost */
};

static const double margin = 0.1; /* what counts as better */

static const char *const bells[] = {"eventfd", "pipe", "socketpair", "signal"};
enum { EVENTFD, PIPE, SOCKETPAIR, SIGNAL, BELLS };

static const struct metric {
    const char *name, *called;
    bool more_is_better;
} metrics[] = {{"wake_p50_us", "wake-up", false},
               {"messages_per_s", "messages per second", true},
               {"message_cpu_us", "CPU time", false}};
enum { METRICS = sizeof metrics / sizeof *metrics };

static struct {
    struct experiment *experiment;
    int listen[BELLS], ring[BELLS]; /* descriptors; -1 for signals */
    pthread_t loop;
    _Atomic int64_t posted, taken, heard_ns;
    _Atomic bool over;
} desk;

/* ---- The loop ---- */

static void ignore(int number)
{
    (void)number;
}

static void *turn(void *unused)
{
    struct epoll_event event = {.events = EPOLLIN};
    char rings[4096];
    sigset_t none;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    experiment_pin_to_server(desk.experiment);
    sigemptyset(&none); /* a signal gets through inside the wait only */
    for (uint32_t kind = 0; kind < BELLS; kind++) {
        event.data.u32 = kind;
        if (desk.listen[kind] >= 0)
            epoll_ctl(epoll, EPOLL_CTL_ADD, desk.listen[kind], &event);
    }
    while (!desk.over) {
        int ready = epoll_pwait(epoll, &event, 1, LIMIT_MS, &none);
        desk.heard_ns = client_clock_ns();
        if (ready > 0 && read(desk.listen[event.data.u32], rings, sizeof rings) < 0)
            continue;
        desk.taken = desk.posted;
    }
    close(epoll);
    return unused;
}

/* ---- The worker ---- */

/* A full pipe is no loss: it has rung already. */
static void post(size_t kind)
{
    static const uint64_t one = 1;
    desk.posted++;
    if (kind == SIGNAL)
        pthread_kill(desk.loop, SIGUSR1);
    else if (write(desk.ring[kind], &one, kind == EVENTFD ? sizeof one : 1) < 0)
        return;
}

/* The bells are rung in turns, so that all are as fast as the machine is at that moment: forth and
 * back, so that none follows the same one always. */
static size_t whose_turn(int64_t turn)
{
    size_t place = (size_t)turn % BELLS;
    return turn / BELLS % 2 ? BELLS - 1 - place : place;
}

/* In us; NAN when it is not heard. */
static double time_wake(size_t kind)
{
    const struct timespec gap = {.tv_nsec = (GAP_US + GAP_US * (desk.posted % 7) / 7) * 1000};
    nanosleep(&gap, NULL);
    int64_t rung_ns = client_clock_ns();
    post(kind);
    while (desk.taken != desk.posted)
        if (client_clock_ns() - rung_ns > LIMIT_MS * INT64_C(1000000))
            return NAN;
    return (double)(desk.heard_ns - rung_ns) / 1e3;
}

static void note_wakes(struct experiment *experiment, const char *cell, struct samples *samples,
                       int64_t wakes)
{
    experiment_share(experiment, cell, "lost", wakes - (int64_t)samples->count, wakes);
    if (samples->count > 0) {
        experiment_value(experiment, cell, "wake_p50_us", samples_percentile(samples, 0.5));
        experiment_value(experiment, cell, "wake_p99_us", samples_percentile(samples, 0.99));
    }
    samples_finish(samples);
}

static void time_wakes(struct experiment *experiment)
{
    struct samples samples[BELLS] = {0};
    int64_t wakes = experiment->quick ? QUICK_WAKES : WAKES;
    for (int64_t turn = 0; turn < wakes * BELLS; turn++) {
        size_t kind = whose_turn(turn);
        double waited_us = time_wake(kind);
        if (!isnan(waited_us))
            samples_add(&samples[kind], waited_us);
    }
    for (size_t kind = 0; kind < BELLS; kind++)
        note_wakes(experiment, bells[kind], &samples[kind], wakes);
}

static double process_cpu_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

/* What ringing without a pause came to, all its turns together. */
struct flood {
    double posted, cpu_us, ns;
};

static void flood(struct flood *flood, size_t kind)
{
    int64_t start_ns = client_clock_ns(), first = desk.posted;
    int64_t limit_ns = start_ns + FLOOD_MS * INT64_C(1000000);
    double from_us = process_cpu_us();
    while (client_clock_ns() < limit_ns)
        post(kind);
    while (desk.taken != desk.posted &&
           client_clock_ns() < limit_ns + LIMIT_MS * INT64_C(1000000)) {
    }
    flood->posted += (double)(desk.posted - first);
    flood->cpu_us += process_cpu_us() - from_us;
    flood->ns += (double)(client_clock_ns() - start_ns);
}

static void flood_in_turns(struct experiment *experiment)
{
    struct flood floods[BELLS] = {0};
    int64_t turns = (experiment->quick ? QUICK_FLOODS : FLOODS) * BELLS;
    for (int64_t turn = 0; turn < turns; turn++)
        flood(&floods[whose_turn(turn)], whose_turn(turn));
    for (size_t kind = 0; kind < BELLS; kind++) {
        const struct flood *all = &floods[kind];
        experiment_value(experiment, bells[kind], "message_cpu_us", all->cpu_us / all->posted);
        experiment_value(experiment, bells[kind], "messages_per_s", all->posted * 1e9 / all->ns);
    }
}

/* ---- ---- */

static void hang_one(struct experiment *experiment, size_t kind)
{
    int ends[2] = {-1, -1}, error = 0;
    if (kind == EVENTFD)
        ends[0] = ends[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    else if (kind == PIPE)
        error = pipe2(ends, O_NONBLOCK | O_CLOEXEC);
    else if (kind == SOCKETPAIR)
        error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
    if (error || (kind != SIGNAL && ends[0] < 0))
        experiment_fail(experiment, "no %s", bells[kind]);
    desk.listen[kind] = ends[0];
    desk.ring[kind] = ends[1];
}

static void hang_all(struct experiment *experiment)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = ignore}, NULL);
    desk.experiment = experiment;
    desk.posted = desk.taken = 0;
    desk.over = false;
    for (size_t kind = 0; kind < BELLS; kind++)
        hang_one(experiment, kind);
}

static void take_down_all(void)
{
    for (size_t kind = 0; kind < BELLS; kind++) {
        if (desk.ring[kind] != desk.listen[kind])
            close(desk.ring[kind]);
        if (desk.listen[kind] >= 0)
            close(desk.listen[kind]);
    }
}

static void ring_all(struct experiment *experiment, size_t only)
{
    (void)only;
    hang_all(experiment);
    experiment_pin_to_load(experiment);
    if (pthread_create(&desk.loop, NULL, turn, NULL) != 0)
        experiment_fail(experiment, "cannot start a thread");
    time_wakes(experiment);
    flood_in_turns(experiment);
    desk.over = true;
    post(EVENTFD);
    pthread_join(desk.loop, NULL);
    take_down_all();
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, 1, ring_all);
}

/* Whether a bell is better than eventfd by more than the margin. */
static enum certainty is_better(const struct figures *figures, size_t bell,
                                const struct metric *metric)
{
    struct interval ratio = figures_ratio(figures, bells[bell], bells[EVENTFD], metric->name);
    return metric->more_is_better ? interval_over(ratio, 1 + margin)
                                  : interval_under(ratio, 1 - margin);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct claim_verdict verdict = verdict_confirmed();
    for (size_t bell = PIPE; bell < BELLS; bell++) {
        unsigned better = 0;
        for (size_t i = 0; i < METRICS; i++) {
            enum certainty one = is_better(figures, bell, &metrics[i]);
            better += one == CERTAIN_YES;
            if (one == CERTAIN_YES)
                verdict = verdict_depends("what counts: %s is better in %s", bells[bell],
                                          metrics[i].called);
            else if (one == UNCERTAIN && verdict.finding == FINDING_CONFIRMED)
                verdict =
                    verdict_undecided("%s may be better in %s", bells[bell], metrics[i].called);
        }
        if (better == METRICS)
            return verdict_refuted();
    }
    return verdict;
}

const struct claim claim_a7 = {
    .id = "a7",
    .said = "eventfd is the way to message an epoll loop from a worker thread.",
    .test = "A thread on another CPU wakes a loop that sleeps in epoll_pwait, through an eventfd, "
            "a pipe, a socketpair or a signal: time from ringing to waking; then it rings as fast "
            "as it can: messages per second, and CPU time of both threads for each. The four hang "
            "in one loop and are rung in turns.",
    .rule = "Better is: by more than a tenth, whole interval, in the median wake-up, messages per "
            "second or CPU time. Confirmed: nothing is better than eventfd in any of them. "
            "Refuted: one of the others is better in all three. Depends: one is better in some. "
            "Undecided: one may be.",
    .run = run,
    .judge = judge,
};
