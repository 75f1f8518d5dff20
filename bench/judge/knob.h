/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_KNOB_H
#define BENCH_JUDGE_KNOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "bench/judge/pairs.h"
#include "bench/judge/summary.h"
#include "bench/record/record.h"

/* What a model's own parameters are worth: each setting of the workload `knob` against the model as
 * it comes. A pure function of the record. */

/* One value of one knob, by one metric. */
struct knob_row {
    const struct summary_cell *cell; /* of a default: that without a setting */
    char knob[TRIAL_SETTING_SIZE], value[TRIAL_SETTING_SIZE];
    enum metric metric;
    bool is_default;
    bool best;        /* no other value of this knob has a better mean; only of valid cells */
    bool bound;       /* the generator set the speed: it is as good as its value or better */
    bool compared;    /* with the default; else `pair` says nothing */
    size_t blocks;    /* in which all settings of the model that are compared have a value */
    double threshold; /* the share from which a difference matters: the same for all of a metric */
    struct pair pair; /* this value / the default */
};

/* By model, knob and metric; of each the default comes first, then the values as they are listed.
 */
struct knob_table {
    struct knob_row *rows;
    size_t count;
};

/*
 * The summary must outlive it. Compared are, of each model, the settings whose cell is valid and
 * that have the metric in each trial, over the blocks in which all of these and the default do:
 * pairs_compare_to_first(), adjusted for all settings of the model by that metric, so that the best
 * may be picked afterwards. The threshold is what the default shows against its twin, where one
 * was measured; see pairs_threshold().
 */
void knob_build(struct knob_table *, const struct record *, const struct summary *);
void knob_finish(struct knob_table *);

/* "better", ..., or why there is no verdict: "default", "not valid", "no default". */
const char *knob_verdict(const struct knob_row *);

/* knob.csv. */
void knob_write(const struct knob_table *, FILE *csv);

#endif
