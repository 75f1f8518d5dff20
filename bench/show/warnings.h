/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_WARNINGS_H
#define BENCH_SHOW_WARNINGS_H

#include <stddef.h>
#include <stdio.h>

#include "bench/judge/rank.h"
#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* What has to be known before a run's figures are used: a closed list, each found in what was
 * recorded and with advice on what to do. Pure functions of the record. */

enum warning_kind {
    WARNING_PREVIEW,           /* too few blocks to rank */
    WARNING_CUT_SHORT,         /* fewer trials than were planned */
    WARNING_HOLLOW,            /* cells that may not be compared */
    WARNING_SPOILT,            /* trials that the environment spoilt */
    WARNING_GENERATOR_BOUND,   /* cells whose speed the generator set */
    WARNING_OVERLOAD,          /* more was asked than a model could answer */
    WARNING_LATE_GENERATOR,    /* requests were sent later than they were due */
    WARNING_SHARED_CPUS,       /* server and load on the same CPU */
    WARNING_UNPINNED,          /* not every task was seen to stay on its CPUs */
    WARNING_BUILD,             /* unoptimised, or with a sanitizer */
    WARNING_REVISION,          /* which source was measured cannot be told */
    WARNING_NO_GROUP,          /* CPU time is not exact */
    WARNING_NO_NAMESPACE,      /* one trial may disturb the next */
    WARNING_STEAL,             /* the host took CPU time away */
    WARNING_HARNESS,           /* the harness itself took more than 1 % of a CPU */
    WARNING_DRIFT,             /* the machine changed by more than the run can resolve */
    WARNING_COARSE_RESOLUTION, /* a model measured twice differs from itself by over 2 % */
    WARNING_FEW_SAMPLES,       /* no 99th percentile for want of answers */
    WARNING_GOVERNOR,          /* the CPU's frequency follows the load */
    WARNING_WIDE_INTERVALS,    /* throughput is known to no better than 10 % */
    WARNING_COUNT
};

/* "hollow-cells": for programs. */
const char *warning_name(enum warning_kind);

struct warning {
    enum warning_kind kind;
    char *text;         /* owned; one sentence, what was found */
    const char *advice; /* what to do, or how to read the figures in spite of it */
};
struct warnings {
    struct warning all[WARNING_COUNT]; /* in the order of their kinds */
    size_t count;
};

/* At most one of each kind. */
void warnings_find(struct warnings *, const struct record *, const struct summary *,
                   const struct ranking *);
void warnings_finish(struct warnings *);

/* For people: one line each. */
void warnings_print(const struct warnings *, FILE *);

#endif
