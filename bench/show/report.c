/* SPDX-License-Identifier: MIT */
#include "bench/show/report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/show/chart.h"
#include "bench/run/cold.h"
#include "bench/judge/drift.h"
#include "bench/show/knobs.h"
#include "bench/show/page.h"
#include "bench/judge/rank.h"
#include "bench/record/record.h"
#include "bench/base/say.h"
#include "bench/judge/slope.h"
#include "bench/judge/summary.h"
#include "bench/judge/syscalls.h"
#include "bench/show/tables.h"
#include "bench/base/text.h"
#include "bench/record/workload.h"

static const int64_t distribution_level = 64;

static FILE *open_csv(const char *folder, const char *name)
{
    char *path = text_format("%s/%s", folder, name);
    FILE *csv = fopen(path, "we");
    if (!csv)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(path);
    return csv;
}

static void close_csv(FILE *csv, const char *folder, const char *name)
{
    if (ferror(csv) | fclose(csv))
        say_and_exit("cannot write %s/%s: %s", folder, name, strerror(errno));
}

static void write_summary(const char *folder, const struct summary *summary)
{
    FILE *csv = open_csv(folder, "summary.csv");
    summary_write(summary, csv);
    close_csv(csv, folder, "summary.csv");
    printf("summary: %s/summary.csv\n", folder);
}

static void write_memory(const char *folder, const struct record *record,
                         const struct summary *summary)
{
    FILE *csv = open_csv(folder, "memory.csv");
    slope_write(record, summary, csv);
    close_csv(csv, folder, "memory.csv");
}

static void write_syscalls(const char *folder, const struct record *record,
                           const struct summary *summary)
{
    FILE *csv = open_csv(folder, "syscalls.csv");
    syscalls_write(folder, record, summary, csv);
    close_csv(csv, folder, "syscalls.csv");
}

static void write_knobs(const char *folder, const struct knob_table *knobs)
{
    FILE *csv = open_csv(folder, "knob.csv");
    knob_write(knobs, csv);
    close_csv(csv, folder, "knob.csv");
}

static void write_ranking(const char *folder, const struct record *record,
                          const struct ranking *ranking)
{
    FILE *csv = open_csv(folder, "pairs.csv");
    rank_write_pairs(ranking, csv);
    close_csv(csv, folder, "pairs.csv");
    csv = open_csv(folder, "ranking.csv");
    rank_write(ranking, csv);
    close_csv(csv, folder, "ranking.csv");
    csv = open_csv(folder, "resolution.csv");
    rank_write_resolution(ranking, csv);
    close_csv(csv, folder, "resolution.csv");
    printf("ranking: %s/ranking.csv\n", folder);
    drift_print(record, stdout);
    rank_print(ranking, stdout);
}

/* The level at hand that is nearest to the one that the chart is meant for. */
static int64_t nearest_level(const struct summary *summary)
{
    int64_t nearest = summary->count ? summary->cells[0].level : 0;
    for (size_t i = 0; i < summary->count; i++)
        if (llabs(summary->cells[i].level - distribution_level) <
            llabs(nearest - distribution_level))
            nearest = summary->cells[i].level;
    return nearest;
}

static void draw_charts(const char *folder, const struct record *record,
                        const struct summary *summary, const struct ranking *ranking,
                        const struct knob_table *knobs, bool cold)
{
    int64_t level = nearest_level(summary);
    tables_write(folder, record, summary, ranking, level);
    knobs_write(folder, record, knobs);
    char *gnuplot = chart_find_tool();
    if (gnuplot) {
        size_t count = chart_draw(folder, gnuplot, record, summary, ranking, level, cold);
        printf("charts:  %s/charts (%zu files)\n", folder, count);
    } else {
        say("no charts: gnuplot is not installed; `c10kit report %s` draws them later", folder);
    }
    free(gnuplot);
}

static void count_refused(const struct summary *summary)
{
    size_t refused = 0;
    for (size_t i = 0; i < summary->count; i++)
        refused += !summary_is_valid(&summary->cells[i]);
    if (refused)
        printf("%zu of %zu cells are not to be compared: the column `reason` says why\n", refused,
               summary->count);
}

static void summarise(const char *folder, const struct record *record)
{
    const json_t *models = json_object_get(record->manifest, "models");
    size_t count = json_array_size(models);
    const char **names = text_allocate(count, sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = json_string_value(json_object_get(json_array_get(models, i), "name"));
    struct summary summary;
    summary_build(&summary, record->trials, record->histograms, record->count, names, count);
    bool cold = cold_summarise(folder, models);
    write_summary(folder, &summary);
    struct ranking ranking;
    rank_build(&ranking, record, &summary);
    write_ranking(folder, record, &ranking);
    if (summary_has(&summary, workload_name(WORKLOAD_MEMORY)))
        write_memory(folder, record, &summary);
    if (summary_has(&summary, workload_name(WORKLOAD_SYSCALLS)))
        write_syscalls(folder, record, &summary);
    struct knob_table knobs;
    knob_build(&knobs, record, &summary);
    if (knobs.count > 0)
        write_knobs(folder, &knobs);
    count_refused(&summary);
    draw_charts(folder, record, &summary, &ranking, &knobs, cold);
    page_make(folder, record, &summary, &ranking, &knobs);
    knob_finish(&knobs);
    rank_finish(&ranking);
    summary_finish(&summary);
    free(names);
}

bool report_make(const char *folder)
{
    struct record record;
    bool there = record_read(&record, folder);
    if (there)
        summarise(folder, &record);
    else
        say("%s holds no record: no manifest.json that can be read", folder);
    record_finish(&record);
    return there;
}
