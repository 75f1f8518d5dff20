/* SPDX-License-Identifier: MIT */
#include "bench/show/panels.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/show/particulars.h"
#include "bench/show/tables.h"
#include "bench/base/text.h"
#include "bench/show/tsv.h"
#include "bench/record/workload.h"

enum {
    PANEL_PX = 320,
    LABEL_PX = 16,       /* a line of the charts' type */
    LEVEL_LABEL_PX = 13, /* of their small type */
    SMALL_PANEL_PX = 175 /* load-cpu.gp's */
};

/* A level's number takes a seventh of a small panel's width. */
static const double level_label_width = 0.15;

struct panel {
    const char *name;
    double percentile;  /* the mark is that of all trials together; 0: it is the metric's mean */
    enum metric metric; /* of the dots and intervals */
    bool from_zero;     /* else the axis is logarithmic */
    bool by_level;      /* times the level: messages become bytes */
};

enum { PANEL_THROUGHPUT, PANEL_CPU };
static const struct panel panels[] = {
    [PANEL_THROUGHPUT] = {"throughput", 0, METRIC_THROUGHPUT_RPS, true, false},
    [PANEL_CPU] = {"cpu", 0, METRIC_CPU_US_PER_REQUEST, false, false},
    {"server_cpu", 0, METRIC_SERVER_CPU_PERCENT, true, false},
    {"latency_p50", 0.50, METRIC_LATENCY_P50_US, false, false},
    {"latency_p99", 0.99, METRIC_LATENCY_P99_US, false, false},
    {"memory", 0, METRIC_MEMORY_KIB, false, false},
    {"messages", 0, METRIC_THROUGHPUT_RPS, false, false},
    {"syscalls", 0, METRIC_SYSCALLS_PER_REQUEST, false, false},
    {"bytes", 0, METRIC_THROUGHPUT_RPS, false, true},
    {"memory_user", 0, METRIC_MEMORY_USER_BYTES, false, false},
    {"memory_kernel", 0, METRIC_MEMORY_KERNEL_BYTES, false, false},
};
enum { PANELS = sizeof panels / sizeof *panels };

/* From where to where an axis reaches, in the metric's unit. */
struct range {
    double low, high;
    bool from_zero;
};

/* Where a line ends, and what stands beside it. */
struct label {
    const struct summary_cell *cell;
    double x;         /* level, throughput, or tail of the distribution */
    double y, spread; /* shares of the panel's height: the line's end, and its name's place */
    bool cut;         /* the model was asked for higher levels and has no value there */
};

unsigned panels_height_px(size_t models)
{
    return models * LABEL_PX > PANEL_PX ? (unsigned)models * LABEL_PX : PANEL_PX;
}

struct place {
    double at;
    size_t index;
};

static int by_position(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

/* Makes the sequence one that does not fall, the nearest there is. */
static void pool(struct place *places, size_t count)
{
    size_t *sizes = text_allocate(count, sizeof *sizes);
    double *means = text_allocate(count, sizeof *means);
    size_t blocks = 0;
    for (size_t i = 0; i < count; i++) {
        means[blocks] = places[i].at;
        sizes[blocks++] = 1;
        for (; blocks > 1 && means[blocks - 2] > means[blocks - 1]; blocks--) {
            size_t size = sizes[blocks - 2] + sizes[blocks - 1];
            means[blocks - 2] = (means[blocks - 2] * (double)sizes[blocks - 2] +
                                 means[blocks - 1] * (double)sizes[blocks - 1]) /
                                (double)size;
            sizes[blocks - 2] = size;
        }
    }
    for (size_t block = 0, i = 0; block < blocks; block++)
        for (size_t k = 0; k < sizes[block]; k++)
            places[i++].at = means[block];
    free(means);
    free(sizes);
}

void panels_spread(double *positions, size_t count, double gap)
{
    if (count == 0)
        return;
    struct place *places = text_allocate(count, sizeof *places);
    if (gap * (double)(count - 1) > 1)
        gap = 1 / (double)(count - 1);
    double highest = 1 - gap * (double)(count - 1);
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){positions[i], i};
    qsort(places, count, sizeof *places, by_position);
    for (size_t i = 0; i < count; i++)
        places[i].at -= gap * (double)i;
    pool(places, count);
    for (size_t i = 0; i < count; i++)
        positions[places[i].index] = fmin(fmax(places[i].at, 0), highest) + gap * (double)i;
    free(places);
}

static double mark_of(const struct panel *panel, const struct summary_cell *cell)
{
    double factor = panel->by_level ? (double)cell->level : 1;
    return panel->percentile > 0 ? summary_merged_ns(cell, panel->percentile) / 1e3
                                 : cell->metrics[panel->metric].mean * factor;
}

static double dot_of(const struct panel *panel, const struct trial *trial,
                     const struct histogram *latency)
{
    return metric_of(panel->metric, trial, latency) * (panel->by_level ? (double)trial->level : 1);
}

static bool is_drawn(const struct summary_cell *cell, const char *workload)
{
    return strcmp(cell->workload, workload) == 0 && tables_is_drawn(cell->model);
}

static void widen(struct range *range, double value)
{
    if (value <= 0 && !range->from_zero)
        return;                           /* has no place on a logarithmic axis */
    range->low = fmin(range->low, value); /* a NAN changes neither */
    range->high = fmax(range->high, value);
}

/* With some air around; what has no values at all still needs an axis. */
static struct range with_margins(struct range range)
{
    if (isnan(range.high))
        range.low = range.high = 1;
    if (range.from_zero)
        return (struct range){0, range.high * 1.1, true};
    return (struct range){range.low / 1.6, range.high * 1.6, false};
}

/* The axis fits marks and dots; an interval that is wider is cut off at its edge. */
static struct range range_of(const struct panel *panel, const struct record *record,
                             const struct summary *summary, const char *workload)
{
    struct range range = {NAN, NAN, panel->from_zero};
    for (size_t i = 0; i < summary->count; i++)
        if (is_drawn(&summary->cells[i], workload))
            widen(&range, mark_of(panel, &summary->cells[i]));
    for (size_t i = 0; i < record->count; i++)
        if (tables_has_dot(&record->trials[i]) && strcmp(record->trials[i].workload, workload) == 0)
            widen(&range, dot_of(panel, &record->trials[i], &record->histograms[i]));
    return with_margins(range);
}

static double share_of(struct range range, double value)
{
    return range.from_zero ? value / range.high
                           : log(value / range.low) / log(range.high / range.low);
}

static void write_range(FILE *out, const char *workload, const char *name, struct range range)
{
    fprintf(out, "%s\t%s", workload, name);
    tsv_number(out, range.low);
    tsv_number(out, range.high);
    fputc('\n', out);
}

static void spread_labels(struct label *labels, size_t count, double gap)
{
    double *positions = text_allocate(count, sizeof *positions);
    for (size_t i = 0; i < count; i++)
        positions[i] = labels[i].y;
    panels_spread(positions, count, gap);
    for (size_t i = 0; i < count; i++)
        labels[i].spread = positions[i];
    free(positions);
}

static void write_labels(FILE *out, const char *name, const struct label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct summary_cell *cell = labels[i].cell;
        fprintf(out, "%s\t%s\t%zu\t%" PRId64, cell->workload, name, tables_slot(cell->model),
                cell->level);
        tsv_number(out, labels[i].x);
        tsv_number(out, labels[i].y);
        tsv_number(out, labels[i].spread);
        const char *limit = summary_limited_by(cell);
        fprintf(out, "\t%s\t%d\n", *limit ? limit : "-", labels[i].cut);
    }
}

/* A model's line ends at the highest level that has a mark; its cells stand in a row, by level. */
static size_t line_ends(const struct panel *panel, struct range range,
                        const struct summary *summary, const char *workload, struct label *labels)
{
    size_t count = 0;
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        double mark = mark_of(panel, cell);
        if (!is_drawn(cell, workload))
            continue;
        bool same = count > 0 && strcmp(labels[count - 1].cell->model, cell->model) == 0;
        if (isnan(mark) || (!range.from_zero && mark <= 0)) {
            if (same)
                labels[count - 1].cut = cell->trials > 0;
            continue;
        }
        count += same ? 0 : 1;
        labels[count - 1] =
            (struct label){cell, (double)cell->level, share_of(range, mark), 0, false};
    }
    return count;
}

/* The files and the numbers that all panels of a workload share. */
struct sheet {
    FILE *ranges, *labels;
    const char *workload;
    size_t models; /* that are drawn */
    struct label *room;
};

static void write_panel(struct sheet *sheet, const struct panel *panel, const struct record *record,
                        const struct summary *summary)
{
    struct range range = range_of(panel, record, summary, sheet->workload);
    write_range(sheet->ranges, sheet->workload, panel->name, range);
    size_t count = line_ends(panel, range, summary, sheet->workload, sheet->room);
    spread_labels(sheet->room, count, (double)LABEL_PX / panels_height_px(sheet->models));
    write_labels(sheet->labels, panel->name, sheet->room, count);
}

/* From the fastest answer of all to where the last line ends. */
static struct range distribution_range(const struct summary *summary, const char *workload,
                                       int64_t level)
{
    struct range range = {NAN, NAN, false};
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        double last_us = tables_last_step(cell).latency_us;
        if (!is_drawn(cell, workload) || !tables_in_distribution(summary, cell, level) ||
            isnan(last_us))
            continue;
        widen(&range, (double)cell->merged.bins[0].value / 1e3);
        widen(&range, last_us);
    }
    return with_margins(range);
}

static void write_distribution(struct sheet *sheet, const struct summary *summary, int64_t level)
{
    struct range range = distribution_range(summary, sheet->workload, level);
    size_t count = 0;
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        struct tables_step end = tables_last_step(cell);
        if (is_drawn(cell, sheet->workload) && tables_in_distribution(summary, cell, level) &&
            !isnan(end.tail))
            sheet->room[count++] =
                (struct label){cell, end.tail, share_of(range, end.latency_us), 0, false};
    }
    write_range(sheet->ranges, sheet->workload, "distribution", range);
    spread_labels(sheet->room, count, (double)LABEL_PX / panels_height_px(sheet->models));
    write_labels(sheet->labels, "distribution", sheet->room, count);
}

/* Over all percentiles of all cells and trials. */
static struct range fan_range(const struct record *record, const struct summary *summary,
                              const char *workload)
{
    static const enum metric ends[] = {METRIC_LATENCY_P50_US, METRIC_LATENCY_P99_US};
    struct range range = {NAN, NAN, false};
    for (size_t p = 0; p < PARTICULARS_PERCENTILES; p++)
        for (size_t i = 0; i < summary->count; i++)
            if (is_drawn(&summary->cells[i], workload))
                widen(&range,
                      summary_merged_ns(&summary->cells[i], particulars_percentiles[p]) / 1e3);
    for (size_t i = 0; i < record->count; i++)
        if (tables_has_dot(&record->trials[i]) && strcmp(record->trials[i].workload, workload) == 0)
            for (size_t end = 0; end < sizeof ends / sizeof *ends; end++)
                widen(&range, metric_of(ends[end], &record->trials[i], &record->histograms[i]));
    return with_margins(range);
}

/* Where the percentiles' lines of this model end: at most one label for each. The labels of one
 * small panel give way to each other, so they are written together. */
static void write_fan_of(struct sheet *sheet, const struct summary *summary, size_t first,
                         struct range range)
{
    struct label ends[PARTICULARS_PERCENTILES];
    const char *names[PARTICULARS_PERCENTILES], *model = summary->cells[first].model;
    size_t count = 0;
    for (size_t p = 0; p < PARTICULARS_PERCENTILES; p++) {
        bool any = false;
        for (size_t i = first; i < summary->count; i++) {
            const struct summary_cell *cell = &summary->cells[i];
            double mark_us = summary_merged_ns(cell, particulars_percentiles[p]) / 1e3;
            if (!is_drawn(cell, sheet->workload) || strcmp(cell->model, model) != 0 ||
                isnan(mark_us))
                continue;
            ends[count] =
                (struct label){cell, (double)cell->level, share_of(range, mark_us), 0, false};
            any = true;
        }
        if (any)
            names[count++] = particulars_percentile_names[p];
    }
    spread_labels(ends, count, (double)LEVEL_LABEL_PX / SMALL_PANEL_PX);
    for (size_t i = 0; i < count; i++)
        write_labels(sheet->labels, names[i], &ends[i], 1);
}

static void write_fan(struct sheet *sheet, const struct record *record,
                      const struct summary *summary)
{
    struct range range = fan_range(record, summary, sheet->workload);
    const char *last = "";
    write_range(sheet->ranges, sheet->workload, "fan", range);
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (!is_drawn(cell, sheet->workload) || strcmp(cell->model, last) == 0)
            continue;
        write_fan_of(sheet, summary, i, range);
        last = cell->model;
    }
}

static int by_x(const void *left, const void *right)
{
    const struct label *a = left, *b = right;
    return (a->x > b->x) - (a->x < b->x);
}

/* The levels along one model's path: only those side by side can be in each other's way. */
static void write_path(struct sheet *sheet, size_t count, double width)
{
    struct label *labels = sheet->room;
    qsort(labels, count, sizeof *labels, by_x);
    for (size_t first = 0, i = 1; i <= count; i++)
        if (i == count || labels[i].x - labels[i - 1].x > width) {
            spread_labels(labels + first, i - first, (double)LEVEL_LABEL_PX / SMALL_PANEL_PX);
            first = i;
        }
    write_labels(sheet->labels, "load", labels, count);
}

/* Answers per second to the right, CPU time per answer upwards. */
static void write_paths(struct sheet *sheet, const struct record *record,
                        const struct summary *summary)
{
    struct range across = range_of(&panels[PANEL_THROUGHPUT], record, summary, sheet->workload);
    struct range up = range_of(&panels[PANEL_CPU], record, summary, sheet->workload);
    size_t count = 0;
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        double x = cell->metrics[METRIC_THROUGHPUT_RPS].mean;
        double y = cell->metrics[METRIC_CPU_US_PER_REQUEST].mean;
        if (!is_drawn(cell, sheet->workload) || isnan(x) || isnan(y))
            continue;
        if (count > 0 && strcmp(sheet->room[0].cell->model, cell->model) != 0) {
            write_path(sheet, count, across.high * level_label_width);
            count = 0;
        }
        sheet->room[count++] = (struct label){cell, x, share_of(up, y), 0, false};
    }
    write_path(sheet, count, across.high * level_label_width);
}

void panels_write(const char *folder, const struct record *record, const struct summary *summary,
                  int64_t distribution_level)
{
    struct sheet sheet = {.ranges = tsv_open(folder, "panels.tsv"),
                          .labels = tsv_open(folder, "labels.tsv"),
                          .models = tables_count_drawn(record->manifest),
                          .room = text_allocate(summary->count, sizeof *sheet.room)};
    fputs("workload\tpanel\tlow\thigh\n", sheet.ranges);
    fputs("workload\tpanel\tslot\tlevel\tx\ty\tlabel_y\tlimited_by\tcut\n", sheet.labels);
    for (int workload = 0; workload < WORKLOAD_COUNT; workload++) {
        sheet.workload = workload_name((enum workload)workload);
        for (size_t i = 0; i < PANELS; i++)
            write_panel(&sheet, &panels[i], record, summary);
        write_distribution(&sheet, summary, distribution_level);
        if (particulars_has_fan(sheet.workload))
            write_fan(&sheet, record, summary);
        write_paths(&sheet, record, summary);
    }
    free(sheet.room);
    tsv_close(sheet.ranges);
    tsv_close(sheet.labels);
}
