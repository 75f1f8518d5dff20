/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_SUMMARY_H
#define BENCH_JUDGE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/judge/estimate.h"
#include "bench/record/histogram.h"
#include "bench/record/trial.h"

/* Trials in, cells out: a pure function of the record. */

enum metric {
    METRIC_THROUGHPUT_RPS,
    METRIC_LATENCY_P50_US,
    METRIC_LATENCY_P99_US,
    METRIC_CPU_US_PER_REQUEST,
    METRIC_SERVER_CPU_PERCENT,
    METRIC_GENERATOR_CPU_PERCENT,
    METRIC_MEMORY_KIB,
    METRIC_MEMORY_PEAK_KIB,
    METRIC_SWITCHES_PER_REQUEST,
    METRIC_CAPACITY_RPS,
    METRIC_MEMORY_USER_BYTES,
    METRIC_MEMORY_KERNEL_BYTES,
    METRIC_SYSCALLS_PER_REQUEST,
    METRIC_COUNT
};

/* The column's name, unit included: "throughput_rps". */
const char *metric_name(enum metric);

/* NAN when this trial cannot say. `latency` holds ns; percentiles with too few samples beyond them
 * are not said. */
double metric_of(enum metric, const struct trial *, const struct histogram *latency);

struct summary_cell {
    const char *model, *workload; /* the trials' */
    int64_t level;
    size_t trials, valid_trials;
    size_t empty_trials;  /* gate_is_empty() */
    size_t made;          /* with those that were spoilt to the last attempt */
    bool given_up;        /* gate_gives_up(): no more were made */
    size_t spoilt_trials; /* to the last attempt; not among the trials, see summary_build() */
    const char *setting;  /* of its trials; or "" */
    int64_t server_cpus, load_cpus, shared_cpus;
    int64_t crowd_us, crowd_wall_us; /* what bad clients took of the load's CPUs, and in how long */
    const char *spoilt_reason;       /* of one of them */
    const char *reason; /* why the cell is not valid: that of its first invalid trial; or "" */
    struct estimate metrics[METRIC_COUNT];
    struct histogram merged; /* all trials' latencies together, ns: for display */
};
struct summary {
    struct summary_cell
        *cells; /* in the order in which `models` names them, by workload, by level */
    size_t count;
};

/* Trials that failed count as trials of their cell and say nothing else; those that were replaced
 * do not count. Nor do those that the machine spoilt to their last attempt, for that says nothing
 * of the server: the cell lacks them, as its contests lack that block. Where they are more than a
 * quarter the cell is not valid. */
void summary_build(struct summary *, const struct trial *, const struct histogram *latencies,
                   size_t trials, const char *const *models, size_t model_count);
void summary_finish(struct summary *);

/* Whether any of its cells is of this workload. */
bool summary_has(const struct summary *, const char *workload);

bool summary_is_valid(const struct summary_cell *);

/* "server", "generator", "concurrency", "rate", or "" when not known. */
const char *summary_limited_by(const struct summary_cell *);

/* The percentile of the merged histogram in ns, or NAN when it holds too few samples. */
double summary_merged_ns(const struct summary_cell *, double p);

void summary_write(const struct summary *, FILE *csv);

#endif
