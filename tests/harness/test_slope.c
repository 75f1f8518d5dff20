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

#include "bench/judge/slope.h"

static void assert_near(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.12g is not %.12g", value, expected);
}

/* F. J. Anscombe, "Graphs in statistical analysis", Am. Stat. 27 (1973): all four data sets have
 * the line 3.00 + 0.500 x. Two of them here as two blocks, which share their x. */
static void each_block_has_its_line_by_least_squares(void **state)
{
    (void)state;
    static const double x[] = {10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
    static const double y[] = {8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68,
                               9.14, 8.14, 8.74, 8.77, 9.26, 8.10, 6.13, 3.10, 9.13,  7.26, 4.74};
    struct slope slope = slope_of(x, 11, y, 2);
    assert_near(slope.per_level, 0.500, 0.0005);
    assert_near(slope.base, 3.00, 0.005);
}

/* Slopes 10, 11 and 12: m = 11, s = 1, t(0.975, 2) = 4.3027. */
static void the_interval_is_that_of_the_blocks_slopes(void **state)
{
    (void)state;
    static const double levels[] = {0, 100, 200};
    static const double values[] = {5, 1005, 2005, 7, 1107, 2207, 9, 1209, 2409};
    struct slope slope = slope_of(levels, 3, values, 3);
    assert_near(slope.per_level, 11, 1e-9);
    assert_near(slope.base, 7, 1e-9);
    assert_near(slope.low, 11 - 4.30265273 / sqrt(3), 1e-6);
    assert_near(slope.high, 11 + 4.30265273 / sqrt(3), 1e-6);
    assert_near(slope.off_line, 0, 1e-9);
}

static void steps_do_not_widen_the_interval_but_are_told(void **state)
{
    (void)state;
    static const double levels[] = {0, 100, 200};
    static const double values[] = {0, 4096, 4096, 0, 4096, 4096};
    struct slope slope = slope_of(levels, 3, values, 2);
    assert_near(slope.per_level, 20.48, 1e-9);
    assert_near(slope.high - slope.low, 0, 1e-9);
    assert_near(slope.off_line, 4096.0 / 3, 1e-9); /* at 100: 4096, on the line 2731 */
}

static void one_block_has_no_interval_and_one_level_no_slope(void **state)
{
    (void)state;
    static const double levels[] = {0, 100};
    static const double values[] = {50, 250};
    struct slope slope = slope_of(levels, 2, values, 1);
    assert_near(slope.per_level, 2, 1e-12);
    assert_true(isnan(slope.low) && isnan(slope.high));
    assert_true(isnan(slope_of(levels, 1, values, 1).per_level));
    assert_true(isnan(slope_of(levels, 2, values, 0).per_level));
}

/* Steps that all blocks have, a shift that a block's values share, and noise. */
static void the_interval_holds_the_truth_in_95_of_100_runs(void **state)
{
    (void)state;
    enum { RUNS = 20000, BLOCKS = 5, LEVELS = 4 };
    static const double levels[LEVELS] = {0, 500, 1000, 2000};
    static const double truth[LEVELS] = {1000, 60000, 110000, 210000};
    double true_slope = slope_of(levels, LEVELS, truth, 1).per_level;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 1973);
    int held = 0;
    for (int run = 0; run < RUNS; run++) {
        double values[BLOCKS * LEVELS];
        for (size_t block = 0; block < BLOCKS; block++) {
            double shift = gsl_ran_gaussian(rng, 5000);
            for (size_t i = 0; i < LEVELS; i++)
                values[block * LEVELS + i] = truth[i] + shift + gsl_ran_gaussian(rng, 2000);
        }
        struct slope slope = slope_of(levels, LEVELS, values, BLOCKS);
        held += slope.low <= true_slope && true_slope <= slope.high;
    }
    gsl_rng_free(rng);
    assert_near((double)held / RUNS, 0.95, 0.005);
}

enum { LEVELS = 3, BLOCKS = 3, TRIALS = LEVELS * BLOCKS };
struct made {
    struct trial trials[TRIALS];
    struct histogram histograms[TRIALS];
    struct record record;
};

static void make(struct made *made)
{
    static const int64_t levels[LEVELS] = {0, 500, 1000};
    memset(made, 0, sizeof *made);
    for (int64_t i = 0; i < TRIALS; i++) {
        struct trial *trial = &made->trials[i];
        trial_init(trial);
        snprintf(trial->model, sizeof trial->model, "ant");
        snprintf(trial->workload, sizeof trial->workload, "memory");
        trial->block = i / LEVELS + 1;
        trial->level = levels[i % LEVELS];
        trial->valid = 1;
        trial->memory_user_bytes = 100000 + 250 * trial->level;
        trial->memory_kernel_bytes = 80000 + (4000 + trial->block) * trial->level;
    }
    made->record =
        (struct record){.trials = made->trials, .histograms = made->histograms, .count = TRIALS};
}

/* The first row's numbers behind the model's name; how many there are. */
static size_t row_of(struct made *made, double *numbers)
{
    static const char *const models[] = {"ant"};
    struct summary summary;
    char *text;
    size_t size, count = 0;
    summary_build(&summary, made->trials, made->histograms, TRIALS, models, 1);
    FILE *csv = open_memstream(&text, &size);
    slope_write(&made->record, &summary, csv);
    fclose(csv);
    summary_finish(&summary);
    const char *row = strchr(text, '\n') + 1;
    size_t columns = 0, fields = 0;
    for (const char *at = text; at < row; at++)
        columns += *at == ',';
    for (const char *at = row; *at; at++)
        fields += *at == ',';
    if (*row) {
        assert_int_equal(fields, columns);
        assert_int_equal(strncmp(row, "ant,", 4), 0);
        for (const char *at = row; (at = strchr(at, ',')); count++)
            numbers[count] = *++at == ',' ? NAN : strtod(at, NULL);
    }
    free(text);
    return count;
}

static void a_run_has_one_row_for_each_model(void **state)
{
    (void)state;
    struct made made;
    double row[16] = {0};
    make(&made);
    assert_int_equal(row_of(&made, row), 12);
    assert_near(row[0], 250, 1e-3);
    assert_near(row[3], 4002, 1e-3);
    assert_true(row[4] < 4002 && row[5] > 4002);
    assert_near(row[6], 100000, 1);
    assert_near(row[7], 80000, 1);
    assert_near(row[10], LEVELS, 0);
    assert_near(row[11], BLOCKS, 0);
}

static void a_hollow_level_is_left_out_in_all_blocks(void **state)
{
    (void)state;
    struct made made;
    double row[16] = {0};
    make(&made);
    made.trials[5].valid = 0;
    made.trials[5].memory_user_bytes = 1;
    assert_int_equal(row_of(&made, row), 12);
    assert_near(row[0], 250, 1e-3);
    assert_near(row[10], LEVELS - 1, 0);
    assert_near(row[11], BLOCKS, 0);
}

static void a_block_that_lacks_a_level_is_left_out(void **state)
{
    (void)state;
    struct made made;
    double row[16] = {0};
    make(&made);
    made.record.count = TRIALS - 1;
    assert_int_equal(row_of(&made, row), 12);
    assert_near(row[3], 4001.5, 1e-3);
    assert_near(row[10], LEVELS, 0);
    assert_near(row[11], BLOCKS - 1, 0);
}

static void one_valid_level_is_no_line(void **state)
{
    (void)state;
    struct made made;
    double row[16] = {0};
    make(&made);
    for (size_t i = 0; i < TRIALS; i++)
        made.trials[i].valid = made.trials[i].level == 0;
    assert_int_equal(row_of(&made, row), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_block_has_its_line_by_least_squares),
        cmocka_unit_test(the_interval_is_that_of_the_blocks_slopes),
        cmocka_unit_test(steps_do_not_widen_the_interval_but_are_told),
        cmocka_unit_test(one_block_has_no_interval_and_one_level_no_slope),
        cmocka_unit_test(the_interval_holds_the_truth_in_95_of_100_runs),
        cmocka_unit_test(a_run_has_one_row_for_each_model),
        cmocka_unit_test(a_hollow_level_is_left_out_in_all_blocks),
        cmocka_unit_test(a_block_that_lacks_a_level_is_left_out),
        cmocka_unit_test(one_valid_level_is_no_line),
    };
    return cmocka_run_group_tests_name("slope", tests, NULL, NULL);
}
