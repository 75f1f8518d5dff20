/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/judge/drift.h"

/* A sentinel at two levels, one of them ten times as fast, and another model that must not count.
 */
enum { BLOCKS = 6, CELLS = 3, TRIALS = BLOCKS * CELLS };

struct made {
    struct trial trials[TRIALS];
    struct histogram histograms[TRIALS];
    struct record record;
};

/* The sentinel's speed changes by the factor `end` from the first block to the last, evenly on
 * logarithms; `noise` is added and taken away by turns. */
static void make(struct made *made, double end, double noise)
{
    memset(made, 0, sizeof *made);
    for (size_t i = 0; i < TRIALS; i++) {
        struct trial *trial = &made->trials[i];
        size_t block = i / CELLS, cell = i % CELLS;
        double part = (double)block / (BLOCKS - 1);
        double speed = (cell == 0 ? 1e4 : 1e5) * pow(end, cell == 2 ? -3 * part : part);
        trial_init(trial);
        snprintf(trial->model, sizeof trial->model, "%s", cell == 2 ? "other" : "guard");
        snprintf(trial->workload, sizeof trial->workload, "churn");
        trial->level = cell == 0 ? 1 : 64;
        trial->block = (int64_t)block + 1;
        trial->started_unix_ms = 1700000000000 + (int64_t)(60000 * block);
        trial->valid = 1;
        trial->duration_us = 1000000;
        trial->requests = (int64_t)(speed * (1 + (block % 2 ? noise : -noise)));
    }
    made->record =
        (struct record){.trials = made->trials, .histograms = made->histograms, .count = TRIALS};
    made->record.manifest = json_pack("{s:{s:s}}", "plan", "sentinel", "guard");
}

static void a_steady_slope_is_found(void **state)
{
    (void)state;
    struct made made;
    make(&made, 0.9, 0);
    struct drift drift = drift_of(&made.record, METRIC_THROUGHPUT_RPS);
    assert_string_equal(drift.sentinel, "guard");
    assert_int_equal(drift.blocks, BLOCKS);
    assert_true(fabs(drift.ratio - 0.9) < 0.001);
    assert_true(drift.low > 0.898 && drift.high < 0.902);
    json_decref(made.record.manifest);
}

static void noise_alone_is_no_drift(void **state)
{
    (void)state;
    struct made made;
    make(&made, 1, 0.02);
    struct drift drift = drift_of(&made.record, METRIC_THROUGHPUT_RPS);
    assert_true(drift.low < 1 && drift.high > 1);
    assert_true(drift.high / drift.low > 1.02);
    json_decref(made.record.manifest);
}

static void a_cell_with_many_gaps_is_left_out(void **state)
{
    (void)state;
    struct made made;
    make(&made, 0.9, 0);
    made.trials[0].valid = made.trials[3].valid = 0; /* two of six */
    for (size_t i = 6; i < TRIALS; i += CELLS)
        made.trials[i].requests = 5; /* would show, if it counted */
    struct drift drift = drift_of(&made.record, METRIC_THROUGHPUT_RPS);
    assert_true(fabs(drift.ratio - 0.9) < 0.001);
    for (size_t i = 0; i < TRIALS; i++)
        made.trials[i].valid = 0;
    assert_true(isnan(drift_of(&made.record, METRIC_THROUGHPUT_RPS).ratio));
    json_decref(made.record.manifest);
}

static void one_missing_block_does_not_matter(void **state)
{
    (void)state;
    struct made made;
    make(&made, 0.9, 0);
    made.trials[6].valid = 0;
    struct drift drift = drift_of(&made.record, METRIC_THROUGHPUT_RPS);
    assert_true(fabs(drift.ratio - 0.9) < 0.01);
    json_decref(made.record.manifest);
}

static void without_a_sentinel_nothing_is_said(void **state)
{
    (void)state;
    struct made made;
    make(&made, 0.9, 0);
    json_decref(made.record.manifest);
    made.record.manifest = json_object();
    assert_true(isnan(drift_of(&made.record, METRIC_THROUGHPUT_RPS).ratio));
    json_decref(made.record.manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_slope_is_found),
        cmocka_unit_test(noise_alone_is_no_drift),
        cmocka_unit_test(a_cell_with_many_gaps_is_left_out),
        cmocka_unit_test(one_missing_block_does_not_matter),
        cmocka_unit_test(without_a_sentinel_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
