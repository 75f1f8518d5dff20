/* SPDX-License-Identifier: MIT */
#include "bench/run/by_load.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "bench/machine/footprint.h"
#include "bench/run/bad_clients.h"
#include "bench/run/generator.h"
#include "bench/base/loop.h"
#include "bench/record/record.h"
#include "bench/machine/sockdiag.h"
#include "bench/run/search.h"
#include "bench/base/text.h"
#include "bench/machine/tracing.h"

enum {
    THREADS_MOST = 64,    /* c10kit-load's limit */
    PEAK_WINDOW_MS = 300, /* and half a window at most */
    STEP_MOST_MS = 2000,
    TRICKLE_RPS = 1000,      /* memory: one connection has to send something */
    COUNTED_WINDOW_MS = 100, /* pipelined: calls are counted in a window of its own */
    MEMORY_LEAST_MS = 100,   /* memory: some ticks, for its CPUs are looked at all the same */
    MEMORY_LIMIT_MS = 4000,  /* its window ends when the memory has come to rest */
    OPEN_LIMIT_MS = 60000,   /* until 15 000 connections are open */
    ACCEPT_LOOK_MS = 10,
    ACCEPT_PATIENCE_MS = 80, /* a server that accepts nobody for so long has its reasons */
    CROWD_PATIENCE_MS = 1000 /* beside thousands of its processes, say */
};

static const double samples_for_p99 = 10500; /* 100 beyond it, and some to spare */

unsigned by_load_window_ms(const struct cell *cell, unsigned asked_ms)
{
    return workload_facts(cell->workload)->half_window ? asked_ms / 2 : asked_ms;
}

static unsigned peak_window_ms(unsigned window_ms)
{
    return window_ms / 2 < PEAK_WINDOW_MS ? window_ms / 2 : PEAK_WINDOW_MS;
}

/* How long a rate is asked for: until a 99th percentile means something, and long enough for the
 * queue that an overload of a fortieth leaves to break the bound. */
static unsigned question_ms(int64_t bound_us, double rate_rps)
{
    static const double bounds = 40;
    const double ms = fmax(bounds * (double)bound_us / 1e3, 1e3 * samples_for_p99 / rate_rps);
    return (unsigned)fmin(ms, STEP_MOST_MS);
}

/* Measured: starting and stopping, opening and closing of connections. */
uint64_t by_load_time_ms(const struct cell *cell, unsigned window_ms, unsigned warm_up_ms)
{
    static const unsigned start_ms = 30, connections_per_ms = 16, questions = 6;
    static const double usual_rps = 1e5;
    const enum level_unit unit = workload_facts(cell->workload)->unit;
    unsigned window = by_load_window_ms(cell, window_ms);
    uint64_t ms = start_ms;
    ms += cell->workload == WORKLOAD_MEMORY ? MEMORY_LEAST_MS : warm_up_ms + window;
    if (unit == LEVEL_IDLE)
        ms += cell->level / connections_per_ms;
    if (unit == LEVEL_SHARE || unit == LEVEL_BOUND_US)
        ms += peak_window_ms(window) + start_ms;
    if (unit == LEVEL_CLIENT && cell->level > 0)
        ms += start_ms; /* of the bad clients' process */
    if (unit == LEVEL_BOUND_US)
        ms += questions * (start_ms + warm_up_ms / 2 + question_ms(cell->level, usual_rps));
    return ms;
}

static struct generator_order order_of(const struct attempt *attempt)
{
    const struct run *run = attempt->run;
    const struct cell *cell = attempt->cell;
    const struct workload_facts *facts = workload_facts(cell->workload);
    struct generator_order order = {.port = attempt->port,
                                    .path = attempt->question->path,
                                    .connections = plan_connections(cell),
                                    .hold = true,
                                    .seed = run->seed + (uint64_t)attempt->trial->block,
                                    .warm_up_ms = run->warm_up_ms,
                                    .window_ms = by_load_window_ms(cell, run->window_ms)};
    if (facts->unit == LEVEL_RATE)
        order.rate_rps = cell->level;
    if (facts->unit == LEVEL_DEPTH)
        order.depth = cell->level;
    if (facts->unit == LEVEL_IDLE)
        order.idle = cell->level;
    if (facts->unit == LEVEL_BYTES)
        order.echo_bytes = cell->level;
    if (facts->unit == LEVEL_CPUS) {
        unsigned cpus = (unsigned)attempt->trial->load_cpus;
        order.cpus = attempt->cpus.load;
        order.threads = cpus < THREADS_MOST ? cpus : THREADS_MOST;
    }
    if (facts->half_window)
        order.warm_up_ms /= 2;
    if (cell->workload == WORKLOAD_MEMORY) {
        order.connections = 1;
        order.warm_up_ms = 0;
        order.rate_rps = TRICKLE_RPS;
        order.window_ms = MEMORY_LIMIT_MS;
    }
    return order;
}

/* The same connections, other questions: the server is warm from the first on. */
static struct generator_order order_before(const struct attempt *attempt)
{
    struct generator_order order = order_of(attempt);
    order.warm_up_ms /= 2;
    return order;
}

static void note_result(struct attempt *attempt, const struct generator *generator)
{
    struct trial *trial = attempt->trial;
    const struct histogram *response = &generator->response;
    trial->duration_us = generator_number(generator, NULL, "window_us");
    trial->requests = generator_number(generator, NULL, "answered");
    trial->bytes = generator_number(generator, NULL, "bytes");
    trial->offered = generator_number(generator, NULL, "offered");
    trial->answered_of_offered = generator_number(generator, NULL, "requests");
    trial->errors_connect = generator_number(generator, "errors", "connect");
    trial->errors_read = generator_number(generator, "errors", "read");
    trial->errors_write = generator_number(generator, "errors", "write");
    trial->errors_status = generator_number(generator, "errors", "status");
    trial->errors_timeout = generator_number(generator, "errors", "timeout");
    trial->errors_body = generator_number(generator, "errors", "body");
    trial->errors_closed = generator_number(generator, "errors", "closed");
    trial->unfinished = generator_number(generator, "errors", "unfinished");
    trial->established = generator_number(generator, "per_connection", "open_at_start");
    trial->served = generator_number(generator, "per_connection", "served");
    trial->served_min = generator_number(generator, "per_connection", "served_min");
    trial->served_max = generator_number(generator, "per_connection", "served_max");
    trial->starved = generator_number(generator, "per_connection", "starved");
    trial->jain_ppm = generator_number(generator, "per_connection", "jain_ppm");
    trial->longest_wait_ns = generator_number(generator, NULL, "longest_wait_ns");
    trial->service_p99_ns = generator_number(generator, "service", "p99_ns");
    trial->lateness_p99_ns = generator_number(generator, "lateness", "p99_ns");
    trial->on_time_p99_ns = generator_number(generator, "on_time", "p99_ns");
    trial->latency_samples = (int64_t)histogram_count(response);
    trial->latency_p99_ns = generator_number(generator, "response", "p99_ns");
    trial->latency_mean_ns = llround(histogram_mean(response));
    trial->latency_max_ns = (int64_t)histogram_max(response);
    trial->life_requests += trial->requests;
}

/* Of those that were asked for, how many idle ones stood at the end. */
static void note_idle(struct attempt *attempt, const struct generator *generator)
{
    const json_t *beside = json_object_get(generator->result, "beside");
    const json_t *idle = json_object_get(beside, "idle");
    if (idle)
        attempt->trial->idle_open = json_integer_value(json_object_get(idle, "opened")) -
                                    json_integer_value(json_object_get(idle, "closed")) -
                                    json_integer_value(json_object_get(idle, "resets"));
}

/* How far a server is with its clients. They stand on their side as soon as the kernel knows them;
 * one that forks for each needs a while until it has them all, and that is no part of what is
 * measured. One that serves few at a time never will, so what counts is that it goes on. */
struct reception {
    int64_t accepted, pending, since_us;
};

/* Whether it accepts nobody, although there are some. */
static bool is_stuck(struct reception *reception, uint16_t port, int64_t patience_ms)
{
    struct sockdiag_memory sockets;
    int64_t now_us = meter_clock_us();
    if (!sockdiag_weigh(port, &sockets))
        return true; /* the kernel does not tell */
    int64_t accepted = sockets.sockets - sockets.pending;
    if (accepted != reception->accepted || sockets.pending == 0 || reception->since_us == 0)
        reception->since_us = now_us;
    reception->accepted = accepted;
    reception->pending = sockets.pending;
    return now_us - reception->since_us >= patience_ms * 1000;
}

/* Until all connections are open and accepted, or the server leaves those that are in its queue
 * there; if that keeps others from getting so far, there will be no window. */
static bool receive(struct attempt *attempt, struct generator *generator,
                    const struct generator_order *order)
{
    const int64_t patience_ms = order->idle > 0 ? CROWD_PATIENCE_MS : ACCEPT_PATIENCE_MS;
    struct reception reception = {0};
    const int64_t end_us = meter_clock_us() + OPEN_LIMIT_MS * 1000;
    bool open = false, stuck = false;
    while (!loop_interrupted() && !generator->child.exited && meter_clock_us() < end_us) {
        open = open || generator_is_open(generator, ACCEPT_LOOK_MS);
        stuck = is_stuck(&reception, attempt->port, patience_ms);
        if (stuck || (open && reception.pending == 0))
            break;
        if (open)
            loop_pause(ACCEPT_LOOK_MS);
    }
    if (!open && stuck)
        trial_fail(attempt->trial, "accepted %" PRId64 " of %u connections and went no further",
                   reception.accepted, order->connections + order->idle);
    else if (!open)
        trial_fail(attempt->trial, "c10kit-load could not open its connections");
    return open;
}

/* With all idle connections open; then they have done their duty. */
static void note_footprint(struct attempt *attempt)
{
    struct trial *trial = attempt->trial;
    struct footprint_place place = {attempt->server_meter, attempt->memory_group, attempt->port};
    struct footprint footprint;
    struct sockdiag_memory sockets = {0};
    sockdiag_weigh(attempt->port, &sockets);
    if (sockets.pending > 0) {
        trial_fail(trial, "has not accepted %" PRId64 " of the connections", sockets.pending);
        return;
    }
    bool settled = footprint_settle(footprint_read, &place, MEMORY_LIMIT_MS / 2, &footprint);
    if (!settled) {
        trial_fail(trial, "memory did not come to rest");
        return;
    }
    snprintf(trial->memory_source, sizeof trial->memory_source, "%s", footprint.source);
    trial->memory_user_bytes = footprint.user_bytes;
    trial->memory_kernel_bytes = footprint.kernel_bytes;
    trial->memory_steady_kib = trial->memory_peak_kib = footprint.user_bytes / 1024;
    trial->processes = footprint.processes;
}

/* Up to its window. */
static bool begin_window(struct attempt *attempt, struct generator *generator,
                         const struct generator_order *order)
{
    if (!receive(attempt, generator, order))
        return false;
    generator_release(generator);
    return generator_wait_window(generator, order->warm_up_ms, attempt->trial);
}

static void end_early(struct generator *generator, int64_t least_us)
{
    const int64_t left_us = least_us - meter_clock_us();
    if (left_us > 0)
        loop_pause((uint64_t)left_us / 1000);
    generator_end_window(generator);
}

static bool watch_window(struct attempt *attempt, struct generator *generator,
                         const struct generator_order *order)
{
    struct trial *trial = attempt->trial;
    pid_t pid = generator->child.process.pid;
    if (!begin_window(attempt, generator, order))
        return false;
    if (attempt->tracing)
        tracing_start(attempt->tracing);
    struct attempt_reading from = attempt_read(attempt, pid);
    if (attempt->cell->workload == WORKLOAD_MEMORY)
        note_footprint(attempt);
    attempt_note_pinning(attempt, pid);
    if (attempt->cell->workload == WORKLOAD_MEMORY)
        end_early(generator, from.clock_us + MEMORY_LEAST_MS * 1000);
    bool done = generator_wait_done(generator, order->window_ms, trial);
    if (attempt->tracing)
        tracing_stop(attempt->tracing);
    struct attempt_reading to = attempt_read(attempt, pid);
    attempt_note_losses(trial, &from.net);
    attempt_note_steady(trial, &from, &to);
    attempt_note_window(trial, &from, &to);
    if (loop_interrupted())
        trial_fail(trial, "interrupted");
    return done;
}

/* How often each was called, and how many requests that was for. */
static void note_calls(struct attempt *attempt, const char *stem, int64_t requests)
{
    struct trial *trial = attempt->trial;
    char *path = text_format("%s.syscalls.json", stem);
    trial->syscalls = tracing_total(attempt->tracing);
    trial->counted_requests = requests;
    json_t *calls =
        json_pack("{s:I,s:I,s:o}", "requests", (json_int_t)requests, "total",
                  (json_int_t)trial->syscalls, "names", tracing_names(attempt->tracing));
    if (json_dump_file(calls, path, JSON_INDENT(2)) < 0)
        trial_fail(trial, "cannot write %s", path);
    json_decref(calls);
    free(path);
}

/* The window that counts. */
static void measure_beside(struct bad_clients *clients, struct attempt *attempt,
                           const struct generator_order *order, const char *stem)
{
    struct trial *trial = attempt->trial;
    struct generator generator = {.group = attempt->load_group};
    trial->rate_rps = order->rate_rps > 0 ? llround(order->rate_rps) : TRIAL_UNKNOWN;
    if (generator_start(&generator, attempt->run, order, stem, trial) &&
        watch_window(attempt, &generator, order) && generator_read(&generator, trial) &&
        bad_clients_end(clients, attempt, &generator)) {
        note_result(attempt, &generator);
        note_idle(attempt, &generator);
        if (attempt->tracing)
            note_calls(attempt, stem, attempt->trial->requests);
        record_histogram(attempt->run->folder, attempt->stem, &generator.response, 1);
    }
    attempt_note_early_end(attempt);
    generator_finish(&generator);
}

static void measure(struct attempt *attempt, const struct generator_order *order)
{
    struct bad_clients clients;
    char *stem = text_format("%s/raw/%s", attempt->run->folder, attempt->stem);
    if (bad_clients_start(&clients, attempt, stem))
        measure_beside(&clients, attempt, order, stem);
    bad_clients_finish(&clients, attempt);
    free(stem);
}

/* A run that only finds something out: nothing of it is noted but that it took place. */
static bool try(struct attempt *attempt, const struct generator_order *order,
                struct generator *generator)
{
    char *stem = text_format("%s/raw/%s.step", attempt->run->folder, attempt->stem);
    bool tried = generator_start(generator, attempt->run, order, stem, attempt->trial) &&
                 begin_window(attempt, generator, order) &&
                 generator_wait_done(generator, order->window_ms, attempt->trial) &&
                 generator_read(generator, attempt->trial);
    if (tried)
        attempt->trial->life_requests += generator_number(generator, NULL, "answered");
    free(stem);
    return tried && !loop_interrupted();
}

/* Returns how many connections had a share in it. */
static int64_t look_for_peak(struct attempt *attempt)
{
    struct generator generator = {.group = attempt->load_group};
    struct generator_order order = order_before(attempt);
    int64_t served = 0;
    order.window_ms = peak_window_ms(order.window_ms);
    if (try(attempt, &order, &generator)) {
        served = generator_number(&generator, "per_connection", "served");
        attempt->trial->peak_rps = generator_number(&generator, NULL, "achieved_rps");
    }
    generator_finish(&generator);
    return served;
}

/* What a few clients get while the others wait is no peak. In a window so short the host alone may
 * keep one of many waiting, so that most of them are given another. */
static bool find_peak(struct attempt *attempt)
{
    const unsigned all = plan_connections(attempt->cell);
    int64_t served = look_for_peak(attempt);
    if (served < all && served > all / 2)
        served = look_for_peak(attempt);
    if (served < all)
        trial_fail(attempt->trial, "served %" PRId64 " of %u connections in closed loop", served,
                   all);
    return !attempt->trial->failure[0];
}

static enum search_answer judge(const struct generator *generator, int64_t bound_us)
{
    const struct search_window window = {
        .offered = generator_number(generator, NULL, "offered"),
        .answered = generator_number(generator, NULL, "requests"),
        .starved = generator_number(generator, "per_connection", "starved"),
        .p99_ns = (int64_t)histogram_percentile(&generator->response, 0.99),
        .on_time_p99_ns = generator_number(generator, "on_time", "p99_ns"),
    };
    return search_judge(&window, bound_us);
}

struct asking {
    struct attempt *attempt;
    int64_t bound_us;
};

/* Whether p99 stays under the bound at this rate. */
static enum search_answer ask(void *argument, double rate_rps)
{
    const struct asking *asking = argument;
    struct generator generator = {.group = asking->attempt->load_group};
    struct generator_order order = order_before(asking->attempt);
    if (asking->attempt->trial->failure[0])
        return SEARCH_UNKNOWN;
    order.rate_rps = rate_rps;
    order.window_ms = question_ms(asking->bound_us, rate_rps);
    enum search_answer answer = SEARCH_UNKNOWN;
    if (try(asking->attempt, &order, &generator))
        answer = judge(&generator, asking->bound_us);
    generator_finish(&generator);
    return answer;
}

static void find_capacity(struct attempt *attempt)
{
    struct trial *trial = attempt->trial;
    struct asking asking = {attempt, trial->level};
    struct search_result found;
    search_rate(ask, &asking, (double)trial->peak_rps, &found);
    if (found.low > 0)
        trial->capacity_low_rps = llround(found.low);
    if (found.high > 0)
        trial->capacity_high_rps = llround(found.high);
    trial->capacity_steps = found.steps;
    trial->disturbed = found.blind;
}

static void drive(struct attempt *attempt)
{
    const struct workload_facts *facts = workload_facts(attempt->cell->workload);
    bool shares = facts->unit == LEVEL_SHARE || facts->unit == LEVEL_BOUND_US;
    struct generator_order order = shares ? order_before(attempt) : order_of(attempt);
    attempt->trial->life_requests = 0;
    if (shares && !find_peak(attempt))
        return;
    if (facts->unit == LEVEL_SHARE)
        order.rate_rps = (double)attempt->trial->peak_rps * attempt->cell->level / 100;
    if (facts->unit == LEVEL_BOUND_US) {
        find_capacity(attempt);
        if (attempt->trial->capacity_low_rps <= 0)
            trial_fail(attempt->trial, "no rate keeps p99 under the bound");
        order.rate_rps = (double)attempt->trial->capacity_low_rps;
    }
    if (!attempt->trial->failure[0] && !loop_interrupted())
        measure(attempt, &order);
}

/* The calls of a window in which nothing is timed. */
static void count_window(struct attempt *attempt, const struct generator_order *order,
                         struct generator *generator, const char *stem)
{
    struct trial *trial = attempt->trial;
    char *counted = text_format("%s.counted", stem);
    if (generator_start(generator, attempt->run, order, counted, trial) &&
        begin_window(attempt, generator, order)) {
        tracing_start(attempt->tracing);
        bool done = generator_wait_done(generator, order->window_ms, trial);
        tracing_stop(attempt->tracing);
        if (done && generator_read(generator, trial)) {
            int64_t answered = generator_number(generator, NULL, "answered");
            trial->life_requests += answered;
            note_calls(attempt, stem, answered);
        }
    }
    free(counted);
}

/* Counting slows calls down, so they are counted behind the window that is timed. Where the kernel
 * does not let us, the trial is as good without. */
static void count_calls(struct attempt *attempt)
{
    struct generator generator = {.group = attempt->load_group};
    struct generator_order order = order_of(attempt);
    char *stem = text_format("%s/raw/%s", attempt->run->folder, attempt->stem);
    char *trouble = NULL;
    order.window_ms = COUNTED_WINDOW_MS;
    attempt->tracing = tracing_open(attempt->server_group, &trouble);
    if (attempt->tracing) {
        count_window(attempt, &order, &generator, stem);
        generator_finish(&generator);
    }
    free(trouble);
    free(stem);
}

/* Counted from before the peak is looked for, so that shares are of what is left with counting. */
static void open_counting(struct attempt *attempt)
{
    char *trouble = NULL;
    attempt->tracing = tracing_open(attempt->server_group, &trouble);
    if (trouble)
        trial_fail(attempt->trial, "%s", trouble);
    free(trouble);
}

void by_load_measure(struct attempt *attempt)
{
    const char *failure = attempt->trial->failure;
    if (attempt->cell->workload == WORKLOAD_SYSCALLS)
        open_counting(attempt);
    if (!failure[0])
        drive(attempt);
    if (attempt->cell->workload == WORKLOAD_PIPELINED && !failure[0] && !loop_interrupted())
        count_calls(attempt);
    tracing_close(attempt->tracing);
    attempt->tracing = NULL;
}
