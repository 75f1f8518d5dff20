/* SPDX-License-Identifier: MIT */
#include "bench/lab/taker.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/lab/experiment.h"
#include "bench/lab/subject.h"
#include "bench/machine/cpus.h"

enum {
    WAIT_MS = 10,      /* a wait that ends by its time-out has missed its signal */
    SETTLED_MS = 4,    /* a burst is over when nothing was seen for so long */
    SUBJECT_MS = 5000, /* and by then it has ended */
    CLIENTS = 64,
    WORK_NS = 10000 /* of a turn before its test, so that signals can come before it too */
};

/* Between the one that sends and the one that takes. */
struct meeting {
    enum taker_way way;
    int signal;
    const char *cpus;
    bool shared_cpu;       /* whoever spins keeps the other from running */
    unsigned tries;        /* turns of the loop; 0: until it is over */
    _Atomic unsigned turn; /* the one that takes has begun so many turns */
    _Atomic unsigned sent; /* signals, kill() has returned */
    _Atomic int64_t asked_ns, sent_ns;
    _Atomic unsigned seen, hung, noticed;
    _Atomic bool over;
    double notice_us[];
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const char *taker_name(enum taker_way way)
{
    static const char *const names[] = {"flag", "pselect", "signalfd", "self-pipe",
                                        "sigwait-thread"};
    return names[way];
}

/* ---- The one that takes ---- */

static struct {
    volatile sig_atomic_t came; /* by handler */
    sig_atomic_t taken;
    int fd, notify;
    int clients[CLIENTS];   /* silent, in ascending order */
    sigset_t signals, rest; /* the signal alone; what is blocked while it may come */
} self;

static void count_it(int number)
{
    (void)number;
    self.came++;
}

static void write_byte(int number)
{
    char byte = (char)number;
    if (write(self.notify, &byte, 1) < 0) {
        /* the pipe is full: the loop has reason enough to look */
    }
}

static void *wait_for_signals(void *unused)
{
    const uint64_t one = 1;
    (void)unused;
    for (;;)
        if (sigwaitinfo(&self.signals, NULL) > 0 && write(self.notify, &one, sizeof one) < 0)
            abort();
    return NULL;
}

static void open_pipe(void)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
        _exit(EXIT_FAILURE);
    self.fd = ends[0];
    self.notify = ends[1];
}

/* So many silent ones. */
static void open_clients(void)
{
    int ends[2];
    if (pipe(ends) < 0)
        _exit(EXIT_FAILURE);
    for (int i = 0; i < CLIENTS; i++)
        self.clients[i] = dup(ends[0]);
    if (self.clients[CLIENTS - 1] < 0 || self.clients[CLIENTS - 1] >= FD_SETSIZE)
        _exit(EXIT_FAILURE);
}

static void prepare(enum taker_way way, int number)
{
    struct sigaction action = {.sa_handler = way == TAKER_PIPE ? write_byte : count_it};
    pthread_t thread;
    open_clients();
    sigemptyset(&self.signals);
    sigaddset(&self.signals, number);
    if (way != TAKER_FLAG && way != TAKER_PIPE)
        sigprocmask(SIG_BLOCK, &self.signals, &self.rest);
    if (way == TAKER_SIGNALFD)
        self.fd = signalfd(-1, &self.signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (way == TAKER_PIPE)
        open_pipe();
    if (way == TAKER_THREAD)
        self.fd = self.notify = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (way == TAKER_THREAD && pthread_create(&thread, NULL, wait_for_signals, NULL) != 0)
        _exit(EXIT_FAILURE);
    if (way != TAKER_SIGNALFD && way != TAKER_THREAD)
        sigaction(number, &action, NULL);
}

/* As in a textbook: the set is filled anew for each call, since select overwrites it. True: the
 * wait ended by its time-out. */
static bool select_ends(bool blocked)
{
    const struct timespec limit = {0, WAIT_MS * 1000000};
    fd_set readable;
    FD_ZERO(&readable);
    for (int i = 0; i < CLIENTS; i++)
        FD_SET(self.clients[i], &readable);
    return pselect(self.clients[CLIENTS - 1] + 1, &readable, NULL, NULL, &limit,
                   blocked ? &self.rest : NULL) == 0;
}

static unsigned take_counted(void)
{
    sig_atomic_t came = self.came, fresh = came - self.taken;
    self.taken = came;
    return (unsigned)fresh;
}

/* What the descriptor has to tell: records of a signal, bytes, or a number. */
static unsigned take_told(enum taker_way way)
{
    union {
        struct signalfd_siginfo records[64];
        char bytes[4096];
        uint64_t number;
    } told;
    ssize_t count = read(self.fd, &told, sizeof told);
    if (count <= 0)
        return 0;
    if (way == TAKER_THREAD)
        return (unsigned)told.number;
    return (unsigned)((size_t)count / (way == TAKER_SIGNALFD ? sizeof *told.records : 1));
}

/* One look and one wait; how many signals were taken. */
static unsigned take(enum taker_way way, bool *timed_out)
{
    struct pollfd watched[CLIENTS + 1];
    *timed_out = false;
    if (way == TAKER_FLAG || way == TAKER_PSELECT) {
        if (self.came == self.taken)
            *timed_out = select_ends(way == TAKER_PSELECT);
        return take_counted();
    }
    for (int i = 0; i <= CLIENTS; i++)
        watched[i] = (struct pollfd){i < CLIENTS ? self.clients[i] : self.fd, POLLIN, 0};
    *timed_out = poll(watched, CLIENTS + 1, WAIT_MS) == 0;
    return watched[CLIENTS].revents ? take_told(way) : 0;
}

static void yield_if(bool shared_cpu)
{
    if (shared_cpu)
        sched_yield();
}

static void work(const struct meeting *meeting)
{
    int64_t end_ns = now_ns() + WORK_NS;
    while (now_ns() < end_ns)
        yield_if(meeting->shared_cpu);
}

/* A signal that was sent while the wait had half of its time still is missed when the wait goes on
 * to its end; one that was sent later may have come too late for this wait. */
static void take_turn(struct meeting *meeting, unsigned turn)
{
    bool timed_out, hung = false;
    int64_t start_ns;
    meeting->turn = turn;
    work(meeting);
    do {
        start_ns = now_ns();
        unsigned seen = take(meeting->way, &timed_out);
        hung = timed_out && meeting->sent == turn &&
               meeting->sent_ns < start_ns + WAIT_MS * 1000000 / 2;
        if (seen || hung)
            break;
    } while (!meeting->over);
    if (hung)
        meeting->hung++;
    else
        meeting->notice_us[meeting->noticed++] = (double)(now_ns() - meeting->asked_ns) / 1e3;
}

/* Until it is over, and nothing is left that is pending. */
static void count_all(struct meeting *meeting)
{
    bool timed_out;
    meeting->turn = 1;
    do
        meeting->seen += take(meeting->way, &timed_out);
    while (!meeting->over || !timed_out);
}

static void take_turns(void *memory)
{
    struct meeting *meeting = memory;
    if (!cpus_pin(meeting->cpus))
        _exit(EXIT_FAILURE);
    prepare(meeting->way, meeting->signal);
    for (unsigned turn = 1; turn <= meeting->tries; turn++)
        take_turn(meeting, turn);
    if (meeting->tries == 0)
        count_all(meeting);
}

/* ---- The one that sends ---- */

static size_t size_of(unsigned tries)
{
    return sizeof(struct meeting) + tries * sizeof(double);
}

static struct meeting *arrange(struct experiment *experiment, enum taker_way way, int number,
                               unsigned tries)
{
    struct meeting *meeting = subject_memory(experiment, size_of(tries));
    meeting->way = way;
    meeting->signal = number;
    meeting->cpus = experiment->cpus.server;
    meeting->shared_cpu = experiment->cpus.shared;
    meeting->tries = tries;
    experiment_pin_to_load(experiment);
    return meeting;
}

static void part(struct experiment *experiment, struct meeting *meeting, pid_t subject)
{
    bool hung;
    meeting->over = true;
    if (subject_wait(subject, SUBJECT_MS, &hung) != 0 || hung)
        experiment_fail(experiment, "the process that takes signals by %s does not end",
                        taker_name(meeting->way));
}

static void wait_for_turn(struct experiment *experiment, const struct meeting *meeting,
                          unsigned turn)
{
    int64_t end_ns = now_ns() + SUBJECT_MS * INT64_C(1000000);
    while (meeting->turn < turn && now_ns() < end_ns)
        yield_if(meeting->shared_cpu);
    if (meeting->turn < turn)
        experiment_fail(experiment, "the process that takes signals by %s does not go on",
                        taker_name(meeting->way));
}

static void send_later(struct meeting *meeting, pid_t subject, unsigned turn, unsigned delay_ns)
{
    int64_t when_ns = now_ns() + delay_ns;
    while (now_ns() < when_ns) {
        /* no sleep is so exact */
    }
    meeting->asked_ns = now_ns();
    kill(subject, meeting->signal);
    meeting->sent_ns = now_ns();
    meeting->sent = turn;
}

struct taker_outcome taker_stop(struct experiment *experiment, enum taker_way way,
                                struct taker_tries order)
{
    struct meeting *meeting = arrange(experiment, way, SIGTERM, order.tries);
    double span_ns = (double)order.delay_high_ns - (double)order.delay_low_ns;
    gsl_rng *dice = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(dice, (unsigned long)(experiment->seed + experiment->repeat));
    pid_t subject = subject_start(experiment, take_turns, meeting);
    for (unsigned turn = 1; turn <= order.tries; turn++) {
        double delay_ns = order.delay_low_ns + gsl_rng_uniform(dice) * span_ns;
        wait_for_turn(experiment, meeting, turn);
        send_later(meeting, subject, turn, (unsigned)delay_ns);
    }
    gsl_rng_free(dice);
    part(experiment, meeting, subject);
    struct taker_outcome outcome = {meeting->hung, NAN};
    if (meeting->noticed)
        outcome.notice_median_us = gsl_stats_median(meeting->notice_us, 1, meeting->noticed);
    munmap(meeting, size_of(order.tries));
    return outcome;
}

/* Until nothing more is seen. */
static void settle(const struct meeting *meeting)
{
    const struct timespec moment = {0, SETTLED_MS * 1000000};
    unsigned before;
    do {
        before = meeting->seen;
        nanosleep(&moment, NULL);
    } while (meeting->seen != before);
}

unsigned taker_burst(struct experiment *experiment, enum taker_way way, int number, unsigned bursts,
                     unsigned signals)
{
    struct meeting *meeting = arrange(experiment, way, number, 0);
    pid_t subject = subject_start(experiment, take_turns, meeting);
    wait_for_turn(experiment, meeting, 1);
    for (unsigned burst = 0; burst < bursts; burst++) {
        for (unsigned i = 0; i < signals; i++)
            kill(subject, number);
        settle(meeting);
    }
    part(experiment, meeting, subject);
    unsigned seen = meeting->seen;
    munmap(meeting, size_of(0));
    return seen;
}
