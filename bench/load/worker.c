/* SPDX-License-Identifier: MIT */
#include "bench/load/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "bench/load/clock.h"
#include "bench/load/complain.h"
#include "bench/load/pool.h"
#include "bench/load/turn.h"
#include "bench/base/text.h"

enum {
    EVENTS = 512,       /* fetched in one wake-up at most */
    OPENING_MOST = 256, /* at a time: a backlog must hold them */
    LOOK_MS = 100,      /* at least so often it is looked who has waited too long */
    HOLD_MOST_S = 60,
    LOOKS_IN_TIMEOUT = 10
};
#define MS_NS UINT64_C(1000000)

/* ---- Making and unmaking ---- */

static unsigned share(unsigned all, unsigned part, unsigned parts)
{
    return all / parts + (part < all % parts);
}

static void make_connections(struct worker *worker)
{
    unsigned depth = worker->target->requests;
    worker->connections = text_allocate(worker->most, sizeof *worker->connections);
    worker->flights = text_allocate((size_t)worker->most * depth, sizeof *worker->flights);
    for (unsigned i = 0; i < worker->most; i++) {
        worker->connections[i].fd = -1;
        worker->connections[i].flights = worker->flights + (size_t)i * depth;
    }
    worker->free.room = worker->most;
    worker->free.slots = text_allocate(worker->most, sizeof(struct connection *));
}

static void make_epoll(struct worker *worker)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    worker->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (worker->epoll < 0 || worker->timer < 0 ||
        epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->timer, &event))
        complain_and_exit("cannot set up epoll: %s", strerror(errno));
}

void worker_init(struct worker *worker, const struct plan *plan, const struct target *target,
                 struct window *window, unsigned part)
{
    *worker = (struct worker){
        .plan = plan,
        .target = target,
        .window = window,
        .part = part,
        .made = share(plan->connections, part, plan->threads),
        .most = share(plan->most, part, plan->threads),
        .buffer = text_allocate(WORKER_BUFFER, 1),
        .counts = counts_new(),
    };
    make_connections(worker);
    make_epoll(worker);
    if (plan->protocol == PLAN_ECHO)
        answer_pattern_echo(&worker->pattern, target->request, target->request_len);
    if (plan_is_open(plan))
        arrivals_draw(&worker->arrivals, plan->arrivals, plan->rate,
                      plan->warm_up_ns + plan->window_ns, plan->seed, part, plan->threads);
}

void worker_finish(struct worker *worker)
{
    for (unsigned i = 0; i < worker->most; i++)
        connection_close(&worker->connections[i]);
    close(worker->epoll);
    close(worker->timer);
    answer_pattern_finish(&worker->pattern);
    arrivals_finish(&worker->arrivals);
    free(worker->free.slots);
    free(worker->flights);
    free(worker->connections);
    free(worker->buffer);
    free(worker->counts);
}

void worker_fault(struct worker *worker, enum fault fault, uint64_t now_ns)
{
    if (!worker->going || now_ns < worker->start_ns)
        worker->counts->early_faults++;
    else if (now_ns < worker->end_ns)
        worker->counts->faults[fault]++;
}

/* ---- Opening ---- */

static void handle(struct worker *worker, const struct epoll_event *events, int count,
                   uint64_t wake_ns)
{
    bool open = worker->going && plan_is_open(worker->plan);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr) /* the timer has none */
            turn_event(worker, events[i].data.ptr, events[i].events, wake_ns);
        if (open)
            pool_dispatch(worker);
    }
}

/* Each connection is tried once here; who fails is tried again when the load has begun. */
static void open_connections(struct worker *worker)
{
    struct epoll_event events[EVENTS];
    uint64_t patience = clock_now_ns() + worker->plan->timeout_ns;
    unsigned next = 0;
    while ((next < worker->made || worker->opening > 0) && clock_now_ns() < patience &&
           !worker->window->interrupted) {
        while (next < worker->made && worker->opening < OPENING_MOST)
            turn_open(worker, &worker->connections[next++]);
        int count = epoll_wait(worker->epoll, events, EVENTS, LOOK_MS);
        handle(worker, events, count, clock_now_ns());
    }
}

static void count_open(struct worker *worker)
{
    for (unsigned i = 0; i < worker->made; i++)
        worker->open_at_start += worker->connections[i].state == CONNECTION_OPEN;
}

/* ---- The window ---- */

static void set_window(struct window *window, const struct plan *plan)
{
    window->begin_ns = clock_now_ns();
    window->start_ns = window->begin_ns + plan->warm_up_ns;
    window->end_ns = window->interrupted ? window->begin_ns : window->start_ns + plan->window_ns;
}

static uint64_t time_us(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

/* Tells whoever reads meters of its own. */
static void say_mark(const struct plan *plan, const char *line)
{
    if (plan->marks >= 0 && write(plan->marks, line, strlen(line)) != (ssize_t)strlen(line))
        complain("cannot write to the descriptor of --marks: %s", strerror(errno));
}

/* At the window's edges. */
static void mark(struct worker *worker, const char *line, bool is_end)
{
    struct rusage usage;
    if (worker->part != 0)
        return;
    getrusage(RUSAGE_SELF, &usage);
    uint64_t sign = is_end ? 1 : UINT64_MAX; /* the end less the start */
    worker->cpu_user_us += sign * time_us(usage.ru_utime);
    worker->cpu_system_us += sign * time_us(usage.ru_stime);
    say_mark(worker->plan, line);
}

/* Until SIGUSR1, which is blocked and so waits for us if it came first; or an interrupt. */
static void hold(const struct plan *plan)
{
    static const struct timespec most = {.tv_sec = HOLD_MOST_S};
    sigset_t go;
    sigemptyset(&go);
    sigaddset(&go, SIGUSR1);
    say_mark(plan, "open\n");
    (void)sigtimedwait(&go, NULL, &most);
}

/* Far enough ahead for all threads to hear of it in time. */
static void shorten(struct worker *worker, uint64_t now_ns)
{
    uint64_t end = now_ns + (worker->plan->threads > 1 ? LOOK_MS * MS_NS : 0);
    if (worker->part == 0 && end < worker->window->end_ns)
        worker->window->end_ns = end;
}

static void look(struct worker *worker, uint64_t now_ns)
{
    uint64_t pause = worker->plan->timeout_ns / LOOKS_IN_TIMEOUT;
    for (unsigned i = 0; i < worker->made; i++)
        turn_look(worker, &worker->connections[i], now_ns);
    if (plan_is_open(worker->plan))
        pool_expire(worker, now_ns);
    worker->look_ns = now_ns + (pause < LOOK_MS * MS_NS ? pause : LOOK_MS * MS_NS);
}

static void arm(struct worker *worker)
{
    uint64_t next = worker->started ? worker->end_ns : worker->start_ns;
    if (worker->look_ns < next)
        next = worker->look_ns;
    worker->next_ns = next;
    struct itimerspec when = {.it_value = {.tv_sec = (time_t)(next / CLOCK_SECOND_NS),
                                           .tv_nsec = (long)(next % CLOCK_SECOND_NS)}};
    if (!plan_is_open(worker->plan) &&
        timerfd_settime(worker->timer, TFD_TIMER_ABSTIME, &when, NULL))
        complain_and_exit("cannot set a timer: %s", strerror(errno));
}

/* What the clock wants. False: the window has ended. */
static bool keep_time(struct worker *worker, uint64_t now_ns)
{
    if (worker->window->interrupted)
        shorten(worker, now_ns);
    worker->end_ns = worker->window->end_ns;
    if (!worker->started && now_ns >= worker->start_ns && worker->start_ns < worker->end_ns) {
        worker->started = true;
        mark(worker, "window\n", false);
    }
    if (now_ns >= worker->end_ns) {
        if (worker->started)
            mark(worker, "done\n", true);
        return false;
    }
    if (now_ns >= worker->look_ns)
        look(worker, now_ns);
    arm(worker);
    return true;
}

static void begin(struct worker *worker)
{
    worker->start_ns = worker->window->start_ns;
    worker->end_ns = worker->window->end_ns;
    worker->look_ns = worker->window->begin_ns + LOOK_MS * MS_NS;
    worker->going = true;
    for (unsigned i = 0; i < worker->made; i++)
        if (plan_is_open(worker->plan))
            pool_put(worker, &worker->connections[i], worker->window->begin_ns);
        else
            turn_begin(worker, &worker->connections[i]);
    arm(worker); /* the window ends also where nothing ever happens */
}

/* In open loop it never sleeps: a timer's wake-up alone would be later than an answer takes. */
static void drive(struct worker *worker)
{
    struct epoll_event events[EVENTS];
    bool open = plan_is_open(worker->plan);
    begin(worker);
    for (;;) {
        if (open)
            pool_dispatch(worker);
        int count = epoll_wait(worker->epoll, events, EVENTS, open ? 0 : -1);
        uint64_t now = clock_now_ns();
        if ((now >= worker->next_ns || worker->window->interrupted) && !keep_time(worker, now))
            return;
        handle(worker, events, count, now);
    }
}

/* ---- What is left at the end ---- */

static void count_unfinished(struct worker *worker, struct connection *connection)
{
    bool open = plan_is_open(worker->plan);
    if (connection->under_way > 0)
        worker->counts->starved +=
            connection->flights[connection->oldest].sent_ns < worker->start_ns;
    while (connection->under_way > 0) {
        struct flight flight = connection_landed(connection, worker->target->requests);
        uint64_t age =
            worker->end_ns > flight.intended_ns ? worker->end_ns - flight.intended_ns : 0;
        if (open && !worker_counts_at(worker, flight.intended_ns))
            continue;
        worker->counts->faults[FAULT_UNFINISHED]++;
        worker_wait(worker, connection, age);
        if (open)
            worker_response(worker, age, flight.late_ns);
    }
}

static void close_window(struct worker *worker)
{
    for (unsigned i = 0; i < worker->made; i++)
        count_unfinished(worker, &worker->connections[i]);
    if (!plan_is_open(worker->plan))
        return;
    pool_close(worker, worker->end_ns);
    for (size_t i = 0; i < worker->arrivals.count; i++)
        worker->counts->offered +=
            worker_counts_at(worker, worker->window->begin_ns + worker->arrivals.at_ns[i]);
}

void worker_run(struct worker *worker)
{
    if (!worker->plan->churn)
        open_connections(worker);
    count_open(worker);
    pthread_barrier_wait(&worker->window->barrier);
    if (worker->part == 0 && worker->plan->hold)
        hold(worker->plan);
    if (worker->part == 0)
        set_window(worker->window, worker->plan);
    pthread_barrier_wait(&worker->window->barrier);
    drive(worker);
    close_window(worker);
}
