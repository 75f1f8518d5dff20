/* SPDX-License-Identifier: MIT */
#include "bench/show/knobs.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/show/tables.h"
#include "bench/show/tsv.h"

static const double gap = 0.8; /* between two knobs, in rows */

static bool is_same_knob(const struct knob_row *a, const struct knob_row *b)
{
    return a->metric == b->metric && strcmp(a->cell->model, b->cell->model) == 0 &&
           strcmp(a->knob, b->knob) == 0;
}

static void write_row(FILE *out, const struct knob_row *row, double y, bool first)
{
    const struct estimate *estimate = &row->cell->metrics[row->metric];
    fprintf(out, "%.6g\t%zu\t%s\t--%s %s\t%s\t%d\t%d\t%d\t%d\t%d", y, tables_slot(row->cell->model),
            row->cell->model, row->knob, row->value, metric_name(row->metric),
            summary_is_valid(row->cell), row->is_default, row->best, row->bound, first);
    tsv_number(out, estimate->mean);
    tsv_number(out, estimate->low);
    tsv_number(out, estimate->high);
    tsv_number(out, row->pair.ratio);
    fprintf(out, "\t%s\n", knob_verdict(row));
}

static void write_dots(FILE *out, const struct record *record, const struct knob_row *row, double y)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (!tables_has_dot(trial) || trial->level != row->cell->level ||
            strcmp(trial->workload, row->cell->workload) != 0 ||
            strcmp(trial->model, row->cell->model) != 0)
            continue;
        fprintf(out, "%.6g\t%zu\t%s", y, tables_slot(trial->model), metric_name(row->metric));
        tsv_number(out, metric_of(row->metric, trial, &record->histograms[i]));
        fputc('\n', out);
    }
}

/* The rows of each metric stand in the same places. */
static void write_metric(FILE *rows, FILE *dots, const struct record *record,
                         const struct knob_table *table, enum metric metric)
{
    const struct knob_row *last = NULL;
    double y = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct knob_row *row = &table->rows[i];
        if (row->metric != metric)
            continue;
        bool first = !last || strcmp(last->cell->model, row->cell->model) != 0;
        if (last)
            y = y + 1 + (is_same_knob(last, row) ? 0 : gap);
        write_row(rows, row, y, first);
        write_dots(dots, record, row, y);
        last = row;
    }
}

void knobs_write(const char *folder, const struct record *record, const struct knob_table *table)
{
    FILE *rows = tsv_open(folder, "knobs.tsv"), *dots = tsv_open(folder, "knob-trials.tsv");
    fputs(
        "y\tslot\tmodel\tsetting\tmetric\tvalid\tis_default\tbest\tbound\tfirst\tmean\tlow\thigh\t"
        "ratio\tverdict\n",
        rows);
    fputs("y\tslot\tmetric\tvalue\n", dots);
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        write_metric(rows, dots, record, table, (enum metric)metric);
    tsv_close(rows);
    tsv_close(dots);
}

static const struct knob_row *find_default(const struct knob_table *table,
                                           const struct knob_row *row)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].is_default && is_same_knob(&table->rows[i], row))
            return &table->rows[i];
    return NULL;
}

/* "0.92 (0.90-0.94), better"; in words where there is no ratio. */
static void put_verdict(FILE *out, const struct knob_row *row)
{
    if (!row->compared)
        fprintf(out, "%s |\n", row->is_default ? "the default" : "the default is not valid");
    else if (isnan(row->pair.low))
        fprintf(out, "%.3g, %s |\n", row->pair.ratio, knob_verdict(row));
    else
        fprintf(out, "%.3g (%.3g to %.3g), %s |\n", row->pair.ratio, row->pair.low, row->pair.high,
                knob_verdict(row));
}

/* From where on a difference matters, by the metrics in which something is compared. */
static void put_thresholds(FILE *out, const struct knob_table *table)
{
    const char *lead = "\nA difference matters from";
    for (size_t i = 0; i < table->count; i++) {
        const struct knob_row *row = &table->rows[i];
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = table->rows[k].metric != row->metric || !table->rows[k].compared;
        if (row->compared && first) {
            fprintf(out, "%s %.2g %% in %s", lead, 100 * row->threshold, metric_name(row->metric));
            lead = ",";
        }
    }
    fputs(*lead == ',' ? ".\n" : "", out);
}

char *knobs_digest(const struct knob_table *table)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        say_and_exit("out of memory");
    if (table->count > 0)
        fputs("| model | knob | metric | default | best | best / default |\n"
              "| --- | --- | --- | ---: | ---: | --- |\n",
              out);
    for (size_t i = 0; i < table->count; i++) {
        const struct knob_row *row = &table->rows[i];
        const struct knob_row *standard = find_default(table, row);
        if (!row->best)
            continue;
        fprintf(out, "| %s | --%s | %s | %s: ", row->cell->model, row->knob,
                metric_name(row->metric), standard ? standard->value : "?");
        if (standard && summary_is_valid(standard->cell))
            fprintf(out, "%.4g", standard->cell->metrics[row->metric].mean);
        else
            fputs("hollow", out);
        fprintf(out, " | %s: %s%.4g | ", row->value, row->bound ? "> " : "",
                row->cell->metrics[row->metric].mean);
        put_verdict(out, row);
    }
    put_thresholds(out, table);
    if (fclose(out))
        say_and_exit("out of memory");
    return text;
}

static json_t *real(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

json_t *knobs_to_json(const struct knob_table *table)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < table->count; i++) {
        const struct knob_row *row = &table->rows[i];
        const struct estimate *estimate = &row->cell->metrics[row->metric];
        json_array_append_new(
            rows,
            json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:[o,o,o], s:[o,o,o], s:f, s:s}",
                      "model", row->cell->model, "knob", row->knob, "value", row->value, "metric",
                      metric_name(row->metric), "is_default", row->is_default, "best", row->best,
                      "bound", row->bound, "valid", summary_is_valid(row->cell), "mean",
                      real(estimate->mean), real(estimate->low), real(estimate->high), "ratio",
                      real(row->pair.ratio), real(row->pair.low), real(row->pair.high), "threshold",
                      row->threshold, "verdict", knob_verdict(row)));
    }
    return rows;
}
