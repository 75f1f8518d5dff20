/* SPDX-License-Identifier: MIT */
#include <ftw.h>
#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/show/chart.h"
#include "bench/show/level.h"
#include "bench/base/loop.h"
#include "bench/show/panels.h"
#include "bench/judge/rank.h"
#include "bench/show/tables.h"
#include "bench/base/text.h"
#include "bench/record/workload.h"

enum { LEVELS = 3, NAMES_LIMIT = 24, FOLDERS_OPEN = 8, SAMPLES = 20000 };

static const int64_t levels[LEVELS] = {1, 64, 1000};

/* A made-up run under keep-alive and what is derived from it, in a folder of its own. */
struct sample {
    struct record record;
    struct summary summary;
    struct ranking ranking;
    const char *names[NAMES_LIMIT];
    size_t models;
    char folder[32];
};

/* How a made-up trial comes out. Model 0 is the best; the last is half as fast. */
struct recipe {
    size_t models, levels;
    unsigned blocks;
    const char *const *names; /* NULL: m01, m02, ... */
    bool hollow;              /* no trial is valid */
    double generator_busy;    /* its CPU, percent; the server's is 50 */
    enum workload workload;
    const int64_t *at; /* its levels; NULL: 1, 64, 1000 */
};

static const char *const made_up[NAMES_LIMIT] = {
    "m01", "m02", "m03", "m04", "m05", "m06", "m07", "m08", "m09", "m10", "m11", "m12",
    "m13", "m14", "m15", "m16", "m17", "m18", "m19", "m20", "m21", "m22", "m23", "m24"};

static void fill_trial(struct trial *trial, const struct recipe *recipe, const char *name,
                       size_t model, size_t level, unsigned block)
{
    trial_init(trial);
    snprintf(trial->model, sizeof trial->model, "%s", name);
    snprintf(trial->workload, sizeof trial->workload, "%s", workload_name(recipe->workload));
    trial->level = recipe->at ? recipe->at[level] : levels[level];
    trial->connections = workload_connections(recipe->workload, (unsigned)trial->level);
    trial->block = block;
    trial->valid = !recipe->hollow;
    if (recipe->hollow)
        snprintf(trial->reason, sizeof trial->reason, "served 1 of %d connections",
                 (int)trial->level);
    double slower = 1 + (double)model / (double)recipe->models;
    double noise = 1 + 0.002 * (double)((block * 7 + model * 3) % 5);
    trial->duration_us = 500000;
    trial->requests = (int64_t)(20000 * (1 + (double)level) / slower / noise);
    trial->window_server_user_us = 50000;
    trial->window_server_system_us = 200000;
    trial->steady_wall_us = 400000;
    trial->steady_server_user_us = 40000;
    trial->steady_server_system_us = 160000;
    trial->steady_generator_cpu_us = (int64_t)(4000 * recipe->generator_busy);
    trial->memory_steady_kib = 500 + 10 * trial->level;
    trial->memory_user_bytes = 500000 + (1000 + 10 * block) * trial->level;
    trial->memory_kernel_bytes = 100000 + 4000 * trial->level;
    trial->capacity_low_rps = trial->requests;
    trial->capacity_high_rps = trial->requests + 1000;
    int64_t mean = trial->connections ? trial->requests / trial->connections : 0;
    trial->served_min = mean - mean / 4;
    trial->served_max = mean + mean / 2;
    trial->jain_ppm = 990000 - block;
}

static void fill_latency(struct histogram *latency, size_t model, size_t level)
{
    uint64_t base_ns = 50000 * (1 + level) + 1000 * model;
    histogram_add(latency, base_ns, SAMPLES);
    histogram_add(latency, base_ns * 3, SAMPLES / 10);
    histogram_add(latency, base_ns * 10, SAMPLES / 20);
}

static json_t *manifest_of(const struct sample *sample, unsigned blocks)
{
    json_t *models = json_array();
    for (size_t i = 0; i < sample->models; i++)
        json_array_append_new(models, json_pack("{s:s}", "name", sample->names[i]));
    return json_pack("{s:o, s:{s:i, s:i, s:i, s:s, s:s}}", "models", models, "plan", "seed", 1,
                     "blocks", blocks, "window_us", 500000, "server_cpus", "1", "load_cpus", "0");
}

static void make(struct sample *sample, const struct recipe *recipe)
{
    struct record *record = &sample->record;
    size_t count = recipe->models * recipe->levels * recipe->blocks;
    *sample = (struct sample){.models = recipe->models, .folder = "/tmp/c10kit-charts-XXXXXX"};
    assert_non_null(mkdtemp(sample->folder));
    for (size_t i = 0; i < recipe->models; i++)
        sample->names[i] = recipe->names ? recipe->names[i] : made_up[i];
    record->manifest = manifest_of(sample, recipe->blocks);
    record->trials = text_allocate(count, sizeof *record->trials);
    record->histograms = text_allocate(count, sizeof *record->histograms);
    for (unsigned block = 1; block <= recipe->blocks; block++)
        for (size_t model = 0; model < recipe->models; model++)
            for (size_t level = 0; level < recipe->levels; level++, record->count++) {
                fill_trial(&record->trials[record->count], recipe, sample->names[model], model,
                           level, block);
                fill_latency(&record->histograms[record->count], model, level);
            }
    summary_build(&sample->summary, record->trials, record->histograms, record->count,
                  sample->names, sample->models);
    rank_build(&sample->ranking, record, &sample->summary);
    tables_write(sample->folder, record, &sample->summary, &sample->ranking, 64);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status, (void)kind, (void)at;
    return remove(path);
}

static void discard(struct sample *sample)
{
    nftw(sample->folder, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
    rank_finish(&sample->ranking);
    summary_finish(&sample->summary);
    record_finish(&sample->record);
}

static char *read_file(const struct sample *sample, const char *name)
{
    char *path = text_format("%s/charts/%s", sample->folder, name);
    char *text = text_read(path);
    if (!text)
        fail_msg("%s is not there", path);
    free(path);
    return text;
}

static bool is_there(const struct sample *sample, const char *name)
{
    char *path = text_format("%s/charts/%s", sample->folder, name);
    bool there = access(path, R_OK) == 0;
    free(path);
    return there;
}

static void assert_holds(const struct sample *sample, const char *table, const char *text)
{
    char *content = read_file(sample, table);
    if (!strstr(content, text))
        fail_msg("%s has no \"%s\":\n%s", table, text, content);
    free(content);
}

static size_t count_lines(const struct sample *sample, const char *table)
{
    char *content = read_file(sample, table);
    size_t lines = 0;
    for (const char *at = content; *at; at++)
        lines += *at == '\n';
    free(content);
    return lines;
}

static void assert_positions(const double *positions, const double *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (fabs(positions[i] - expected[i]) > 1e-9)
            fail_msg("position %zu is %.9g, not %.9g", i, positions[i], expected[i]);
}

static void names_that_do_not_touch_stay_where_they_are(void **state)
{
    (void)state;
    double positions[] = {0.9, 0.1, 0.5}, expected[] = {0.9, 0.1, 0.5};
    panels_spread(positions, 3, 0.1);
    assert_positions(positions, expected, 3);
}

static void names_that_touch_give_way_to_both_sides_and_keep_their_order(void **state)
{
    (void)state;
    double positions[] = {0.52, 0.1, 0.48, 0.5}, expected[] = {0.6, 0.1, 0.4, 0.5};
    panels_spread(positions, 4, 0.1);
    assert_positions(positions, expected, 4);
}

static void names_that_are_pushed_onto_others_push_them_on(void **state)
{
    (void)state;
    /* The pair at 0.4 alone would want 0.35 and 0.45, which is too near to 0.5: three share. */
    double positions[] = {0.4, 0.4, 0.5}, expected[] = {1.3 / 3 - 0.1, 1.3 / 3, 1.3 / 3 + 0.1};
    panels_spread(positions, 3, 0.1);
    assert_positions(positions, expected, 3);
}

static void names_stay_inside_the_panel(void **state)
{
    (void)state;
    double low[] = {0, 0.01, 0}, low_expected[] = {0, 0.2, 0.1};
    panels_spread(low, 3, 0.1);
    assert_positions(low, low_expected, 3);
    double high[] = {1, 0.99}, high_expected[] = {1, 0.9};
    panels_spread(high, 2, 0.1);
    assert_positions(high, high_expected, 2);
}

static void names_without_room_are_spread_evenly(void **state)
{
    (void)state;
    double positions[] = {0.5, 0.5, 0.5, 0.2, 0.9}, expected[] = {0.25, 0.5, 0.75, 0, 1};
    panels_spread(positions, 5, 0.4);
    assert_positions(positions, expected, 5);
    panels_spread(positions, 0, 0.4);
}

static void many_models_make_a_panel_higher(void **state)
{
    (void)state;
    assert_int_equal(panels_height_px(1), panels_height_px(9));
    assert_true(panels_height_px(24) >= 24 * 15);
}

static void the_matrix_has_each_pair_from_both_sides(void **state)
{
    (void)state;
    static const struct recipe recipe = {.models = 2, .levels = LEVELS, .blocks = 12};
    struct sample sample;
    make(&sample, &recipe);
    /* Twice two rows of two; m01 is 1.5 times as fast, but for the noise of the blocks. */
    assert_int_equal(count_lines(&sample, "data/matrix.tsv"), 1 + 2 * 4);
    assert_holds(&sample, "data/matrix.tsv",
                 "keep-alive\t64\tthroughput_rps\t12\t6\t1\t1\tm01\tNaN\titself\t0\n"
                 "keep-alive\t64\tthroughput_rps\t12\t6\t1\t2\tm01\t1.4");
    assert_holds(&sample, "data/matrix.tsv", "\tbetter\t1\n");
    assert_holds(&sample, "data/matrix.tsv",
                 "keep-alive\t64\tthroughput_rps\t12\t6\t2\t1\tm02\t0.6");
    assert_holds(&sample, "data/matrix.tsv", "\tworse\t-1\n");
    assert_holds(&sample, "data/matrix.tsv", "cpu_us_per_request\t12\t6\t1\t2\tm01\t0.6");
    discard(&sample);
}

static void a_preview_has_ratios_and_neither_verdicts_nor_ranks(void **state)
{
    (void)state;
    static const struct recipe recipe = {.models = 2, .levels = 1, .blocks = 3};
    struct sample sample;
    make(&sample, &recipe);
    assert_holds(&sample, "data/matrix.tsv", "\tpreview\t0\n");
    char *matrix = read_file(&sample, "data/matrix.tsv");
    assert_null(strstr(matrix, "better\t1"));
    free(matrix);
    assert_holds(&sample, "data/ranks.tsv", "\tm01\t0\t0\t-\tunranked\n");
    discard(&sample);
}

static void a_rank_is_a_range_with_letters(void **state)
{
    (void)state;
    static const struct recipe recipe = {.models = 2, .levels = 1, .blocks = 12};
    struct sample sample;
    make(&sample, &recipe);
    assert_holds(&sample, "data/ranks.tsv", "\tm01\t1\t1\ta\tranked\n");
    assert_holds(&sample, "data/ranks.tsv", "\tm02\t2\t2\tb\tranked\n");
    discard(&sample);
}

static void what_the_generator_bounds_is_marked(void **state)
{
    (void)state;
    static const struct recipe recipe = {
        .models = 2, .levels = 1, .blocks = 12, .generator_busy = 99};
    struct sample sample;
    make(&sample, &recipe);
    assert_holds(&sample, "data/cells.tsv", "slot\tworkload\tlevel\tvalid\tlimited_by\t");
    assert_holds(&sample, "data/cells.tsv", "\tkeep-alive\t1\t1\tgenerator\t");
    assert_holds(&sample, "data/ranks.tsv", "\tm01*\t");
    /* CPU time per answer is not bounded. */
    assert_holds(&sample, "data/ranks.tsv", "cpu_us_per_request\t12\t6\t2\t1\t");
    char *ranks = read_file(&sample, "data/ranks.tsv");
    const char *cpu = strstr(ranks, "cpu_us_per_request");
    assert_non_null(cpu);
    assert_null(memchr(cpu, '*', strcspn(cpu, "\n")));
    free(ranks);
    discard(&sample);
}

static void a_twin_is_in_no_table(void **state)
{
    (void)state;
    static const char *const names[] = {"poll", "poll.twin", "select"};
    static const struct recipe recipe = {
        .models = 3, .levels = LEVELS, .blocks = 2, .names = names};
    struct sample sample;
    make(&sample, &recipe);
    assert_int_equal(tables_count_drawn(sample.record.manifest), 2);
    assert_int_equal(count_lines(&sample, "data/cells.tsv"), 1 + 2 * LEVELS);
    assert_int_equal(count_lines(&sample, "data/trials.tsv"), 1 + 2 * LEVELS * 2);
    assert_int_equal(count_lines(&sample, "data/matrix.tsv"), 1 + 2 * 4);
    static const char *const tables[] = {"data/matrix.tsv", "data/ranks.tsv"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char *table = read_file(&sample, tables[i]);
        assert_null(strstr(table, "twin"));
        free(table);
    }
    discard(&sample);
}

static void a_trial_that_was_replaced_or_failed_is_no_dot(void **state)
{
    (void)state;
    static const struct recipe recipe = {.models = 1, .levels = 1, .blocks = 4};
    struct sample sample;
    make(&sample, &recipe);
    assert_int_equal(count_lines(&sample, "data/trials.tsv"), 1 + 4);
    sample.record.trials[0].replaced = true;
    trial_fail(&sample.record.trials[1], "it did not start");
    tables_write(sample.folder, &sample.record, &sample.summary, &sample.ranking, 64);
    assert_int_equal(count_lines(&sample, "data/trials.tsv"), 1 + 2);
    discard(&sample);
}

static void a_line_has_one_name_per_panel_at_its_highest_level(void **state)
{
    (void)state;
    static const struct recipe recipe = {.models = 2, .levels = LEVELS, .blocks = 2};
    struct sample sample;
    make(&sample, &recipe);
    char *labels = read_file(&sample, "data/labels.tsv");
    size_t found = 0;
    for (const char *at = labels; (at = strstr(at, "keep-alive\tthroughput\t")); at++) {
        found++;
        assert_non_null(strstr(at, "\t1000\t1000\t"));
        assert_true(strstr(at, "\t1000\t1000\t") < strchr(at, '\n'));
    }
    assert_int_equal(found, 2);
    free(labels);
    discard(&sample);
}

static void the_note_names_the_first_hollow_level_and_the_others(void **state)
{
    (void)state;
    static const struct recipe recipe = {
        .models = 1, .levels = LEVELS, .blocks = 2, .hollow = true};
    struct sample sample;
    make(&sample, &recipe);
    char *note = tables_note(&sample.summary, "keep-alive");
    assert_string_equal(note, "m01 at 1: served 1 of 1 connections (hollow also at 64, 1000)");
    free(note);
    note = tables_note(&sample.summary, "churn");
    assert_string_equal(note, "");
    free(note);
    discard(&sample);
}

static void levels_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *workload;
        int64_t level;
        const char *name;
    } cases[] = {
        {"keep-alive", 10000, "10000"},   {"latency-rate", 5000, "5000"},
        {"latency-rate", 160000, "160k"}, {"idle", 0, "0"},
        {"idle", 10000, "10k"},           {"echo", 64, "64"},
        {"echo", 16384, "16Ki"},          {"echo", 1048576, "1Mi"},
        {"echo", 1500, "1500"},           {"mixed", 0, "nobody"},
        {"mixed", 4, "fire-hose"},        {"mixed", 99, "99"},
        {"latency-share", 120, "120"},    {"unheard-of", 8, "8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = level_name(cases[i].workload, cases[i].level);
        assert_string_equal(name, cases[i].name);
        free(name);
    }
}

static void what_is_shown_at_one_level_takes_the_one_that_tells_most(void **state)
{
    (void)state;
    static const int64_t shares[] = {20, 50, 95};
    static const struct recipe recipe = {.models = 2,
                                         .levels = LEVELS,
                                         .blocks = 2,
                                         .workload = WORKLOAD_LATENCY_SHARE,
                                         .at = shares};
    struct sample sample;
    make(&sample, &recipe);
    assert_int_equal(level_telling("latency-share", &sample.summary, 64), 95);
    assert_int_equal(level_telling("keep-alive", &sample.summary, 64), 64);
    assert_string_equal(level_layout("latency-share", &sample.summary), "linear");
    assert_string_equal(level_layout("idle", &sample.summary), "names"); /* 0 is all there is */
    assert_holds(&sample, "data/matrix.tsv", "latency-share\t95\tlatency_p99_us\t");
    discard(&sample);
}

static void a_fan_has_four_percentiles_of_each_cell_and_trial(void **state)
{
    (void)state;
    static const int64_t shares[] = {50, 80, 120};
    static const struct recipe recipe = {.models = 2,
                                         .levels = LEVELS,
                                         .blocks = 2,
                                         .workload = WORKLOAD_LATENCY_SHARE,
                                         .at = shares};
    struct sample sample;
    make(&sample, &recipe);
    /* 23 000 samples a trial: p99.9 has 23 beyond it, and 46 in both trials together. */
    assert_int_equal(count_lines(&sample, "data/percentiles.tsv"), 1 + 4 * 2 * 3 * (1 + 2));
    assert_holds(&sample, "data/percentiles.tsv", "\tlatency-share\t50\t1\tp50\tcell\t50");
    assert_holds(&sample, "data/percentiles.tsv", "\tlatency-share\t120\t1\tp99.9\tcell\tNaN\t");
    assert_holds(&sample, "data/labels.tsv", "latency-share\tp99\t");
    char *labels = read_file(&sample, "data/labels.tsv");
    assert_null(strstr(labels, "\tp99.9\t"));
    free(labels);
    discard(&sample);
}

static void shares_are_of_the_mean_and_a_cell_has_its_worst(void **state)
{
    (void)state;
    static const struct recipe recipe = {.models = 1, .levels = 2, .blocks = 2};
    struct sample sample;
    make(&sample, &recipe);
    /* One connection has no one to share with. */
    assert_int_equal(count_lines(&sample, "data/shares.tsv"), 1 + 3);
    assert_holds(&sample, "data/shares.tsv", "\tkeep-alive\t64\t1\ttrial\t2\t0.749962\t");
    assert_holds(&sample, "data/shares.tsv", "\tcell\t0\t0.749962\t1.49992\t0.989998\n");
    discard(&sample);
}

static void a_mean_stays_between_the_fewest_and_the_most(void **state)
{
    (void)state;
    static const struct recipe recipe = {.models = 1, .levels = 2, .blocks = 1};
    struct sample sample;
    make(&sample, &recipe);
    struct trial *trial = &sample.record.trials[1];
    trial->served_max = trial->requests / trial->connections - 100; /* counted for a shorter time */
    trial->served_min = trial->served_max / 2;
    tables_write(sample.folder, &sample.record, &sample.summary, &sample.ranking, 64);
    assert_holds(&sample, "data/shares.tsv", "\ttrial\t1\t0.5\t1\t");
    discard(&sample);
}

static void write_csv(const struct sample *sample, const char *name, const char *content)
{
    char *path = text_format("%s/%s", sample->folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
    free(path);
}

static const char some_calls[] = "workload,level,model,name,per_request\n"
                                 "syscalls,50,m01,recvfrom,1\n"
                                 "syscalls,50,m01,epoll_wait,0.25\n"
                                 "syscalls,50,m02,sendto,1.5\n"
                                 "syscalls,50,m02,recvfrom,1\n"
                                 "syscalls,50,m02.twin,recvfrom,9\n";

static const int64_t fifty[] = {50};

static void system_calls_stand_in_one_order_and_end_where_the_next_begin(void **state)
{
    (void)state;
    static const struct recipe recipe = {
        .models = 2, .levels = 1, .blocks = 1, .workload = WORKLOAD_SYSCALLS, .at = fifty};
    struct sample sample;
    make(&sample, &recipe);
    assert_int_equal(count_lines(&sample, "data/calls.tsv"), 1); /* without the file */
    write_csv(&sample, "syscalls.csv", some_calls);
    tables_write(sample.folder, &sample.record, &sample.summary, &sample.ranking, 64);
    assert_int_equal(count_lines(&sample, "data/calls.tsv"), 1 + 4);
    assert_holds(&sample, "data/calls.tsv", "\tsyscalls\t50\t1\trecvfrom\t0\t1\n");
    assert_holds(&sample, "data/calls.tsv", "\tsyscalls\t50\t3\tepoll_wait\t1\t1.25\n");
    assert_holds(&sample, "data/calls.tsv", "\tsyscalls\t50\t2\tsendto\t1\t2.5\n");
    discard(&sample);
}

static const char some_memory[] = "model,user_bytes_per_connection,low,high,kernel,low,high,base\n"
                                  "m01,400,390,410,2000,1900,2100,5\n"
                                  "m02,500,,,3000,,,5\n";

static void a_slope_without_an_interval_keeps_its_place(void **state)
{
    (void)state;
    static const struct recipe recipe = {
        .models = 2, .levels = LEVELS, .blocks = 2, .workload = WORKLOAD_MEMORY};
    struct sample sample;
    make(&sample, &recipe);
    write_csv(&sample, "memory.csv", some_memory);
    tables_write(sample.folder, &sample.record, &sample.summary, &sample.ranking, 64);
    assert_holds(&sample, "data/memory.tsv", "\t400\t390\t410\t2000\t1900\t2100\n");
    assert_holds(&sample, "data/memory.tsv", "\t500\tNaN\tNaN\t3000\tNaN\tNaN\n");
    discard(&sample);
}

/* Its trials at the highest level say nothing: a model that cannot hold so many. */
static void a_line_that_ends_early_says_so(void **state)
{
    (void)state;
    static const int64_t idle[] = {0, 900, 10000};
    static const struct recipe recipe = {
        .models = 1, .levels = LEVELS, .blocks = 2, .workload = WORKLOAD_IDLE, .at = idle};
    struct sample sample;
    make(&sample, &recipe);
    assert_holds(&sample, "data/labels.tsv", "idle\tcpu\t");
    char *labels = read_file(&sample, "data/labels.tsv");
    assert_null(strstr(labels, "\t1\n"));
    free(labels);
    sample.summary.cells[2].metrics[METRIC_CPU_US_PER_REQUEST].mean = NAN;
    tables_write(sample.folder, &sample.record, &sample.summary, &sample.ranking, 64);
    assert_holds(&sample, "data/labels.tsv", "\t900\t900\t");
    assert_holds(&sample, "data/labels.tsv", "\t1\n");
    discard(&sample);
}

static char *gnuplot;

/* gnuplot leaves half a picture when it gives up. */
static void assert_whole(const char *path)
{
    char *svg = text_read(path);
    assert_non_null(svg);
    if (!strstr(svg, "</svg>"))
        fail_msg("%s is not whole", path);
    free(svg);
}

/* Draws and says how many files there are; each picture has to be a whole one. */
static size_t draw(struct sample *sample)
{
    size_t count = chart_draw(sample->folder, gnuplot, &sample->record, &sample->summary,
                              &sample->ranking, 64, false);
    char *pattern = text_format("%s/charts/*.svg", sample->folder);
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        assert_whole(found.gl_pathv[i]);
    globfree(&found);
    free(pattern);
    return count;
}

enum { LOAD_CHARTS = 7, WITH_PAIRS = 8, WITH_RANKS = 9, FORMS = 2 };

static void charts_are_drawn_of(const struct recipe *recipe, size_t charts)
{
    struct sample sample;
    if (!gnuplot)
        skip();
    make(&sample, recipe);
    assert_int_equal(draw(&sample), charts * FORMS);
    discard(&sample);
}

static void charts_are_drawn_without_a_valid_cell(void **state)
{
    (void)state;
    charts_are_drawn_of(
        &(struct recipe){.models = 2, .levels = LEVELS, .blocks = 12, .hollow = true}, LOAD_CHARTS);
}

static void charts_are_drawn_of_one_model_at_one_level(void **state)
{
    (void)state;
    /* One connection has nobody to share with: there is no chart of fairness. */
    charts_are_drawn_of(&(struct recipe){.models = 1, .levels = 1, .blocks = 1}, LOAD_CHARTS - 1);
}

static void charts_are_drawn_of_a_peer_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"nginx"};
    charts_are_drawn_of(
        &(struct recipe){.models = 1, .levels = LEVELS, .blocks = 3, .names = names}, LOAD_CHARTS);
}

static void a_preview_draws_pairs_and_no_ranks(void **state)
{
    (void)state;
    charts_are_drawn_of(&(struct recipe){.models = 2, .levels = LEVELS, .blocks = 3}, WITH_PAIRS);
}

static void charts_are_drawn_of_24_models(void **state)
{
    (void)state;
    charts_are_drawn_of(&(struct recipe){.models = 24, .levels = LEVELS, .blocks = 14}, WITH_RANKS);
}

static void a_chart_of_ranks_goes_with_the_ranks(void **state)
{
    (void)state;
    static const struct recipe ranked = {.models = 2, .levels = 1, .blocks = 12};
    static const struct recipe preview = {.models = 2, .levels = 1, .blocks = 3};
    struct sample before, after;
    if (!gnuplot)
        skip();
    make(&before, &ranked);
    draw(&before);
    assert_true(is_there(&before, "ranking-keep-alive.svg"));
    make(&after, &preview);
    chart_draw(before.folder, gnuplot, &after.record, &after.summary, &after.ranking, 64, false);
    assert_false(is_there(&before, "ranking-keep-alive.svg"));
    discard(&after);
    discard(&before);
}

/* Each workload's own charts, of models with blocks enough to rank. */
static void draw_workload(enum workload workload, const int64_t *at, size_t count)
{
    struct recipe recipe = {
        .models = 2, .levels = count, .blocks = 12, .workload = workload, .at = at};
    struct sample sample;
    make(&sample, &recipe);
    write_csv(&sample, "memory.csv", some_memory);
    write_csv(&sample, "syscalls.csv", some_calls);
    tables_write(sample.folder, &sample.record, &sample.summary, &sample.ranking, 64);
    assert_true(draw(&sample) >= 2);
    static const enum workload plain[] = {WORKLOAD_KEEP_ALIVE, WORKLOAD_CHURN, WORKLOAD_PEAK};
    bool has_own = true;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        has_own = has_own && workload != plain[i];
    char *own = text_format("%s.png", workload_name(workload));
    if (has_own && !is_there(&sample, own))
        fail_msg("%s has no chart of its own", workload_name(workload));
    free(own);
    discard(&sample);
}

static void every_workload_is_drawn_at_its_usual_levels(void **state)
{
    (void)state;
    if (!gnuplot)
        skip();
    for (int workload = 0; workload < WORKLOAD_COUNT; workload++) {
        const struct workload_levels *usual = &workload_facts((enum workload)workload)->standard;
        int64_t at[WORKLOAD_LEVELS_LIMIT];
        for (size_t i = 0; i < usual->count; i++)
            at[i] = usual->of[i];
        draw_workload((enum workload)workload, at, usual->count);
    }
}

static void every_workload_is_drawn_at_one_level(void **state)
{
    (void)state;
    if (!gnuplot)
        skip();
    for (int workload = 0; workload < WORKLOAD_COUNT; workload++) {
        int64_t first = workload_facts((enum workload)workload)->standard.of[0];
        draw_workload((enum workload)workload, &first, 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_do_not_touch_stay_where_they_are),
        cmocka_unit_test(names_that_touch_give_way_to_both_sides_and_keep_their_order),
        cmocka_unit_test(names_that_are_pushed_onto_others_push_them_on),
        cmocka_unit_test(names_stay_inside_the_panel),
        cmocka_unit_test(names_without_room_are_spread_evenly),
        cmocka_unit_test(many_models_make_a_panel_higher),
        cmocka_unit_test(the_matrix_has_each_pair_from_both_sides),
        cmocka_unit_test(a_preview_has_ratios_and_neither_verdicts_nor_ranks),
        cmocka_unit_test(a_rank_is_a_range_with_letters),
        cmocka_unit_test(what_the_generator_bounds_is_marked),
        cmocka_unit_test(a_twin_is_in_no_table),
        cmocka_unit_test(a_trial_that_was_replaced_or_failed_is_no_dot),
        cmocka_unit_test(a_line_has_one_name_per_panel_at_its_highest_level),
        cmocka_unit_test(the_note_names_the_first_hollow_level_and_the_others),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(what_is_shown_at_one_level_takes_the_one_that_tells_most),
        cmocka_unit_test(a_fan_has_four_percentiles_of_each_cell_and_trial),
        cmocka_unit_test(shares_are_of_the_mean_and_a_cell_has_its_worst),
        cmocka_unit_test(a_mean_stays_between_the_fewest_and_the_most),
        cmocka_unit_test(system_calls_stand_in_one_order_and_end_where_the_next_begin),
        cmocka_unit_test(a_slope_without_an_interval_keeps_its_place),
        cmocka_unit_test(a_line_that_ends_early_says_so),
        cmocka_unit_test(charts_are_drawn_without_a_valid_cell),
        cmocka_unit_test(charts_are_drawn_of_one_model_at_one_level),
        cmocka_unit_test(charts_are_drawn_of_a_peer_alone),
        cmocka_unit_test(a_preview_draws_pairs_and_no_ranks),
        cmocka_unit_test(charts_are_drawn_of_24_models),
        cmocka_unit_test(a_chart_of_ranks_goes_with_the_ranks),
        cmocka_unit_test(every_workload_is_drawn_at_its_usual_levels),
        cmocka_unit_test(every_workload_is_drawn_at_one_level),
    };
    loop_init();
    gnuplot = chart_find_tool();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(gnuplot);
    return failed;
}
