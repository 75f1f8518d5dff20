/* SPDX-License-Identifier: MIT */
#include "bench/judge/knob.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/judge/rank.h"
#include "bench/record/workload.h"

static const struct judged {
    enum metric metric;
    bool more_is_better;
    bool bounded_by_generator;
} judged[] = {
    {METRIC_THROUGHPUT_RPS, true, true},
    {METRIC_CPU_US_PER_REQUEST, false, false},
    {METRIC_LATENCY_P99_US, false, true},
};
enum { JUDGED = sizeof judged / sizeof *judged };

/* The value of the cell's valid trial in this block, NAN when there is none. */
static double value_in(const struct record *record, const struct summary_cell *cell, int64_t block,
                       enum metric metric)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (trial->block == block && trial->valid == 1 && !trial->replaced &&
            trial->level == cell->level && strcmp(trial->workload, cell->workload) == 0 &&
            strcmp(trial->model, cell->model) == 0)
            return metric_of(metric, trial, &record->histograms[i]);
    }
    return NAN;
}

static size_t last_block(const struct record *record)
{
    int64_t last = 0;
    for (size_t i = 0; i < record->count; i++)
        last = record->trials[i].block > last ? record->trials[i].block : last;
    return (size_t)last;
}

static bool is_comparable(const struct summary_cell *cell, enum metric metric)
{
    return summary_is_valid(cell) && !isnan(cell->metrics[metric].mean);
}

static bool is_bound(const struct summary_cell *cell, const struct judged *by)
{
    return by->bounded_by_generator && strcmp(summary_limited_by(cell), "generator") == 0;
}

/* ---- One model by one metric ---- */

/* Its default first, then its settings; only those that can be compared. */
struct lot {
    const struct summary_cell **cells;
    size_t count, blocks;
    double *logs; /* a row of blocks for each */
    bool *bounds;
};

static void lot_gather(struct lot *lot, const struct record *record, enum metric metric)
{
    size_t last = last_block(record), k = lot->count;
    double *columns = text_allocate(k * last, sizeof *columns);
    for (size_t block = 1; block <= last; block++) {
        double *column = columns + lot->blocks * k;
        bool whole = true;
        for (size_t i = 0; i < k; i++) {
            column[i] = log(value_in(record, lot->cells[i], (int64_t)block, metric));
            whole = whole && isfinite(column[i]);
        }
        lot->blocks += whole;
    }
    lot->logs = text_allocate(k * lot->blocks, sizeof *lot->logs);
    for (size_t i = 0; i < k; i++)
        for (size_t block = 0; block < lot->blocks; block++)
            lot->logs[i * lot->blocks + block] = columns[block * k + i];
    free(columns);
}

static void lot_init(struct lot *lot, const struct record *record, const struct summary_cell *cells,
                     size_t count, const struct judged *by)
{
    *lot = (struct lot){.cells = text_allocate(count, sizeof(const struct summary_cell *)),
                        .bounds = text_allocate(count, sizeof *lot->bounds)};
    for (size_t i = 0; i < count; i++)
        if (is_comparable(&cells[i], by->metric)) {
            lot->bounds[lot->count] = is_bound(&cells[i], by);
            lot->cells[lot->count++] = &cells[i];
        }
    lot_gather(lot, record, by->metric);
}

static void lot_finish(struct lot *lot)
{
    free(lot->cells);
    free(lot->logs);
    free(lot->bounds);
}

static const struct pair *pair_of(const struct lot *lot, const struct pair *pairs,
                                  const struct summary_cell *cell)
{
    for (size_t i = 1; i < lot->count; i++)
        if (lot->cells[i] == cell)
            return &pairs[i - 1];
    return NULL;
}

/* ---- The table ---- */

/* "--interval=10" in its two halves; false for what is none. */
static bool split(const char *setting, struct knob_row *row)
{
    const char *equals = strchr(setting, '=');
    if (strncmp(setting, "--", 2) != 0 || !equals)
        return false;
    snprintf(row->knob, sizeof row->knob, "%.*s", (int)(equals - setting - 2), setting + 2);
    snprintf(row->value, sizeof row->value, "%s", equals + 1);
    return true;
}

/* What the model says that the knob is without being turned. */
static const char *default_of(const json_t *manifest, const char *model, const char *knob)
{
    size_t i, k;
    json_t *one, *described;
    json_array_foreach(json_object_get(manifest, "models"), i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        if (!name || strcmp(name, model) != 0)
            continue;
        json_array_foreach(json_object_get(one, "knobs"), k, described)
        {
            const char *called = json_string_value(json_object_get(described, "name"));
            const char *value = json_string_value(json_object_get(described, "default"));
            if (called && value && strcmp(called, knob) == 0)
                return value;
        }
    }
    return "default";
}

static bool is_better(double value, double other, bool more_is_better)
{
    return more_is_better ? value > other : value < other;
}

static void mark_best(struct knob_row *rows, size_t count, const struct judged *by)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        double mean = rows[i].cell->metrics[by->metric].mean;
        if (is_comparable(rows[i].cell, by->metric) &&
            (best == count ||
             is_better(mean, rows[best].cell->metrics[by->metric].mean, by->more_is_better)))
            best = i;
    }
    if (best < count)
        rows[best].best = true;
}

/* A model by one metric, compared. */
struct comparison {
    const struct judged *by;
    const struct summary_cell *standard; /* the default's cell; NULL: it was not measured */
    struct lot lot;
    struct pair *pairs; /* NULL: none */
    double threshold;
};

static struct knob_row *add_row(struct knob_table *table, const struct comparison *done,
                                const struct summary_cell *cell)
{
    table->rows = text_reallocate(table->rows, table->count + 1, sizeof *table->rows);
    struct knob_row *row = &table->rows[table->count++];
    *row = (struct knob_row){.cell = cell,
                             .metric = done->by->metric,
                             .bound = is_bound(cell, done->by),
                             .blocks = done->lot.blocks,
                             .threshold = done->threshold};
    row->pair = (struct pair){.ratio = NAN, .low = NAN, .high = NAN, .p = NAN, .p_holm = NAN};
    return row;
}

static void add_default(struct knob_table *table, const struct comparison *done,
                        const json_t *manifest, const char *knob)
{
    struct knob_row *row = add_row(table, done, done->standard);
    row->is_default = true;
    snprintf(row->knob, sizeof row->knob, "%s", knob);
    snprintf(row->value, sizeof row->value, "%s",
             default_of(manifest, done->standard->model, knob));
}

static void add_value(struct knob_table *table, const struct comparison *done,
                      const struct summary_cell *cell)
{
    struct knob_row *row = add_row(table, done, cell);
    const struct pair *pair = done->pairs ? pair_of(&done->lot, done->pairs, cell) : NULL;
    (void)split(cell->setting, row);
    row->compared = pair != NULL;
    if (pair)
        row->pair = *pair;
}

/* The default and all values of the knob that the first of `cells` turns; returns how many cells
 * those are. */
static size_t add_knob(struct knob_table *table, const struct comparison *done,
                       const json_t *manifest, const struct summary_cell *cells, size_t count)
{
    struct knob_row first = {.knob = ""}, next = {.knob = ""};
    size_t start = table->count, taken = 0;
    if (!split(cells->setting, &first))
        return 1;
    if (done->standard)
        add_default(table, done, manifest, first.knob);
    while (taken < count && split(cells[taken].setting, &next) &&
           strcmp(next.knob, first.knob) == 0)
        add_value(table, done, &cells[taken++]);
    mark_best(table->rows + start, table->count - start, done->by);
    return taken;
}

/* What the two show against each other, a share; NAN: they cannot be compared. */
static double resolution_of(const struct record *record, const struct summary_cell *model,
                            const struct summary_cell *twin, const struct judged *by)
{
    const struct summary_cell both[] = {*model, *twin};
    double resolution = NAN;
    struct pair pair;
    struct lot lot;
    lot_init(&lot, record, both, 2, by);
    struct pairs_question question = {.contestants = 2,
                                      .blocks = lot.blocks,
                                      .logs = lot.logs,
                                      .more_is_better = by->more_is_better,
                                      .threshold = pairs_threshold(NAN)};
    if (lot.count == 2 && lot.blocks >= 2) {
        pairs_compare_to_first(&question, &pair);
        resolution = expm1(fmax(fabs(log(pair.low)), fabs(log(pair.high))));
    }
    lot_finish(&lot);
    return resolution;
}

/* From a model that was measured a second time as its twin: the same executable. */
static double find_resolution(const struct record *record, const struct summary *summary,
                              const struct judged *by)
{
    for (size_t i = 0; i < summary->count; i++)
        for (size_t k = 0; k < summary->count; k++) {
            const struct summary_cell *twin = &summary->cells[i], *model = &summary->cells[k];
            size_t length = strlen(model->model);
            if (workload_find(twin->workload) == WORKLOAD_KNOB && rank_is_twin(twin->model) &&
                strcmp(model->workload, twin->workload) == 0 && model->level == twin->level &&
                strncmp(model->model, twin->model, length) == 0 &&
                strcmp(twin->model + length, ".twin") == 0)
                return resolution_of(record, model, twin, by);
        }
    return NAN;
}

static void compare(struct comparison *done, const struct record *record)
{
    const json_t *plan = json_object_get(record->manifest, "plan");
    const struct lot *lot = &done->lot;
    if (!done->standard || lot->count < 2 || lot->cells[0] != done->standard || lot->blocks == 0)
        return;
    struct pairs_question question = {
        .contestants = lot->count,
        .blocks = lot->blocks,
        .logs = lot->logs,
        .bounds = lot->bounds,
        .more_is_better = done->by->more_is_better,
        .threshold = done->threshold,
        .seed = (uint64_t)json_integer_value(json_object_get(plan, "seed"))};
    done->pairs = text_allocate(lot->count - 1, sizeof *done->pairs);
    pairs_compare_to_first(&question, done->pairs);
}

/* All knobs of the model whose cells these are, by one metric. */
static void add_model(struct knob_table *table, const struct record *record,
                      const struct summary_cell *cells, size_t count, const struct judged *by,
                      double threshold)
{
    struct comparison done = {
        .by = by, .standard = cells->level == 0 ? cells : NULL, .threshold = threshold};
    lot_init(&done.lot, record, cells, count, by);
    compare(&done, record);
    for (size_t i = done.standard ? 1 : 0; i < count;)
        i += add_knob(table, &done, record->manifest, &cells[i], count - i);
    free(done.pairs);
    lot_finish(&done.lot);
}

/* How many cells from this one on are of its model and workload: they stand together. */
static size_t count_alike(const struct summary *summary, size_t from)
{
    const struct summary_cell *cells = &summary->cells[from];
    size_t count = 1;
    while (from + count < summary->count && strcmp(cells[count].workload, cells->workload) == 0 &&
           strcmp(cells[count].model, cells->model) == 0)
        count++;
    return count;
}

void knob_build(struct knob_table *table, const struct record *record,
                const struct summary *summary)
{
    double thresholds[JUDGED];
    *table = (struct knob_table){0};
    for (size_t k = 0; k < JUDGED; k++)
        thresholds[k] = pairs_threshold(find_resolution(record, summary, &judged[k]));
    for (size_t i = 0, count; i < summary->count; i += count) {
        const struct summary_cell *cells = &summary->cells[i];
        count = count_alike(summary, i);
        if (workload_find(cells->workload) != WORKLOAD_KNOB || rank_is_twin(cells->model))
            continue;
        for (size_t k = 0; k < JUDGED; k++)
            add_model(table, record, cells, count, &judged[k], thresholds[k]);
    }
}

void knob_finish(struct knob_table *table)
{
    free(table->rows);
    *table = (struct knob_table){0};
}

const char *knob_verdict(const struct knob_row *row)
{
    if (row->is_default)
        return "default";
    if (!summary_is_valid(row->cell))
        return "not valid";
    return row->compared ? pairs_verdict_name(row->pair.verdict) : "no default";
}

static void write_number(FILE *csv, double number)
{
    if (isnan(number))
        fputc(',', csv); /* an empty field: cannot be said */
    else
        fprintf(csv, ",%.6g", number);
}

void knob_write(const struct knob_table *table, FILE *csv)
{
    fputs("model,knob,value,is_default,metric,valid,best,bound,mean,low,high,blocks,ratio,"
          "ratio_low,ratio_high,p_holm,threshold,verdict,reason\n",
          csv);
    for (size_t i = 0; i < table->count; i++) {
        const struct knob_row *row = &table->rows[i];
        const struct estimate *estimate = &row->cell->metrics[row->metric];
        fprintf(csv, "%s,%s,%s,%d,%s,%d,%d,%d", row->cell->model, row->knob, row->value,
                row->is_default, metric_name(row->metric), summary_is_valid(row->cell), row->best,
                row->bound);
        write_number(csv, estimate->mean);
        write_number(csv, estimate->low);
        write_number(csv, estimate->high);
        fprintf(csv, ",%zu", row->blocks);
        write_number(csv, row->pair.ratio);
        write_number(csv, row->pair.low);
        write_number(csv, row->pair.high);
        write_number(csv, row->pair.p_holm);
        write_number(csv, row->threshold);
        fprintf(csv, ",%s,\"%s\"\n", knob_verdict(row), row->cell->reason);
    }
}
