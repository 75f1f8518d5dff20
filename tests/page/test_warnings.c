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

#include "bench/show/warnings.h"

enum { BLOCKS = 12, MODELS = 3, TRIALS = BLOCKS * MODELS };

static const char *const models[MODELS] = {"ant", "bee", "ant.twin"};

/* A run of which there is nothing to say: two models and a twin in one workload at one level. Tests
 * spoil one thing each. */
struct run {
    struct record record;
    struct trial trials[TRIALS];
    struct histogram histograms[TRIALS];
};

static json_t *good_manifest(void)
{
    json_t *order = json_array();
    for (int i = 0; i < TRIALS; i++)
        json_array_append_new(order, json_integer(i % MODELS));
    return json_pack("{s:b, s:b, s:{s:s, s:i}, s:{s:s, s:s}, s:{s:s, s:b}, "
                     "s:{s:s, s:s, s:s, s:i, s:o}, s:[{s:s}, {s:s}, {s:s, s:s}]}",
                     "namespace_per_trial", 1, "cgroup_per_trial", 1, "machine", "governor",
                     "performance", "cpus", 2, "build", "optimization", "3", "sanitizer", "none",
                     "source", "git_revision", "0123456789ab", "git_dirty", 0, "plan",
                     "server_cpus", "1", "load_cpus", "0", "sentinel", "ant", "seed", 1, "order",
                     order, "models", "name", "ant", "name", "bee", "name", "ant.twin", "twin_of",
                     "ant");
}

static struct trial good_trial(int number)
{
    struct trial trial;
    trial_init(&trial);
    int64_t wobble = (number * 7 + number / MODELS) % 5; /* in 10 000: no two blocks are the same */
    snprintf(trial.model, sizeof trial.model, "%s", models[number % MODELS]);
    snprintf(trial.workload, sizeof trial.workload, "keep-alive");
    trial.number = number + 1;
    trial.block = number / MODELS + 1;
    trial.started_unix_ms = INT64_C(1000) * number;
    trial.attempt = trial.valid = trial.pinned = 1;
    trial.spoilt = 0;
    trial.level = trial.connections = 64;
    trial.requests = 100000 + 10 * wobble;
    trial.duration_us = trial.window_wall_us = trial.steady_wall_us = 1000000;
    trial.window_server_user_us = 0;
    trial.window_server_system_us = 950000 + 100 * wobble;
    trial.steady_server_user_us = 0;
    trial.steady_server_system_us = 970000;
    trial.steady_generator_cpu_us = 700000;
    trial.steady_harness_cpu_us = 1000;
    trial.window_machine_steal_us = 0;
    trial.window_machine_total_us = 2000000;
    return trial;
}

static int make_run(void **state)
{
    struct run *run = calloc(1, sizeof *run);
    assert_non_null(run);
    for (int i = 0; i < TRIALS; i++) {
        run->trials[i] = good_trial(i);
        histogram_add(&run->histograms[i], 50000, 98000);
        histogram_add(&run->histograms[i], 90000, 2000);
    }
    run->record = (struct record){good_manifest(), run->trials, run->histograms, TRIALS};
    assert_non_null(run->record.manifest);
    *state = run;
    return 0;
}

static int free_run(void **state)
{
    struct run *run = *state;
    for (int i = 0; i < TRIALS; i++)
        histogram_finish(&run->histograms[i]);
    json_decref(run->record.manifest);
    free(run);
    return 0;
}

/* Whether these kinds, and no others, were found; `words` in the first. */
static void expect_warnings(struct run *run, const enum warning_kind *kinds, size_t count,
                            const char *words)
{
    struct summary summary;
    struct ranking ranking;
    struct warnings warnings;
    summary_build(&summary, run->trials, run->histograms, run->record.count, models, MODELS);
    rank_build(&ranking, &run->record, &summary);
    warnings_find(&warnings, &run->record, &summary, &ranking);
    for (size_t i = 0; i < warnings.count; i++)
        print_message("  %s: %s\n", warning_name(warnings.all[i].kind), warnings.all[i].text);
    assert_int_equal(warnings.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(warnings.all[i].kind, kinds[i]);
        assert_true(*warnings.all[i].advice);
    }
    if (count > 0 && !strstr(warnings.all[0].text, words))
        fail_msg("\"%s\" is not in \"%s\"", words, warnings.all[0].text);
    warnings_finish(&warnings);
    rank_finish(&ranking);
    summary_finish(&summary);
}

static void expect_warning(struct run *run, enum warning_kind kind, const char *words)
{
    expect_warnings(run, &kind, 1, words);
}

static void set_fact(struct run *run, const char *group, const char *name, json_t *value)
{
    json_object_set_new(json_object_get(run->record.manifest, group), name, value);
}

static void a_good_run_has_none(void **state)
{
    expect_warnings(*state, NULL, 0, "");
}

static void too_few_blocks_are_a_preview_and_a_run_cut_short(void **state)
{
    struct run *run = *state;
    run->record.count = 3 * MODELS;
    expect_warnings(run, (enum warning_kind[]){WARNING_PREVIEW, WARNING_CUT_SHORT}, 2,
                    "3 blocks, a ranking needs 6");
}

static void hollow_cells_are_named(void **state)
{
    struct run *run = *state;
    run->trials[1].valid = 0;
    expect_warning(run, WARNING_HOLLOW, "1 of 3 cells: bee, keep-alive at 64");
}

static void a_spoilt_trial_that_was_measured_again_counts_once(void **state)
{
    struct run *run = *state;
    run->trials[TRIALS - 1] = run->trials[TRIALS - 2]; /* a second attempt at the last of bee */
    run->trials[TRIALS - 1].attempt = 2;
    run->trials[TRIALS - 2].spoilt = 1;
    run->trials[TRIALS - 2].valid = 0;
    run->trials[TRIALS - 2].replaced = true;
    expect_warnings(run, (enum warning_kind[]){WARNING_CUT_SHORT, WARNING_SPOILT}, 2,
                    "35 of 36 trials");
    json_array_remove(json_object_get(json_object_get(run->record.manifest, "plan"), "order"), 0);
    expect_warning(run, WARNING_SPOILT, "1 trial; 1 of them was measured again");
}

static void cells_that_the_generator_bounds_are_placed(void **state)
{
    struct run *run = *state;
    for (int i = 0; i < TRIALS; i += MODELS) {
        run->trials[i].steady_server_system_us = 800000;
        run->trials[i].steady_generator_cpu_us = 990000;
    }
    expect_warning(run, WARNING_GENERATOR_BOUND, "1 of 3 cells: keep-alive at 64");
    run->trials[0].valid = 0;
    expect_warning(run, WARNING_HOLLOW, "ant, keep-alive at 64");
}

static void lists_of_cpus_that_meet_are_found(void **state)
{
    struct run *run = *state;
    set_fact(run, "plan", "server_cpus", json_string("4,1-2"));
    set_fact(run, "plan", "load_cpus", json_string("0,2-3"));
    expect_warning(run, WARNING_SHARED_CPUS, "CPU 2");
    set_fact(run, "plan", "load_cpus", json_string("0,3"));
    expect_warnings(run, NULL, 0, "");
}

static void a_task_that_could_stray_is_told_from_one_that_nobody_looked_at(void **state)
{
    struct run *run = *state;
    run->trials[4].pinned = TRIAL_UNKNOWN;
    expect_warning(run, WARNING_UNPINNED, "in 1 of 36 trials nobody looked");
    run->trials[4].pinned = 0;
    expect_warning(run, WARNING_UNPINNED, "in 1 trial a task could leave");
}

static void builds_that_nobody_runs_are_found(void **state)
{
    struct run *run = *state;
    set_fact(run, "build", "optimization", json_string("0"));
    expect_warning(run, WARNING_BUILD, "optimisation 0");
    set_fact(run, "build", "sanitizer", json_string("address"));
    expect_warning(run, WARNING_BUILD, "address");
}

static void a_revision_has_to_be_known_and_clean(void **state)
{
    struct run *run = *state;
    set_fact(run, "source", "git_dirty", json_true());
    expect_warning(run, WARNING_REVISION, "changes");
    set_fact(run, "source", "git_revision", json_null());
    expect_warning(run, WARNING_REVISION, "does not name");
}

static void missing_privileges_and_another_governor_are_told(void **state)
{
    struct run *run = *state;
    json_object_set_new(run->record.manifest, "cgroup_per_trial", json_false());
    json_object_set_new(run->record.manifest, "namespace_per_trial", json_false());
    set_fact(run, "machine", "governor", json_string("powersave"));
    expect_warnings(run,
                    (enum warning_kind[]){WARNING_NO_GROUP, WARNING_NO_NAMESPACE, WARNING_GOVERNOR},
                    3, "/proc");
    set_fact(run, "machine", "governor", json_null());
    json_object_set_new(run->record.manifest, "cgroup_per_trial", json_true());
    expect_warning(run, WARNING_NO_NAMESPACE, "network namespace");
}

static void steal_counts_from_more_than_a_tick_and_a_hundredth_of_a_trial(void **state)
{
    struct run *run = *state;
    run->trials[0].window_machine_steal_us = 10000; /* a tick */
    run->trials[0].window_machine_total_us = 400000;
    expect_warnings(run, NULL, 0, "");
    run->trials[0].window_machine_total_us = 2000000;
    run->trials[0].window_machine_steal_us = 30000; /* 1.5 % */
    expect_warning(run, WARNING_STEAL, "more than 1 % in 1 trial");
}

static void a_harness_that_takes_over_a_hundredth_of_a_cpu_is_told(void **state)
{
    struct run *run = *state;
    run->trials[7].steady_harness_cpu_us = 10000;
    expect_warnings(run, NULL, 0, "");
    run->trials[7].steady_harness_cpu_us = 25000;
    expect_warning(run, WARNING_HARNESS, "up to 2.5 % of a CPU while it measured (median 0.10 %)");
}

/* All models alike, so that no pair shows it. */
static void a_machine_that_slows_down_is_told(void **state)
{
    struct run *run = *state;
    for (int i = 0; i < TRIALS; i++)
        run->trials[i].requests -= 400 * (i / MODELS);
    expect_warning(run, WARNING_DRIFT, "throughput_rps of ant changed by -4.");
}

static void twins_that_differ_show_a_coarse_resolution(void **state)
{
    struct run *run = *state;
    for (int i = 2; i < TRIALS; i += MODELS)
        run->trials[i].window_server_system_us += i % 2 ? 60000 : -60000;
    expect_warning(run, WARNING_COARSE_RESOLUTION, "in 1 of 3 contests");
}

static void percentiles_without_enough_samples_are_told(void **state)
{
    struct run *run = *state;
    histogram_finish(&run->histograms[0]);
    histogram_add(&run->histograms[0], 50000, 9900);
    expect_warning(run, WARNING_FEW_SAMPLES, "1 of 3 cells: keep-alive at 64");
}

static void intervals_of_over_a_tenth_are_told(void **state)
{
    struct run *run = *state;
    for (int i = 1; i < TRIALS; i += MODELS)
        run->trials[i].requests = i % 2 ? 80000 : 120000;
    expect_warning(run, WARNING_WIDE_INTERVALS, "1 of 3 cells: keep-alive at 64");
}

/* All trials become ones in open loop at this level; the server idles. */
static void make_open_loop(struct run *run, const char *workload, int64_t level)
{
    for (int i = 0; i < TRIALS; i++) {
        struct trial *trial = &run->trials[i];
        snprintf(trial->workload, sizeof trial->workload, "%s", workload);
        trial->level = level;
        trial->offered = trial->answered_of_offered = 100000;
        trial->latency_p99_ns = 200000;
        trial->on_time_p99_ns = 195000;
        trial->steady_generator_cpu_us = 1000000; /* it never sleeps */
        trial->steady_server_system_us = 300000;
    }
}

static void a_generator_that_spins_in_open_loop_is_no_limit(void **state)
{
    struct run *run = *state;
    make_open_loop(run, "latency-rate", 20000);
    expect_warnings(run, NULL, 0, "");
}

static void rates_that_were_not_kept_are_told(void **state)
{
    struct run *run = *state;
    make_open_loop(run, "latency-rate", 120000);
    run->trials[1].answered_of_offered = 99000;
    expect_warnings(run, NULL, 0, "");
    run->trials[1].answered_of_offered = 98000;
    expect_warning(run, WARNING_OVERLOAD, "1 of 3 cells: bee, latency-rate at 120k");
}

static void a_generator_that_sends_late_is_told(void **state)
{
    struct run *run = *state;
    make_open_loop(run, "latency-share", 80);
    run->trials[5].on_time_p99_ns = 181000;
    expect_warnings(run, NULL, 0, "");
    run->trials[5].on_time_p99_ns = 179000;
    expect_warning(run, WARNING_LATE_GENERATOR, "late in 1 of 36 trials");
}

static void a_bad_client_is_named_and_not_numbered(void **state)
{
    struct run *run = *state;
    for (int i = 0; i < TRIALS; i++) {
        snprintf(run->trials[i].workload, sizeof run->trials[i].workload, "mixed");
        run->trials[i].level = 4;
    }
    run->trials[1].valid = 0;
    expect_warning(run, WARNING_HOLLOW, "1 of 3 cells: bee, mixed beside fire-hose");
}

static void memory_needs_no_percentile(void **state)
{
    struct run *run = *state;
    for (int i = 0; i < TRIALS; i++) {
        snprintf(run->trials[i].workload, sizeof run->trials[i].workload, "memory");
        histogram_finish(&run->histograms[i]);
        histogram_add(&run->histograms[i], 50000, 7);
    }
    expect_warnings(run, NULL, 0, "");
}

#define RUN_TEST(test) cmocka_unit_test_setup_teardown(test, make_run, free_run)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(a_good_run_has_none),
        RUN_TEST(too_few_blocks_are_a_preview_and_a_run_cut_short),
        RUN_TEST(hollow_cells_are_named),
        RUN_TEST(a_spoilt_trial_that_was_measured_again_counts_once),
        RUN_TEST(cells_that_the_generator_bounds_are_placed),
        RUN_TEST(lists_of_cpus_that_meet_are_found),
        RUN_TEST(a_task_that_could_stray_is_told_from_one_that_nobody_looked_at),
        RUN_TEST(builds_that_nobody_runs_are_found),
        RUN_TEST(a_revision_has_to_be_known_and_clean),
        RUN_TEST(missing_privileges_and_another_governor_are_told),
        RUN_TEST(steal_counts_from_more_than_a_tick_and_a_hundredth_of_a_trial),
        RUN_TEST(a_harness_that_takes_over_a_hundredth_of_a_cpu_is_told),
        RUN_TEST(a_machine_that_slows_down_is_told),
        RUN_TEST(twins_that_differ_show_a_coarse_resolution),
        RUN_TEST(percentiles_without_enough_samples_are_told),
        RUN_TEST(intervals_of_over_a_tenth_are_told),
        RUN_TEST(a_generator_that_spins_in_open_loop_is_no_limit),
        RUN_TEST(rates_that_were_not_kept_are_told),
        RUN_TEST(a_generator_that_sends_late_is_told),
        RUN_TEST(a_bad_client_is_named_and_not_numbered),
        RUN_TEST(memory_needs_no_percentile),
    };
    return cmocka_run_group_tests_name("warnings", tests, NULL, NULL);
}
