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
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/judge/selftest.h"
#include "bench/base/text.h"

enum { BLOCKS = 12, MODELS = 3, CLIENTS = 64, ROUNDS = 200, WINDOW_US = 1000000 };

/* A run of the controls as it would come out if they were so fast and cost so much. */
struct world {
    double rps[MODELS], cpu_us[MODELS]; /* of spin-50, spin-100, spin-50.twin */
    double noise;                       /* relative standard deviation of either */
    unsigned blocks;
};

static const struct world sound = {{15000, 8500, 15000}, {65, 115, 65}, 0.01, BLOCKS};

static struct trial trial_of(const char *model, unsigned number, unsigned block)
{
    struct trial trial;
    trial_init(&trial);
    snprintf(trial.model, sizeof trial.model, "%s", model);
    snprintf(trial.workload, sizeof trial.workload, "keep-alive");
    trial.number = number;
    trial.attempt = 1;
    trial.block = block;
    trial.level = trial.connections = CLIENTS;
    trial.valid = 1;
    trial.duration_us = WINDOW_US;
    return trial;
}

static void make(struct record *record, const struct world *world)
{
    static const char *const names[MODELS] = {"spin-50", "spin-100", "spin-50.twin"};
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    *record = (struct record){0};
    record->manifest = json_pack("{s:{s:i}, s:[{s:s}, {s:s}, {s:s}]}", "plan", "seed", 7, "models",
                                 "name", names[0], "name", names[1], "name", names[2]);
    record->trials = text_allocate((size_t)MODELS * BLOCKS, sizeof *record->trials);
    record->histograms = text_allocate((size_t)MODELS * BLOCKS, sizeof *record->histograms);
    for (unsigned i = 0; i < MODELS * world->blocks; i++) {
        struct trial *trial = &record->trials[record->count++];
        double speed = world->rps[i % MODELS] * exp(gsl_ran_gaussian(generator, world->noise));
        double cost = world->cpu_us[i % MODELS] * exp(gsl_ran_gaussian(generator, world->noise));
        *trial = trial_of(names[i % MODELS], i + 1, i / MODELS + 1);
        trial->requests = llround(speed);
        trial->window_server_user_us = llround(cost * speed);
        trial->window_server_system_us = 0;
    }
    gsl_rng_free(generator);
}

typedef void judging(struct selftest *, const struct record *);

static void judge_some_labels(struct selftest *selftest, const struct record *record)
{
    selftest_judge_labels(selftest, record, ROUNDS);
}

static bool is_ok_in(const struct world *world, judging *judge)
{
    struct record record;
    struct selftest selftest = {0};
    make(&record, world);
    judge(&selftest, &record);
    assert_true(selftest.count > 0);
    bool ok = selftest_is_ok(&selftest);
    selftest_finish(&selftest);
    record_finish(&record);
    return ok;
}

static void a_sound_suite_passes(void **state)
{
    (void)state;
    assert_true(is_ok_in(&sound, selftest_judge_twins));
    assert_true(is_ok_in(&sound, selftest_judge_spin));
    assert_true(is_ok_in(&sound, judge_some_labels));
}

static void a_model_that_differs_from_itself_is_reported(void **state)
{
    (void)state;
    struct world faster = sound, dearer = sound;
    faster.rps[2] *= 1.05;
    dearer.cpu_us[2] *= 1.05;
    assert_false(is_ok_in(&faster, selftest_judge_twins));
    assert_false(is_ok_in(&dearer, selftest_judge_twins));
}

static void a_difference_that_is_not_what_was_spun_is_reported(void **state)
{
    (void)state;
    struct world more = sound, less = sound;
    more.cpu_us[1] += 6;
    less.cpu_us[1] -= 6;
    assert_false(is_ok_in(&more, selftest_judge_spin));
    assert_false(is_ok_in(&less, selftest_judge_spin));
}

static void an_interval_too_wide_to_prove_anything_is_reported(void **state)
{
    (void)state;
    struct world noisy = sound;
    noisy.noise = 0.15;
    assert_false(is_ok_in(&noisy, selftest_judge_spin));
}

static void a_spin_that_throughput_does_not_show_is_reported(void **state)
{
    (void)state;
    struct world same = sound, inverted = sound;
    same.rps[1] = sound.rps[0];
    inverted.rps[1] = 2 * sound.rps[0];
    assert_false(is_ok_in(&same, selftest_judge_spin));
    assert_false(is_ok_in(&inverted, selftest_judge_spin));
}

static void too_few_blocks_prove_nothing(void **state)
{
    (void)state;
    struct world brief = sound;
    brief.blocks = 5;
    assert_false(is_ok_in(&brief, selftest_judge_twins));
    assert_false(is_ok_in(&brief, judge_some_labels));
}

static void a_trial_that_is_not_valid_leaves_nothing_to_judge(void **state)
{
    (void)state;
    static judging *const judges[] = {selftest_judge_twins, selftest_judge_spin};
    for (size_t i = 0; i < sizeof judges / sizeof *judges; i++) {
        struct record record;
        struct selftest selftest = {0};
        make(&record, &sound);
        record.trials[3].valid = 0;
        snprintf(record.trials[3].reason, sizeof record.trials[3].reason, "errors: 1");
        judges[i](&selftest, &record);
        assert_false(selftest_is_ok(&selftest));
        assert_non_null(strstr(selftest.all[0].observed, "errors: 1"));
        selftest_finish(&selftest);
        record_finish(&record);
    }
}

static void a_block_that_the_machine_spoilt_is_left_out(void **state)
{
    (void)state;
    static judging *const judges[] = {selftest_judge_twins, selftest_judge_spin};
    for (size_t i = 0; i < sizeof judges / sizeof *judges; i++) {
        struct record record;
        struct selftest selftest = {0};
        make(&record, &sound);
        record.trials[4].valid = 0;
        record.trials[4].spoilt = 1;
        judges[i](&selftest, &record);
        assert_true(selftest_is_ok(&selftest));
        selftest_finish(&selftest);
        record_finish(&record);
    }
}

static void labels_are_permuted_in_the_blocks_that_are_whole(void **state)
{
    (void)state;
    static const size_t needed = 6; /* blocks, for two models */
    for (size_t whole = needed - 1; whole <= needed; whole++) {
        struct record record;
        struct selftest selftest = {0};
        make(&record, &sound);
        for (size_t block = 1; block <= BLOCKS - whole; block++) /* not the first, not the last */
            record.trials[MODELS * block + block % MODELS].valid = 0;
        judge_some_labels(&selftest, &record);
        assert_int_equal(selftest_is_ok(&selftest), whole >= needed);
        selftest_finish(&selftest);
        record_finish(&record);
    }
}

/* ---- Stall ---- */

enum { STALLED_REQUESTS = 39936, STALLS = 7, STALL_US = 60000, QUICK_US = 700 };

static void add_latencies(struct histogram *latencies, uint64_t stalled, uint64_t unit)
{
    histogram_add(latencies, QUICK_US * unit, STALLED_REQUESTS - stalled);
    histogram_add(latencies, STALL_US * unit, stalled);
}

/* As wrk 4's stats_correct() does it, upwards from the one value that is long enough. */
static void correct(struct histogram *latencies, uint64_t stalled)
{
    uint64_t interval = WINDOW_US / (STALLED_REQUESTS / CLIENTS);
    histogram_add(latencies, QUICK_US, STALLED_REQUESTS - stalled);
    for (uint64_t n = STALL_US % interval; n < STALL_US; n += interval)
        if (n > interval)
            histogram_add(latencies, n, stalled);
    histogram_add(latencies, STALL_US, stalled);
}

static bool stall_is_ok(uint64_t stalled, bool corrected)
{
    struct histogram raw = {0}, wrks = {0};
    struct selftest selftest = {0};
    struct trial trial = trial_of("stall", 1, 1);
    trial.requests = trial.latency_samples = STALLED_REQUESTS;
    add_latencies(&raw, stalled, 1000);
    if (corrected)
        correct(&wrks, stalled);
    else
        add_latencies(&wrks, stalled, 1);
    selftest_judge_stall(&selftest, &trial, &raw, &wrks);
    bool ok = selftest_is_ok(&selftest);
    selftest_finish(&selftest);
    histogram_finish(&wrks);
    histogram_finish(&raw);
    return ok;
}

static void a_stall_is_one_latency_of_each_client(void **state)
{
    (void)state;
    assert_true(stall_is_ok(STALLS * CLIENTS, true));
    assert_true(stall_is_ok((STALLS + 1) * CLIENTS, true));
    assert_false(stall_is_ok(STALLS * CLIENTS / 2, true));
    assert_false(stall_is_ok((STALLS + 2) * CLIENTS, true));
    assert_false(stall_is_ok(0, true));
}

static void a_histogram_that_nobody_corrected_is_reported(void **state)
{
    (void)state;
    assert_false(stall_is_ok(STALLS * CLIENTS, false));
}

/* ---- Refusals ---- */

static const struct {
    const char *model, *reason;
    int overflows;
} refused[] = {
    {"hang", "served 48 of 64 connections", 0},
    {"status-500", "errors: 555", 0},
    {"short-body", "4360422 bytes are not 33306 answers of 131", 0},
    {"backlog-1", "2 of 64 connections", 62},
};
enum { REFUSED = sizeof refused / sizeof *refused };

static void make_refused(struct trial *trials)
{
    for (unsigned i = 0; i < REFUSED; i++) {
        trials[i] = trial_of(refused[i].model, i + 1, 1);
        trials[i].valid = 0;
        trials[i].listen_overflows = refused[i].overflows;
        snprintf(trials[i].reason, sizeof trials[i].reason, "%s", refused[i].reason);
    }
}

static void assert_only(const struct trial *trials, size_t count, size_t not_ok)
{
    struct trial copies[REFUSED + 1];
    struct record record = {.trials = copies, .count = count};
    struct selftest selftest = {0};
    memcpy(copies, trials, count * sizeof *trials);
    selftest_judge_refusals(&selftest, &record);
    assert_int_equal(selftest.count, REFUSED);
    for (size_t i = 0; i < REFUSED; i++)
        assert_int_equal(selftest.all[i].ok, i != not_ok);
    assert_int_equal(selftest_is_ok(&selftest), not_ok == REFUSED);
    selftest_finish(&selftest);
}

static void those_that_were_refused_for_the_right_reason_are_ok(void **state)
{
    (void)state;
    struct trial trials[REFUSED];
    make_refused(trials);
    assert_only(trials, REFUSED, REFUSED);
}

static void one_that_was_let_pass_is_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFUSED; i++) {
        struct trial trials[REFUSED];
        make_refused(trials);
        trials[i].valid = 1;
        trials[i].reason[0] = '\0';
        assert_only(trials, REFUSED, i);
    }
}

static void one_that_was_refused_for_another_reason_is_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < REFUSED; i++) {
        struct trial trials[REFUSED];
        make_refused(trials);
        snprintf(trials[i].reason, sizeof trials[i].reason, "wrong answer to the probe");
        assert_only(trials, REFUSED, i);
        make_refused(trials);
        trials[i].spoilt = 1;
        assert_only(trials, REFUSED, i);
        make_refused(trials);
        trial_fail(&trials[i], "server not ready");
        assert_only(trials, REFUSED, i);
    }
}

static void a_backlog_of_one_must_show_in_the_kernels_counts(void **state)
{
    (void)state;
    struct trial trials[REFUSED];
    make_refused(trials);
    trials[REFUSED - 1].listen_overflows = 0;
    assert_only(trials, REFUSED, REFUSED - 1);
    assert_only(trials, REFUSED - 1, REFUSED - 1); /* nor must it be missing */
}

static void an_attempt_that_was_replaced_is_not_judged(void **state)
{
    (void)state;
    struct trial trials[REFUSED + 1];
    make_refused(trials + 1);
    trials[0] = trials[1];
    trials[0].spoilt = 1;
    trials[0].replaced = true;
    assert_only(trials, REFUSED + 1, REFUSED);
}

static void as_json_it_says_the_same(void **state)
{
    (void)state;
    struct selftest selftest = {0};
    assert_false(selftest_is_ok(&selftest)); /* nothing was looked at */
    selftest_fail(&selftest, "stall", "no %s", "trial");
    json_t *object = selftest_to_json(&selftest);
    const json_t *check = json_array_get(json_object_get(object, "checks"), 0);
    assert_true(json_is_false(json_object_get(object, "ok")));
    assert_true(json_is_false(json_object_get(check, "ok")));
    assert_string_equal(json_string_value(json_object_get(check, "check")), "stall");
    assert_string_equal(json_string_value(json_object_get(check, "observed")), "no trial");
    json_decref(object);
    selftest_finish(&selftest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_suite_passes),
        cmocka_unit_test(a_model_that_differs_from_itself_is_reported),
        cmocka_unit_test(a_difference_that_is_not_what_was_spun_is_reported),
        cmocka_unit_test(an_interval_too_wide_to_prove_anything_is_reported),
        cmocka_unit_test(a_spin_that_throughput_does_not_show_is_reported),
        cmocka_unit_test(too_few_blocks_prove_nothing),
        cmocka_unit_test(a_trial_that_is_not_valid_leaves_nothing_to_judge),
        cmocka_unit_test(a_block_that_the_machine_spoilt_is_left_out),
        cmocka_unit_test(labels_are_permuted_in_the_blocks_that_are_whole),
        cmocka_unit_test(a_stall_is_one_latency_of_each_client),
        cmocka_unit_test(a_histogram_that_nobody_corrected_is_reported),
        cmocka_unit_test(those_that_were_refused_for_the_right_reason_are_ok),
        cmocka_unit_test(one_that_was_let_pass_is_reported),
        cmocka_unit_test(one_that_was_refused_for_another_reason_is_reported),
        cmocka_unit_test(a_backlog_of_one_must_show_in_the_kernels_counts),
        cmocka_unit_test(an_attempt_that_was_replaced_is_not_judged),
        cmocka_unit_test(as_json_it_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
