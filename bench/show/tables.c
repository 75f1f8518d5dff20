/* SPDX-License-Identifier: MIT */
#include "bench/show/tables.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/config.h"
#include "bench/show/level.h"
#include "bench/show/panels.h"
#include "bench/show/particulars.h"
#include "bench/run/peer.h"
#include "bench/show/standings.h"
#include "bench/base/text.h"
#include "bench/show/tsv.h"

enum { NOTE_REASON_WIDTH = 70, NOTE_OTHERS_WIDTH = 70 };

size_t tables_slot(const char *model)
{
    size_t slot = 1, length = strlen(model);
    for (const char *at = CONFIG_MODELS; *at; slot++) {
        size_t width = strcspn(at, ",");
        if (width == length && strncmp(at, model, length) == 0)
            return slot;
        at += width + (at[width] == ',');
    }
    return slot + peer_slot(model);
}

bool tables_is_drawn(const char *model)
{
    return !rank_is_twin(model);
}

size_t tables_count_drawn(const json_t *manifest)
{
    const json_t *models = json_object_get(manifest, "models");
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(models); i++)
        count +=
            tables_is_drawn(json_string_value(json_object_get(json_array_get(models, i), "name")));
    return count;
}

bool tables_has_dot(const struct trial *trial)
{
    return !trial->failure[0] && !trial->replaced && tables_is_drawn(trial->model);
}

static void write_trials(const char *folder, const struct record *record)
{
    FILE *table = tsv_open(folder, "trials.tsv");
    fputs("slot\tworkload\tlevel\tvalid", table);
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        fprintf(table, "\t%s", metric_name((enum metric)metric));
    fputc('\n', table);
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (!tables_has_dot(trial))
            continue;
        fprintf(table, "%zu\t%s\t%" PRId64 "\t%" PRId64, tables_slot(trial->model), trial->workload,
                trial->level, trial->valid);
        for (int metric = 0; metric < METRIC_COUNT; metric++)
            tsv_number(table, metric_of((enum metric)metric, trial, &record->histograms[i]));
        fputc('\n', table);
    }
    tsv_close(table);
}

static void write_cells(const char *folder, const struct summary *summary)
{
    FILE *table = tsv_open(folder, "cells.tsv");
    fputs("slot\tworkload\tlevel\tvalid\tlimited_by", table);
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        const char *name = metric_name((enum metric)metric);
        fprintf(table, "\t%s\t%s_low\t%s_high", name, name, name);
    }
    fputs("\tmerged_p50_us\tmerged_p99_us\n", table);
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (!tables_is_drawn(cell->model))
            continue;
        const char *limit = summary_limited_by(cell);
        fprintf(table, "%zu\t%s\t%" PRId64 "\t%d\t%s", tables_slot(cell->model), cell->workload,
                cell->level, summary_is_valid(cell), *limit ? limit : "-");
        for (int metric = 0; metric < METRIC_COUNT; metric++) {
            tsv_number(table, cell->metrics[metric].mean);
            tsv_number(table, cell->metrics[metric].low);
            tsv_number(table, cell->metrics[metric].high);
        }
        tsv_number(table, summary_merged_ns(cell, 0.50) / 1e3);
        tsv_number(table, summary_merged_ns(cell, 0.99) / 1e3);
        fputc('\n', table);
    }
    tsv_close(table);
}

bool tables_in_distribution(const struct summary *summary, const struct summary_cell *cell,
                            int64_t level)
{
    return tables_is_drawn(cell->model) &&
           cell->level == level_telling(cell->workload, summary, level);
}

struct tables_step tables_last_step(const struct summary_cell *cell)
{
    const struct histogram *latency = &cell->merged;
    struct tables_step last = {NAN, NAN};
    double total = (double)histogram_count(latency), below = 0;
    for (size_t i = 0; i < latency->used && total - below >= 100; i++) {
        last = (struct tables_step){total / (total - below), (double)latency->bins[i].value / 1e3};
        below += (double)latency->bins[i].count;
    }
    return last;
}

static void write_step(FILE *table, const struct summary_cell *cell, struct tables_step step)
{
    fprintf(table, "%zu\t%s\t%d\t%.6g\t%.6g\n", tables_slot(cell->model), cell->workload,
            summary_is_valid(cell), step.tail, step.latency_us);
}

/* One row per step. Ends where fewer than 100 samples lie beyond. */
static void write_distribution_of(FILE *table, const struct summary_cell *cell)
{
    const struct histogram *latency = &cell->merged;
    struct tables_step last = tables_last_step(cell);
    double total = (double)histogram_count(latency), below = 0;
    double next_tail = 1;
    for (size_t i = 0; i < latency->used && total - below >= 100; i++) {
        struct tables_step step = {total / (total - below), (double)latency->bins[i].value / 1e3};
        if (step.tail >= next_tail || step.tail >= last.tail) {
            write_step(table, cell, step);
            next_tail = step.tail * 1.02; /* 50 points to a factor of e draw a smooth line */
        }
        below += (double)latency->bins[i].count;
    }
}

static void write_distribution(const char *folder, const struct summary *summary, int64_t level)
{
    FILE *table = tsv_open(folder, "distribution.tsv");
    fputs("slot\tworkload\tvalid\ttail\tlatency_us\n", table);
    for (size_t i = 0; i < summary->count; i++)
        if (tables_in_distribution(summary, &summary->cells[i], level))
            write_distribution_of(table, &summary->cells[i]);
    tsv_close(table);
}

void tables_write(const char *folder, const struct record *record, const struct summary *summary,
                  const struct ranking *ranking, int64_t level)
{
    char *charts = text_format("%s/charts", folder);
    char *data = text_format("%s/data", charts);
    mkdir(charts, 0755);
    mkdir(data, 0755);
    free(data);
    free(charts);
    write_trials(folder, record);
    write_cells(folder, summary);
    write_distribution(folder, summary, level);
    particulars_write(folder, record, summary);
    panels_write(folder, record, summary, level);
    standings_write(folder, ranking, summary, level);
}

/* Behind what there is; takes over the old string. */
static char *with_level(char *list, const struct summary_cell *cell)
{
    char *name = level_of_cell(cell);
    char *longer = *list ? text_format("%s, %s", list, name)
                         : text_format(" (hollow also %s %s", level_word(cell->workload), name);
    free(name);
    free(list);
    return longer;
}

/* "poll at 8: served 1 of 8 connections (hollow also at 64, 256)". */
static char *note_of_model(const struct summary *summary, const char *workload, size_t first)
{
    const struct summary_cell *cell = &summary->cells[first];
    char *others = text_copy("");
    for (size_t i = first + 1; i < summary->count; i++) {
        const struct summary_cell *other = &summary->cells[i];
        if (strcmp(other->model, cell->model) == 0 && strcmp(other->workload, workload) == 0 &&
            !summary_is_valid(other))
            others = with_level(others, other);
    }
    if (strlen(others) > NOTE_OTHERS_WIDTH) {
        free(others);
        others = text_copy(" (hollow also elsewhere");
    }
    char *level = level_of_cell(cell);
    char *note = text_format("%s %s %s: %.*s%s%s", cell->model, level_word(workload), level,
                             NOTE_REASON_WIDTH, cell->reason, others, *others ? ")" : "");
    free(level);
    free(others);
    return note;
}

char *tables_note(const struct summary *summary, const char *workload)
{
    char *notes = text_copy("");
    const char *last = "";
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (strcmp(cell->workload, workload) != 0 || summary_is_valid(cell) ||
            strcmp(cell->model, last) == 0 || !tables_is_drawn(cell->model))
            continue;
        char *note = note_of_model(summary, workload, i);
        char *longer = text_format("%s%s%s", notes, *notes ? "\n" : "", note);
        free(notes);
        free(note);
        notes = longer;
        last = cell->model;
    }
    return notes;
}
