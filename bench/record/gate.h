/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RECORD_GATE_H
#define BENCH_RECORD_GATE_H

#include "bench/record/trial.h"

/*
 * Little's law as the share of its connections that the server kept busy, X R / c: throughput
 * times mean raw latency over the number of connections. NAN when there is nothing to compute.
 */
double gate_little(const struct trial *);

/*
 * The least share that a server that left nobody waiting can show. Little's law says X (R + Z) = c,
 * Z being the time from an answer to the connection's next request. wrk stamps a request when it
 * writes it, so Z is not 0: an answered connection waits for its turn in wrk's loop. It can only
 * wait while wrk is busy or itself waits for its CPU. With U for the share of time in which wrk is
 * either, at most the share U of the connections is there. And of the c requests that the window's
 * end cuts off, R counts nothing, though they have waited R / 2 each on average, which is a share
 * of R / 2 T of a window of length T. So X R / c >= 1 - U - R / 2 T. A generator without a delay of
 * its own, in a window much longer than a latency, must show 1.
 */
double gate_little_floor(const struct trial *);

/*
 * The greatest share that can come of right latencies. wrk begins with its window, so it is 1.
 * c10kit-load has been at it since the warm-up: what was asked before the window and answered in it
 * counts with its whole latency, of which at most the longest lay before. That adds L / T to the
 * share, L being the longest latency, T the window's length: a tenth where a server or its host
 * stops for 12 ms as a window of 125 begins.
 */
double gate_little_ceiling(const struct trial *);

/*
 * How long others kept the CPUs of server, load and bad clients busy in the steady part, as a share
 * of its length: what /proc/stat counts there less these and the harness. Kernel threads that
 * do the server's own work (a thread's end, softirqs) are in it, some 0.1; ticks make it coarse,
 * and it can be less than 0. NAN: not known.
 */
double gate_others(const struct trial *);

/*
 * Open loop: whether what was due was answered, all but 1 % of it, or all but what comes due in 10
 * ms if that is more. Who keeps the rate owes little at the window's end, unless his machine stops
 * him just then: a stop of 3 ms is over 1 % of a window of 0.26 s. Overload owes more the longer it
 * lasts: one of a twenty-fifth is seen in such a window, one of a hundredth in a second.
 */
bool gate_kept_up(const struct trial *);

/*
 * Open loop: how much of the 99th percentile of the response time is the generator's own lateness,
 * as a share of it: that percentile less the one of (response - lateness). Where a bound is asked
 * about, as a share of the bound. NAN: not known. Above GATE_LATENESS_MOST the generator was late.
 */
#define GATE_LATENESS_MOST 0.10
double gate_lateness(const struct trial *);

/* Decides whether the trial may be compared: sets valid and, when it is not, the reason; and
 * spoilt, when that lies with the machine: a trial to repeat. */
void gate_judge(struct trial *);

/* Whether it brought nothing at all: it failed, or no answer came. */
bool gate_is_empty(const struct trial *);

/* Whether a cell of so many trials, so many of them empty, is given up: after three that all were,
 * the rest would cost minutes, and could not make the cell valid. Spoilt trials do not count. */
bool gate_gives_up(size_t trials, size_t empty);

/*
 * What set the speed: "server", "generator" or "concurrency" (neither was near 100 % busy). Where
 * requests come at a rate that was asked for: "server" or "rate". There the generator is always
 * busy, since it waits for the next by asking the clock.
 */
const char *gate_limited_by(const char *workload, double server_cpu_percent,
                            double generator_cpu_percent);

#endif
