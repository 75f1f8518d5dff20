/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/judge/knob.h"

enum { BLOCKS = 10, LEVELS = 4, TRIALS = BLOCKS * LEVELS };

/* The default, --pace=10, --pace=1000 and --tone=low: CPU time per answer, us, in no block equal.
 */
static const char *const settings[LEVELS] = {"", "--pace=10", "--pace=1000", "--tone=low"};
static const int64_t cpu_us[LEVELS] = {20, 10, 40, 20};
static const char *const models[] = {"ant"};

struct run {
    struct record record;
    struct trial trials[TRIALS];
    struct histogram histograms[TRIALS];
    struct summary summary;
    struct knob_table table;
};

static struct trial trial_of(int block, int level)
{
    struct trial trial;
    trial_init(&trial);
    snprintf(trial.model, sizeof trial.model, "ant");
    snprintf(trial.workload, sizeof trial.workload, "knob");
    snprintf(trial.setting, sizeof trial.setting, "%s", settings[level]);
    trial.level = level;
    trial.block = block + 1;
    trial.valid = 1;
    trial.requests = 10000;
    trial.duration_us = 100000 * cpu_us[level];
    trial.window_server_user_us = trial.requests * cpu_us[level] * (1000 + 10 * block) / 1000;
    trial.window_server_system_us = level == 3 ? block % 2 * 30 : 5;
    return trial;
}

static void make(struct run *run)
{
    memset(run, 0, sizeof *run);
    for (int i = 0; i < TRIALS; i++)
        run->trials[i] = trial_of(i / LEVELS, i % LEVELS);
    run->record.trials = run->trials;
    run->record.histograms = run->histograms;
    run->record.count = TRIALS;
    run->record.manifest = json_pack("{s:{s:i}, s:[{s:s, s:[{s:s, s:s}, {s:s, s:s}]}]}", "plan",
                                     "seed", 1, "models", "name", "ant", "knobs", "name", "pace",
                                     "default", "100", "name", "tone", "default", "high");
}

static void judge(struct run *run)
{
    summary_build(&run->summary, run->trials, run->histograms, TRIALS, models, 1);
    knob_build(&run->table, &run->record, &run->summary);
}

static void finish(struct run *run)
{
    knob_finish(&run->table);
    summary_finish(&run->summary);
    json_decref(run->record.manifest);
}

static const struct knob_row *row_of(const struct run *run, const char *knob, const char *value,
                                     enum metric metric)
{
    const struct knob_row *rows = run->table.rows;
    size_t i = 0;
    while (i < run->table.count && (rows[i].metric != metric || strcmp(rows[i].knob, knob) != 0 ||
                                    strcmp(rows[i].value, value) != 0))
        i++;
    if (i == run->table.count)
        fail_msg("no row --%s=%s", knob, value);
    return &rows[i];
}

static void each_value_is_set_against_the_default_inside_blocks(void **state)
{
    static struct run run;
    (void)state;
    make(&run);
    judge(&run);
    const enum metric cpu = METRIC_CPU_US_PER_REQUEST;
    const struct knob_row *fast = row_of(&run, "pace", "10", cpu);
    const struct knob_row *slow = row_of(&run, "pace", "1000", cpu);
    assert_true(fabs(fast->pair.ratio - 0.5) < 0.001 && fabs(slow->pair.ratio - 2) < 0.001);
    /* All blocks are slower than the one before, by more than the ratio's interval is wide. */
    assert_true(fast->pair.high - fast->pair.low < 0.001);
    assert_string_equal(knob_verdict(fast), "better");
    assert_string_equal(knob_verdict(slow), "worse");
    assert_string_equal(knob_verdict(row_of(&run, "tone", "low", cpu)), "equivalent");
    assert_int_equal(fast->blocks, BLOCKS);
    assert_true(fabs(fast->threshold - 0.01) < 1e-9);
    finish(&run);
}

static void each_knob_has_a_default_and_one_best_value(void **state)
{
    static struct run run;
    (void)state;
    make(&run);
    judge(&run);
    const enum metric cpu = METRIC_CPU_US_PER_REQUEST;
    assert_int_equal(run.table.count, 3 * (3 + 2));
    assert_true(row_of(&run, "pace", "100", cpu)->is_default);
    assert_true(row_of(&run, "tone", "high", cpu)->is_default);
    assert_true(row_of(&run, "pace", "10", cpu)->best);
    assert_true(row_of(&run, "pace", "10", METRIC_THROUGHPUT_RPS)->best);
    for (size_t i = 0, best = 0; i < run.table.count; i++) {
        bool last = i + 1 == run.table.count || run.table.rows[i + 1].is_default;
        best += run.table.rows[i].best;
        if (last && run.table.rows[i].metric != METRIC_LATENCY_P99_US) /* no samples for that */
            assert_int_equal(best, 1);
        best = last ? 0 : best;
    }
    finish(&run);
}

/* As with prefork, whose default serves one client for each CPU, and so not all. */
static void a_default_that_is_not_valid_leaves_a_best_and_no_ratio(void **state)
{
    static struct run run;
    (void)state;
    make(&run);
    run.trials[0].valid = 0;
    judge(&run);
    const struct knob_row *row = row_of(&run, "pace", "10", METRIC_CPU_US_PER_REQUEST);
    assert_true(row->best && !row->compared && isnan(row->pair.ratio));
    assert_string_equal(knob_verdict(row), "no default");
    finish(&run);
}

static void a_value_that_is_not_valid_is_never_the_best(void **state)
{
    static struct run run;
    (void)state;
    make(&run);
    run.trials[1].valid = 0;
    judge(&run);
    assert_false(row_of(&run, "pace", "10", METRIC_CPU_US_PER_REQUEST)->best);
    assert_true(row_of(&run, "pace", "100", METRIC_CPU_US_PER_REQUEST)->best);
    assert_string_equal(knob_verdict(row_of(&run, "pace", "10", METRIC_CPU_US_PER_REQUEST)),
                        "not valid");
    finish(&run);
}

/* In place of the other knob's value: the same executable under another name, noisier. */
static void what_the_default_shows_against_its_twin_is_the_threshold(void **state)
{
    static const char *const both[] = {"ant", "ant.twin"};
    static struct run run;
    (void)state;
    make(&run);
    for (int i = 0; i < TRIALS; i++)
        if (run.trials[i].level == 3) {
            snprintf(run.trials[i].model, sizeof run.trials[i].model, "ant.twin");
            *run.trials[i].setting = '\0';
            run.trials[i].level = 0;
            run.trials[i].window_server_user_us *= run.trials[i].block % 2 ? 3 : 1;
        }
    summary_build(&run.summary, run.trials, run.histograms, TRIALS, both, 2);
    knob_build(&run.table, &run.record, &run.summary);
    const struct knob_row *fast = row_of(&run, "pace", "10", METRIC_CPU_US_PER_REQUEST);
    assert_true(fast->threshold > 1);
    assert_string_equal(knob_verdict(fast), "negligible");
    finish(&run);
}

static void too_few_blocks_have_no_verdict(void **state)
{
    static struct run run;
    (void)state;
    make(&run);
    for (int i = 0; i < TRIALS; i++)
        if (run.trials[i].block > 3)
            run.trials[i].replaced = true;
    judge(&run);
    const struct knob_row *row = row_of(&run, "pace", "10", METRIC_CPU_US_PER_REQUEST);
    assert_int_equal(row->blocks, 3);
    assert_string_equal(knob_verdict(row), "preview");
    finish(&run);
}

static void every_line_has_as_many_fields_as_the_header(void **state)
{
    static struct run run;
    char *text;
    size_t size, lines = 0;
    (void)state;
    make(&run);
    judge(&run);
    FILE *csv = open_memstream(&text, &size);
    knob_write(&run.table, csv);
    fclose(csv);
    for (char *line = text; *line; line += strcspn(line, "\n") + 1, lines++) {
        size_t commas = 0;
        for (const char *at = line; *at != '\n'; at++)
            commas += *at == ',';
        assert_int_equal(commas, 18);
    }
    assert_int_equal(lines, 1 + run.table.count);
    free(text);
    finish(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value_is_set_against_the_default_inside_blocks),
        cmocka_unit_test(each_knob_has_a_default_and_one_best_value),
        cmocka_unit_test(a_default_that_is_not_valid_leaves_a_best_and_no_ratio),
        cmocka_unit_test(a_value_that_is_not_valid_is_never_the_best),
        cmocka_unit_test(what_the_default_shows_against_its_twin_is_the_threshold),
        cmocka_unit_test(too_few_blocks_have_no_verdict),
        cmocka_unit_test(every_line_has_as_many_fields_as_the_header),
    };
    return cmocka_run_group_tests_name("knob", tests, NULL, NULL);
}
