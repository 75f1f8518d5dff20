/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_SERVICE_H
#define BENCH_LAB_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/child.h"
#include "bench/lab/experiment.h"
#include "bench/machine/meter.h"
#include "bench/machine/tracing.h"
#include "bench/record/histogram.h"
#include "bench/run/generator.h"

/* A server under test, on the server's CPUs and in a control group of its own. */
struct service {
    struct child child;
    char *group; /* owned; NULL where there are none */
    struct meter meter;
    uint16_t port;
};

/* Starts `model` ("epoll-lt"; or a path with a slash to a program that prints a ready line as our
 * servers do) with these arguments (NULL-ended; NULL: none). Fails the experiment when it is not
 * ready within five seconds. */
void service_start(struct experiment *, struct service *, const char *model,
                   const char *const arguments[]);

/* SIGTERM; returns its exit status (128 + N after a signal), with what it said in child.errors
 * until service_finish(). */
int service_end(struct experiment *, struct service *);
void service_finish(struct service *);

/* To each of its processes. */
void service_signal_all(struct service *, int number);

/* Both. */
void service_stop(struct experiment *, struct service *);

/* What it and its children used from one moment to another. */
struct service_use {
    int64_t clock_us, cpu_us, user_us, system_us;
};
struct service_use service_use(const struct service *);

/* CPU time between two moments in percent of one CPU. */
double service_cpu_percent(const struct service_use *from, const struct service_use *to);

/* What a run of c10kit-load on the load's CPUs saw, and what the server used in its window. */
struct traffic {
    double throughput_rps, cpu_us_per_request, cpu_percent;
    double latency_p50_us, latency_p99_us, latency_max_us;
    double syscalls_per_request; /* NAN unless asked for */
    int64_t answered, errors;
    json_t *result;            /* all that the generator tells; docs/generator.md */
    json_t *calls;             /* how often which system call; NULL unless asked for */
    struct histogram response; /* ns */
};

/* Drives the service as ordered (the port is filled in; a window_ms of 0: 500, or 200 in a quick
 * run; a warm_up_ms of 0: 100). Fails the experiment when the generator fails. traffic_finish() is
 * due. */
void traffic_drive(struct experiment *, struct service *, struct generator_order, struct traffic *);

/* The same, with system calls counted, which slows each by some tens of ns: not to be timed. */
void traffic_drive_counting(struct experiment *, struct service *, struct generator_order,
                            struct traffic *);
void traffic_finish(struct traffic *);

/* Whether the kernel lets us count. What it does not is noted as this text. */
bool traffic_can_count(const struct service *);
extern const char traffic_uncounted[];

/* So many calls of that name in an answer; 0 when there were none. */
double traffic_calls_per_request(const struct traffic *, const char *name);

/* Notes what most claims want under the cell's name: throughput_rps, cpu_us_per_request,
 * cpu_percent, latency_p50_us, latency_p99_us. */
void traffic_note(struct experiment *, const char *cell, const struct traffic *);

/* A trial of what most claims compare: a fresh server, driven as ordered, noted as above. */
void traffic_try(struct experiment *, const char *cell, const char *model,
                 const char *const arguments[], struct generator_order);

#endif
