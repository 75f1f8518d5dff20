/* SPDX-License-Identifier: MIT */
#include "bench/tables.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/config.h"
#include "bench/peer.h"
#include "bench/say.h"
#include "bench/text.h"

enum { NOTE_REASON_WIDTH = 70 };

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

static FILE *open_table(const char *folder, const char *name)
{
    char *path = text_format("%s/charts/data/%s", folder, name);
    FILE *table = fopen(path, "we");
    if (!table)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(path);
    return table;
}

static void close_table(FILE *table)
{
    if (ferror(table) | fclose(table))
        say_and_exit("cannot write the charts' tables: %s", strerror(errno));
}

static void put(FILE *table, double number)
{
    if (isnan(number))
        fputs("\tNaN", table);
    else
        fprintf(table, "\t%.6g", number);
}

static void write_trials(const char *folder, const struct record *record)
{
    FILE *table = open_table(folder, "trials.tsv");
    fputs("slot\tworkload\tlevel\tvalid", table);
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        fprintf(table, "\t%s", metric_name((enum metric)metric));
    fputc('\n', table);
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (trial->failure[0])
            continue;
        fprintf(table, "%zu\t%s\t%" PRId64 "\t%" PRId64, tables_slot(trial->model), trial->workload,
                trial->level, trial->valid);
        for (int metric = 0; metric < METRIC_COUNT; metric++)
            put(table, metric_of((enum metric)metric, trial, &record->histograms[i]));
        fputc('\n', table);
    }
    close_table(table);
}

static void write_cells(const char *folder, const struct summary *summary)
{
    FILE *table = open_table(folder, "cells.tsv");
    fputs("slot\tworkload\tlevel\tvalid", table);
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        const char *name = metric_name((enum metric)metric);
        fprintf(table, "\t%s\t%s_low\t%s_high", name, name, name);
    }
    fputs("\tmerged_p50_us\tmerged_p99_us\n", table);
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        fprintf(table, "%zu\t%s\t%" PRId64 "\t%d", tables_slot(cell->model), cell->workload,
                cell->level, summary_is_valid(cell));
        for (int metric = 0; metric < METRIC_COUNT; metric++) {
            put(table, cell->metrics[metric].mean);
            put(table, cell->metrics[metric].low);
            put(table, cell->metrics[metric].high);
        }
        put(table, summary_merged_ns(cell, 0.50) / 1e3);
        put(table, summary_merged_ns(cell, 0.99) / 1e3);
        fputc('\n', table);
    }
    close_table(table);
}

/* One row per step of the distribution: how rare (1 in `tail`), how slow. Ends where fewer than
 * 100 samples lie beyond. */
static void write_distribution_of(FILE *table, const struct summary_cell *cell)
{
    const struct histogram *latency = &cell->merged;
    double total = (double)histogram_count(latency), below = 0;
    double next_tail = 1;
    for (size_t i = 0; i < latency->used && total - below >= 100; i++) {
        double tail = total / (total - below);
        if (tail >= next_tail) {
            fprintf(table, "%zu\t%s\t%d\t%.6g\t%.6g\n", tables_slot(cell->model), cell->workload,
                    summary_is_valid(cell), tail, (double)latency->bins[i].value / 1e3);
            next_tail = tail * 1.02; /* 50 points to a factor of e draw a smooth line */
        }
        below += (double)latency->bins[i].count;
    }
}

static void write_distribution(const char *folder, const struct summary *summary, int64_t level)
{
    FILE *table = open_table(folder, "distribution.tsv");
    fputs("slot\tworkload\tvalid\ttail\tlatency_us\n", table);
    for (size_t i = 0; i < summary->count; i++)
        if (summary->cells[i].level == level)
            write_distribution_of(table, &summary->cells[i]);
    close_table(table);
}

void tables_write(const char *folder, const struct record *record, const struct summary *summary,
                  int64_t distribution_level)
{
    char *charts = text_format("%s/charts", folder);
    char *data = text_format("%s/data", charts);
    mkdir(charts, 0755);
    mkdir(data, 0755);
    free(data);
    free(charts);
    write_trials(folder, record);
    write_cells(folder, summary);
    write_distribution(folder, summary, distribution_level);
}

/* "poll at 8: served 1 of 8 connections (hollow also at 64, 256)". */
static char *note_of_model(const struct summary *summary, const char *workload, size_t first)
{
    const struct summary_cell *cell = &summary->cells[first];
    char *others = text_copy("");
    for (size_t i = first + 1; i < summary->count; i++) {
        const struct summary_cell *other = &summary->cells[i];
        if (strcmp(other->model, cell->model) != 0 || strcmp(other->workload, workload) != 0 ||
            summary_is_valid(other))
            continue;
        char *longer =
            text_format("%s%s%" PRId64, others, *others ? ", " : " (hollow also at ", other->level);
        free(others);
        others = longer;
    }
    char *note = text_format("%s at %" PRId64 ": %.*s%s%s", cell->model, cell->level,
                             NOTE_REASON_WIDTH, cell->reason, others, *others ? ")" : "");
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
            strcmp(cell->model, last) == 0)
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
