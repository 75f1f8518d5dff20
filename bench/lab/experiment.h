/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_EXPERIMENT_H
#define BENCH_LAB_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/lab/claim.h"
#include "bench/machine/cpus.h"

/* A claim being tried: how much of it, and where what is seen goes. */
struct experiment {
    const struct claim *claim;
    const char *folder; /* of the record */
    bool quick;
    unsigned repeats, repeat; /* how many there will be; which one is under way, from 1 */
    uint64_t seed;
    struct cpus cpus;
    int record; /* descriptor of values.jsonl */
};

/*
 * Calls `one` for each cell once in each repeat, in an order drawn anew for each repeat, in a fresh
 * network namespace where one can be had. This is how experiments compare: what disturbs a repeat
 * disturbs all its cells. Ends early when the user interrupts.
 */
void experiment_blocks(struct experiment *, size_t cells,
                       void (*one)(struct experiment *, size_t cell));

/* Notes what was seen in this repeat; on disk before it returns. A cell's name may end in
 * "@NUMBER", its setting: the x axis of charts. A metric's name ends in its unit:
 * cpu_us_per_request, latency_p99_us, throughput_rps, cpu_percent, memory_kib, returns_per_s, ...
 */
void experiment_value(struct experiment *, const char *cell, const char *metric, double value);

/* How often something happened in how many tries. */
void experiment_share(struct experiment *, const char *cell, const char *metric, int64_t hits,
                      int64_t tries);

/* A fact that is no quantity: "EAGAIN", "reset". */
void experiment_text(struct experiment *, const char *cell, const char *metric, const char *text);

/* Ends the experiment for a reason that is not the claim's: one line, what and why. What it started
 * is ended, what it noted stays. */
__attribute__((format(printf, 2, 3), noreturn)) void experiment_fail(struct experiment *,
                                                                     const char *why, ...);

/* Lets time pass on purpose, for what has to be watched for so long; an interrupt cuts it short. */
void experiment_pass_ms(unsigned ms);

/* Pins this process to the server's or the load's CPUs. */
void experiment_pin_to_server(struct experiment *);
void experiment_pin_to_load(struct experiment *);

#endif
