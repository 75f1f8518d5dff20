/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_SELFTEST_H
#define BENCH_JUDGE_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/record/record.h"

/* Whether the suite's own verdicts are right: runs whose outcome is known beforehand, judged.
 * Blocks with a trial that other work on the machine spoilt for good are left out. Pure functions
 * of the records, so that a record can be made up in a test. What is known of the servers that are
 * measured stands in tests/selftest/misfit.c. */

struct selftest_finding {
    char *check, *expected, *observed; /* owned */
    bool ok;
};

/* Zeroed memory is an empty one. */
struct selftest {
    struct selftest_finding *all; /* owned */
    size_t count;
};

/* Of the controls: the two spinning misfits and a twin of the faster one. */
extern const char selftest_controls[], selftest_twin[];
/* Of what has to be refused; and the one that stalls. */
extern const char selftest_misfits[], selftest_stalling[];

/*
 * A/A: a model and its twin must not come out different, by any metric that was measured: sign-flip
 * test, Holm over the metrics, at 1 %. At 5 %, the level of a contest, one self-test in 20 would
 * blame a machine that is sound. Also tells the resolution, rank_resolution().
 */
void selftest_judge_twins(struct selftest *, const struct record *);

/*
 * Labels permuted: inside each block the models' names are dealt out anew, `rounds` times, which
 * makes "no difference" true by construction, whatever was measured. Of the verdicts that
 * rank_build() then comes to, at most 5 % may name a difference, plus what chance allows: the
 * 99.9 % quantile of the binomial distribution. Each metric and pair is counted apart. Blocks with
 * a trial that is not valid are left out. The seed is the plan's.
 */
void selftest_judge_labels(struct selftest *, const struct record *, unsigned rounds);

/*
 * Positive control: of two servers that spin a known CPU time for each answer, the difference in
 * CPU time per answer must be known to 5 us or better, and be 50 us within that (Student's t at 95
 * %, on the differences inside blocks) and 5 % of it: the rest of an answer does not cost quite the
 * same in both, since a generator that waits longer is dearer to wake. And the slower must be found
 * worse.
 */
void selftest_judge_spin(struct selftest *, const struct record *);

/*
 * Positive control of the closed loop: a server that stops for 60 ms after every 5 000 answers.
 * Each stall delays one answer of every connection, no more, and so many must be in the raw
 * histogram; wrk's own, `corrected_us`, must hold the many more that wrk makes up, by its own rule.
 */
void selftest_judge_stall(struct selftest *, const struct trial *,
                          const struct histogram *raw_latency_ns,
                          const struct histogram *corrected_us);

/* Each of the servers that must be refused: not valid in any trial, for the right reason. */
void selftest_judge_refusals(struct selftest *, const struct record *);

/* What could not be judged at all. */
__attribute__((format(printf, 3, 4))) void selftest_fail(struct selftest *, const char *check,
                                                         const char *format, ...);

/* Everything is as expected, and something was looked at. */
bool selftest_is_ok(const struct selftest *);

json_t *selftest_to_json(const struct selftest *);
void selftest_finish(struct selftest *);

#endif
