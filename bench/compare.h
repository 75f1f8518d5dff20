/* SPDX-License-Identifier: MIT */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "bench/record.h"
#include "bench/summary.h"

/* Two runs against each other: what differs in how they were made, and which differences of their
 * figures are real. */

/*
 * Every member that is not the same in both, as [{"path": "machine.kernel", "first": ..., "second":
 * ...}]; null stands for a member that is missing. Arrays of different lengths are told by their
 * lengths. Left out is what differs between any two runs: the members that hold a time of day
 * (their names end in _unix_s or _unix_ms) and the order that was drawn. The caller's to release.
 */
json_t *compare_manifests(const json_t *first, const json_t *second);

/* The second's geometric mean over the first's, with its interval. NAN: cannot be said. */
struct compare_ratio {
    size_t n[2];
    double mean[2]; /* geometric */
    double ratio, low, high;
    double degrees; /* of freedom */
};

/*
 * Welch's interval on logarithms: with d the difference of the means of ln y, v = s^2 / n for each
 * run and e^2 = v1 + v2, exp(d +- t e), where t is the quantile of Student's t at 1 - 0.05 / 2k
 * with e^4 / (v1^2 / (n1 - 1) + v2^2 / (n2 - 1)) degrees of freedom (B. L. Welch, "The
 * generalization of 'Student's' problem when several different population variances are involved",
 * Biometrika 34, 1947; F. E. Satterthwaite, Biometrics Bulletin 2, 1946). With k comparisons
 * (Bonferroni) all k intervals hold at once with at least 95 %. One value a trial. Runs are not
 * paired: their blocks have nothing in common. Under two values, or without any spread, there is no
 * interval.
 */
struct compare_ratio compare_welch(const double *first, size_t n_first, const double *second,
                                   size_t n_second, size_t comparisons);

enum compare_verdict {
    COMPARE_ALIKE,     /* 1 is in the interval: these trials do not tell them apart */
    COMPARE_HIGHER,    /* the second's, and it is real */
    COMPARE_LOWER,     /* the second's, and it is real */
    COMPARE_GENERATOR, /* the generator set the speed in one of them: a lower bound, no value */
    COMPARE_INVALID,   /* a trial of one of them may not be compared */
    COMPARE_TOO_FEW,   /* no interval */
    COMPARE_VERDICTS
};
const char *compare_verdict_name(enum compare_verdict);

enum { COMPARE_METRICS = 2 };
extern const enum metric compare_metrics[COMPARE_METRICS]; /* throughput, CPU time per request */

/* A cell that both runs have. */
struct compare_cell {
    const char *model, *workload; /* the first record's */
    int64_t level;
    const char *reason; /* why it may not be compared, or "": the record's */
    struct compare_ratio ratios[COMPARE_METRICS];
    enum compare_verdict verdicts[COMPARE_METRICS];
};
struct comparison {
    struct compare_cell *cells; /* owned; in the order of the first run's summary */
    size_t count;
    size_t compared;             /* valid in both: over these Bonferroni's correction goes */
    size_t only[2];              /* cells that only one of them has */
    struct summary summaries[2]; /* owned */
};

/* The records have to stay until compare_finish(). */
void compare_records(struct comparison *, const struct record *first, const struct record *second);
void compare_finish(struct comparison *);

/* How many verdicts say that there is a difference. */
size_t compare_real(const struct comparison *);

json_t *compare_to_json(const struct comparison *);

#endif
