/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_COMPARE_H
#define BENCH_JUDGE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "bench/judge/rank.h"
#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* Two runs against each other, cell by cell: which differences of their figures are real, and which
 * of them matter. */

/* The second's geometric mean over the first's, with its interval. NAN: cannot be said. */
struct compare_ratio {
    size_t n[2];
    double mean[2];   /* geometric */
    double spread[2]; /* standard deviation of ln y */
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

/*
 * How many trials, in each run and more than the smaller of them has, would settle what these left
 * open: the smallest n with (t' + t'') sqrt((s1^2 + s2^2) / n) <= e, as pairs_blocks_needed() does
 * for pairs, with t' as above, t'' the 80 % quantile, and e the distance that the interval has to
 * stay within: to leave 1 out or, when that is farther, to stay inside the threshold (a share). A
 * guess. 0: over 10 000.
 */
size_t compare_trials_needed(const struct compare_ratio *, size_t comparisons, double threshold);

enum compare_verdict {
    COMPARE_HIGHER,       /* the second's: different, and not shown to be small */
    COMPARE_LOWER,        /* the second's */
    COMPARE_EQUIVALENT,   /* small, and not shown to be different */
    COMPARE_NEGLIGIBLE,   /* different, and small */
    COMPARE_INCONCLUSIVE, /* neither: these trials do not tell */
    COMPARE_GENERATOR,    /* the generator set the speed in one of them: a lower bound, no value */
    COMPARE_INVALID,      /* a trial of one of them may not be compared */
    COMPARE_TOO_FEW,      /* no interval */
    COMPARE_VERDICTS
};
const char *compare_verdict_name(enum compare_verdict);

/* One of the first five, as pairs_compare() says them, or COMPARE_TOO_FEW. Different: 1 is not in
 * the interval. Small: all of the interval lies inside +-ln(1 + threshold). */
enum compare_verdict compare_judge(const struct compare_ratio *, double threshold);

enum { COMPARE_METRICS = 2 };
extern const enum metric compare_metrics[COMPARE_METRICS]; /* throughput, CPU time per request */

struct compare_quantity {
    struct compare_ratio ratio;
    double threshold; /* what matters in practice, as a share */
    enum compare_verdict verdict;
    size_t trials_needed; /* inconclusive: see compare_trials_needed(); else 0 */
};

/* A cell that both runs have. */
struct compare_cell {
    const char *model, *workload; /* the first record's */
    int64_t level;
    const char *reason; /* why it may not be compared, or "": the record's */
    struct compare_quantity quantities[COMPARE_METRICS];
};
struct comparison {
    struct compare_cell *cells; /* owned; in the order of the first run's summary */
    size_t count;
    size_t compared;             /* valid in both: over these Bonferroni's correction goes */
    size_t only[2];              /* cells that only one of them has */
    double asked_threshold;      /* NAN: what the runs' own A/A pairs showed */
    struct summary summaries[2]; /* owned */
    struct ranking rankings[2];  /* owned */
};

/*
 * The records have to stay until compare_finish(). `threshold`: from which share a difference
 * matters; NAN: for each cell and quantity the larger of what the two runs ranked it with, which is
 * 1 % or what a model against itself showed (see pairs_threshold()). Twins are left out.
 */
void compare_records(struct comparison *, const struct record *first, const struct record *second,
                     double threshold);
void compare_finish(struct comparison *);

/* How many quantities of all cells have this verdict. */
size_t compare_count(const struct comparison *, enum compare_verdict);

json_t *compare_to_json(const struct comparison *);

#endif
