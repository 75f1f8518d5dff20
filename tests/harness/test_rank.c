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
#include <gsl/gsl_rng.h>

#include "bench/judge/rank.h"

enum { MOST = 8, MOST_PAIRS = MOST * (MOST - 1) / 2 };

/* All pairs of k, inconclusive at first. */
static void all_tied(struct pair *pairs, size_t k)
{
    for (size_t a = 0; a < k; a++)
        for (size_t b = a + 1; b < k; b++)
            *pairs++ = (struct pair){.a = a, .b = b, .verdict = VERDICT_INCONCLUSIVE};
}

static struct pair *pair_of(struct pair *pairs, size_t a, size_t b)
{
    while (pairs->a != a || pairs->b != b)
        pairs++;
    return pairs;
}

static void free_letters(char **letters, size_t k)
{
    for (size_t i = 0; i < k; i++)
        free(letters[i]);
}

/*
 * The underlined means in R. Lenth, "Re-engineering CLDs" (a vignette of R's package emmeans):
 *     trt1 ctrl trt3 trt2 trt4
 *     ---------
 *          --------------
 * trt1 differs from all but ctrl, and trt4 from all.
 */
static const char *const lenth[] = {"a", "ab", "b", "b", "c"};

static void lenths_example(struct pair *pairs)
{
    all_tied(pairs, 5);
    for (size_t b = 2; b < 5; b++)
        pair_of(pairs, 0, b)->verdict = VERDICT_BETTER;
    for (size_t a = 1; a < 4; a++)
        pair_of(pairs, a, 4)->verdict = VERDICT_BETTER;
}

static void the_letters_are_those_of_the_published_example(void **state)
{
    (void)state;
    struct pair pairs[10];
    char *letters[5];
    lenths_example(pairs);
    rank_letters(pairs, 5, letters);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(letters[i], lenth[i]);
    free_letters(letters, 5);
}

static void a_rank_counts_who_is_surely_better_and_surely_worse(void **state)
{
    (void)state;
    struct pair pairs[10];
    const struct rank expected[] = {{1, 2}, {1, 4}, {2, 4}, {2, 4}, {5, 5}};
    struct rank ranks[5];
    lenths_example(pairs);
    rank_places(pairs, 5, ranks);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(ranks[i].first, expected[i].first);
        assert_int_equal(ranks[i].last, expected[i].last);
    }
}

static void a_worse_first_one_is_the_better_second_one(void **state)
{
    (void)state;
    struct pair pair = {.a = 0, .b = 1, .verdict = VERDICT_WORSE};
    struct rank ranks[2];
    rank_places(&pair, 2, ranks);
    assert_int_equal(ranks[0].first, 2);
    assert_int_equal(ranks[1].last, 1);
}

static void a_negligible_difference_is_a_tie(void **state)
{
    (void)state;
    struct pair pair = {.a = 0, .b = 1, .verdict = VERDICT_NEGLIGIBLE};
    struct rank ranks[2];
    char *letters[2];
    rank_places(&pair, 2, ranks);
    rank_letters(&pair, 2, letters);
    assert_int_equal(ranks[0].last, 2);
    assert_int_equal(ranks[1].first, 1);
    assert_string_equal(letters[0], "a");
    assert_string_equal(letters[1], "a");
    free_letters(letters, 2);
}

/* Read from the best to the worst, a letter that is new is the next of the alphabet. */
static void assert_letters_begin_in_order(char *const *letters, size_t k)
{
    char next = 'a';
    for (size_t i = 0; i < k; i++)
        for (const char *letter = letters[i]; *letter; letter++) {
            assert_true(*letter <= next);
            next = (char)(next + (*letter == next));
        }
}

/* Any pattern, also one in which the best and the second differ, and neither from the third. */
static void two_share_a_letter_exactly_when_they_are_tied(void **state)
{
    (void)state;
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    for (int round = 0; round < 500; round++) {
        struct pair pairs[MOST_PAIRS];
        char *letters[MOST];
        all_tied(pairs, MOST);
        for (size_t i = 0; i < MOST_PAIRS; i++)
            if (gsl_rng_uniform(generator) < round / 500.0)
                pairs[i].verdict = round % 2 ? VERDICT_BETTER : VERDICT_WORSE;
        rank_letters(pairs, MOST, letters);
        assert_letters_begin_in_order(letters, MOST);
        for (size_t i = 0; i < MOST_PAIRS; i++) {
            bool shared = strpbrk(letters[pairs[i].a], letters[pairs[i].b]) != NULL;
            assert_int_equal(shared, pairs[i].verdict == VERDICT_INCONCLUSIVE);
        }
        free_letters(letters, MOST);
    }
    gsl_rng_free(generator);
}

/* Nobody tied with anybody: a letter each, and after z a stroke. */
static void letters_do_not_run_out(void **state)
{
    (void)state;
    enum { K = 28 };
    struct pair pairs[K * (K - 1) / 2];
    char *letters[K];
    all_tied(pairs, K);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        pairs[i].verdict = VERDICT_BETTER;
    rank_letters(pairs, K, letters);
    assert_string_equal(letters[25], "z");
    assert_string_equal(letters[26], "a'");
    assert_string_equal(letters[27], "b'");
    free_letters(letters, K);
}

/* Records of one workload and level: ant answers twice as often as bee, bee as often as cow. */
static const char *const models[] = {"cow", "bee", "ant"};
enum { MODELS = 3, BLOCKS = 8, TRIALS = MODELS * BLOCKS };

struct made {
    struct trial trials[TRIALS];
    struct histogram histograms[TRIALS];
    struct record record;
    struct summary summary;
    struct ranking ranking;
};

static void make_trials(struct made *made, size_t blocks)
{
    static const int64_t requests[MODELS] = {10000, 10010, 20000};
    memset(made, 0, sizeof *made);
    for (size_t i = 0; i < MODELS * blocks; i++) {
        struct trial *trial = &made->trials[i];
        trial_init(trial);
        snprintf(trial->model, sizeof trial->model, "%s", models[i % MODELS]);
        snprintf(trial->workload, sizeof trial->workload, "churn");
        trial->level = 8;
        trial->block = (int64_t)(i / MODELS) + 1;
        trial->valid = 1;
        trial->duration_us = 400000;
        trial->requests = requests[i % MODELS] + 3 * (int64_t)(i % 5); /* some noise */
        trial->window_server_user_us = 100000;
        trial->window_server_system_us = 260000;
        trial->steady_wall_us = 300000;
        trial->steady_server_user_us = 270000;
        trial->steady_server_system_us = 20000;
        trial->steady_generator_cpu_us = 100000;
    }
    made->record = (struct record){
        .trials = made->trials, .histograms = made->histograms, .count = MODELS * blocks};
}

static const struct contest *contest_of(struct made *made)
{
    summary_build(&made->summary, made->trials, made->histograms, made->record.count, models,
                  MODELS);
    rank_build(&made->ranking, &made->record, &made->summary);
    return &made->ranking.contests[0];
}

static void finish(struct made *made)
{
    rank_finish(&made->ranking);
    summary_finish(&made->summary);
}

static void a_record_becomes_ranks(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    const struct contest *contest = contest_of(&made);
    assert_int_equal(contest->metric, METRIC_THROUGHPUT_RPS);
    assert_true(rank_is_ranked(contest));
    assert_int_equal(contest->blocks, BLOCKS);
    assert_int_equal(contest->blocks_needed, 7);
    assert_string_equal(contest->contestants[0].cell->model, "ant");
    assert_true(fabs(contest->contestants[0].mean - 50000) < 50);
    assert_int_equal(contest->contestants[0].rank.last, 1);
    assert_int_equal(contest->contestants[1].rank.first, 2);
    assert_int_equal(contest->contestants[2].rank.first, 2);
    assert_string_equal(contest->contestants[2].letters, "b");
    assert_int_equal(contest->pairs[0].verdict, VERDICT_BETTER);
    assert_true(fabs(contest->pairs[0].ratio - 2) < 0.01);
    finish(&made);
}

static const struct contest *contest_by(const struct made *made, enum metric metric)
{
    for (size_t i = 0; i < made->ranking.count; i++)
        if (made->ranking.contests[i].metric == metric)
            return &made->ranking.contests[i];
    return NULL;
}

static void a_metric_that_nobody_has_is_no_contest(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    contest_of(&made);
    assert_int_equal(made.ranking.count, 2);
    assert_null(contest_by(&made, METRIC_LATENCY_P99_US));
    assert_null(contest_by(&made, METRIC_MEMORY_USER_BYTES));
    finish(&made);
}

static void who_lacks_the_metric_of_a_contest_is_in_it_with_the_reason(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    for (size_t i = 0; i < TRIALS; i++)
        if (i % MODELS != 1 || i > MODELS) /* not in bee's first */
            histogram_add(&made.histograms[i], 50000, 20000);
    contest_of(&made);
    const struct contest *latency = contest_by(&made, METRIC_LATENCY_P99_US);
    if (!latency) {
        fail();
        return; /* for the compiler */
    }
    assert_int_equal(latency->compared, MODELS - 1);
    assert_string_equal(latency->contestants[MODELS - 1].cell->model, "bee");
    assert_string_equal(latency->contestants[MODELS - 1].reason, "not measured in every trial");
    finish(&made);
    for (size_t i = 0; i < TRIALS; i++)
        histogram_finish(&made.histograms[i]);
}

static void a_level_that_the_gate_refused_to_all_is_no_contest(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    for (size_t i = 0; i < TRIALS; i++)
        made.trials[i].valid = 0;
    contest_of(&made);
    assert_int_equal(made.ranking.count, 0);
    finish(&made);
}

/* All of them could be computed in all of these; what they would say differs. */
static void each_workload_has_contests_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *workload;
        int64_t level;
        const char *metrics;
    } cases[] = {
        {"churn", 64, "throughput_rps cpu_us_per_request latency_p99_us "},
        {"latency-rate", 20000, "cpu_us_per_request latency_p99_us "},
        {"latency-share", 95, "cpu_us_per_request latency_p99_us "},
        {"latency-share", 120, "cpu_us_per_request "},
        {"capacity", 5000, "cpu_us_per_request capacity_rps "},
        {"memory", 64, "memory_user_bytes memory_kernel_bytes "},
        {"syscalls", 50, ""},
    };
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        struct made made;
        char metrics[200] = "";
        make_trials(&made, BLOCKS);
        for (size_t i = 0; i < TRIALS; i++) {
            struct trial *trial = &made.trials[i];
            snprintf(trial->workload, sizeof trial->workload, "%s", cases[at].workload);
            histogram_add(&made.histograms[i], 50000, 20000);
            trial->level = cases[at].level;
            trial->memory_user_bytes = trial->memory_kernel_bytes = 100000;
            trial->syscalls = 40000;
            trial->capacity_low_rps =
                strcmp(trial->workload, "capacity") == 0 ? 50000 : TRIAL_UNKNOWN;
        }
        contest_of(&made);
        size_t used = 0;
        for (size_t i = 0; i < made.ranking.count; i++)
            used += (size_t)snprintf(metrics + used, sizeof metrics - used, "%s ",
                                     metric_name(made.ranking.contests[i].metric));
        assert_string_equal(metrics, cases[at].metrics);
        finish(&made);
        for (size_t i = 0; i < TRIALS; i++)
            histogram_finish(&made.histograms[i]);
    }
}

static void a_cell_that_the_gate_refused_has_no_rank(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    made.trials[5].valid = 0; /* ant's second */
    snprintf(made.trials[5].reason, sizeof made.trials[5].reason, "3 errors");
    const struct contest *contest = contest_of(&made);
    assert_int_equal(contest->compared, 2);
    assert_int_equal(contest->blocks_needed, 6);
    assert_string_equal(contest->contestants[2].cell->model, "ant");
    assert_string_equal(contest->contestants[2].reason, "3 errors");
    assert_int_equal(contest->contestants[2].rank.first, 0);
    finish(&made);
}

/* bee becomes ant's twin, as fast as ant but for `percent` and some noise. */
static void make_twin(struct made *made, int64_t percent)
{
    make_trials(made, BLOCKS);
    for (size_t i = 0; i < made->record.count; i++) {
        struct trial *trial = &made->trials[i];
        if (strcmp(trial->model, "bee") != 0)
            continue;
        snprintf(trial->model, sizeof trial->model, "ant.twin");
        trial->requests = 20000 + 200 * percent + 7 * (int64_t)(i % 4);
    }
}

static void a_twin_has_no_rank_and_sets_the_threshold(void **state)
{
    (void)state;
    struct made made;
    make_twin(&made, 4);
    const struct contest *contest = contest_of(&made);
    assert_int_equal(contest->count, 2);
    assert_string_equal(contest->twin_of, "ant");
    assert_true(fabs(rank_resolution(contest) - 0.04) < 0.002);
    assert_true(contest->threshold == rank_resolution(contest));
    finish(&made);
    make_twin(&made, 0);
    contest = contest_of(&made);
    assert_true(rank_resolution(contest) < 0.01);
    assert_true(contest->threshold == 0.01);
    finish(&made);
}

static void a_contest_without_twins_takes_the_coarsest_threshold(void **state)
{
    (void)state;
    struct made made;
    make_twin(&made, 4);
    for (size_t i = 0; i < made.record.count; i++)
        if (i % MODELS == 0)
            made.trials[i].level = 64; /* cow alone */
    contest_of(&made);
    assert_int_equal(made.ranking.count, 4);
    const struct contest *with = &made.ranking.contests[0], *without = &made.ranking.contests[2];
    if (isnan(rank_resolution(with))) {
        with = &made.ranking.contests[2];
        without = &made.ranking.contests[0];
    }
    assert_true(isnan(without->twins.ratio));
    assert_true(without->threshold == with->threshold);
    finish(&made);
}

static void a_block_that_was_cut_short_is_left_out(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    made.record.count = TRIALS - 1;
    assert_int_equal(contest_of(&made)->blocks, BLOCKS - 1);
    finish(&made);
}

static void under_a_busy_generator_the_slower_may_be_the_faster(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    for (size_t i = 0; i < TRIALS; i += MODELS) { /* cow's */
        made.trials[i].steady_generator_cpu_us = 300000;
        made.trials[i].steady_server_user_us = 100000;
    }
    const struct contest *contest = contest_of(&made);
    for (size_t i = 0; i < MODELS; i++)
        if (strcmp(contest->contestants[i].cell->model, "cow") == 0)
            assert_int_equal(contest->contestants[i].rank.first, 1);
        else if (strcmp(contest->contestants[i].cell->model, "bee") == 0)
            assert_int_equal(contest->contestants[i].rank.first, 2);
    finish(&made);
}

static char *text_of(const struct ranking *ranking, void (*write)(const struct ranking *, FILE *))
{
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    write(ranking, stream);
    fclose(stream);
    return text;
}

static size_t commas_in(const char *text, size_t length)
{
    size_t commas = 0;
    for (size_t i = 0; i < length; i++)
        commas += text[i] == ',';
    return commas;
}

static size_t rows_like_the_header(const char *text)
{
    size_t columns = commas_in(text, strcspn(text, "\n")), rows = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1, rows++)
        assert_int_equal(commas_in(line, strcspn(line, "\n")), columns);
    return rows;
}

static void every_row_has_as_many_columns_as_the_header(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    contest_of(&made);
    char *pairs = text_of(&made.ranking, rank_write_pairs);
    char *ranking = text_of(&made.ranking, rank_write);
    assert_int_equal(rows_like_the_header(pairs), 1 + 6);
    assert_int_equal(rows_like_the_header(ranking), 1 + 6);
    assert_non_null(strstr(pairs, "\nchurn,8,throughput_rps,ant,bee,8,1.9"));
    assert_non_null(strstr(ranking, "\nchurn,8,throughput_rps,ant,1,1,1,a,500"));
    free(pairs);
    free(ranking);
    finish(&made);
}

static void too_few_blocks_are_a_preview_and_not_ranked(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, 6);
    const struct contest *contest = contest_of(&made);
    assert_false(rank_is_ranked(contest));
    assert_int_equal(contest->contestants[0].rank.first, 0);
    char *printed = text_of(&made.ranking, rank_print), *csv = text_of(&made.ranking, rank_write);
    assert_string_equal(printed, "preview, not ranked: 6 blocks, needs 7\n");
    assert_non_null(strstr(csv, "ant,0,,,,500"));
    assert_non_null(strstr(csv, "\"preview: 6 blocks, needs 7\""));
    free(csv);
    free(printed);
    finish(&made);
}

static void the_printed_ranking_names_ranks_and_ties(void **state)
{
    (void)state;
    struct made made;
    make_trials(&made, BLOCKS);
    contest_of(&made);
    char *printed = text_of(&made.ranking, rank_print);
    assert_non_null(strstr(printed, "churn, 8, throughput_rps: 1 ant (a); 2-3 "));
    assert_null(strstr(printed, "preview"));
    free(printed);
    finish(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_letters_are_those_of_the_published_example),
        cmocka_unit_test(a_rank_counts_who_is_surely_better_and_surely_worse),
        cmocka_unit_test(a_worse_first_one_is_the_better_second_one),
        cmocka_unit_test(a_negligible_difference_is_a_tie),
        cmocka_unit_test(two_share_a_letter_exactly_when_they_are_tied),
        cmocka_unit_test(letters_do_not_run_out),
        cmocka_unit_test(a_record_becomes_ranks),
        cmocka_unit_test(a_metric_that_nobody_has_is_no_contest),
        cmocka_unit_test(who_lacks_the_metric_of_a_contest_is_in_it_with_the_reason),
        cmocka_unit_test(a_level_that_the_gate_refused_to_all_is_no_contest),
        cmocka_unit_test(each_workload_has_contests_of_its_own),
        cmocka_unit_test(a_cell_that_the_gate_refused_has_no_rank),
        cmocka_unit_test(a_twin_has_no_rank_and_sets_the_threshold),
        cmocka_unit_test(a_contest_without_twins_takes_the_coarsest_threshold),
        cmocka_unit_test(a_block_that_was_cut_short_is_left_out),
        cmocka_unit_test(under_a_busy_generator_the_slower_may_be_the_faster),
        cmocka_unit_test(every_row_has_as_many_columns_as_the_header),
        cmocka_unit_test(too_few_blocks_are_a_preview_and_not_ranked),
        cmocka_unit_test(the_printed_ranking_names_ranks_and_ties),
    };
    return cmocka_run_group_tests_name("rank", tests, NULL, NULL);
}
