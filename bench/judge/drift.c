/* SPDX-License-Identifier: MIT */
#include "bench/judge/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>

#include "bench/base/text.h"

enum { GAPS_SHARE = 4 /* a cell may lack one block in so many */ };

static const char *sentinel_of(const struct record *record)
{
    const json_t *plan = json_object_get(record->manifest, "plan");
    const char *name = json_string_value(json_object_get(plan, "sentinel"));
    return name ? name : "";
}

static bool is_of_cell(const struct trial *trial, const struct trial *other)
{
    return trial->level == other->level && strcmp(trial->model, other->model) == 0 &&
           strcmp(trial->workload, other->workload) == 0;
}

static bool counts(const struct trial *trial, const char *sentinel)
{
    return !trial->replaced && trial->block > 0 && strcmp(trial->model, sentinel) == 0;
}

static size_t last_block(const struct record *record)
{
    int64_t last = 0;
    for (size_t i = 0; i < record->count; i++)
        last = record->trials[i].block > last ? record->trials[i].block : last;
    return (size_t)last;
}

/* The cell's logarithms by block, NAN where it has no valid trial. Returns how many it has. */
static size_t read_cell(const struct record *record, size_t first, enum metric metric, double *logs,
                        double *starts_s, size_t blocks)
{
    const struct trial *cell = &record->trials[first];
    size_t count = 0;
    for (size_t i = 0; i < blocks; i++)
        logs[i] = NAN;
    for (size_t i = first; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (!is_of_cell(trial, cell) || trial->replaced || trial->valid != 1 || trial->block < 1)
            continue;
        logs[trial->block - 1] = log(metric_of(metric, trial, &record->histograms[i]));
        starts_s[trial->block - 1] = (double)trial->started_unix_ms / 1e3;
    }
    for (size_t i = 0; i < blocks; i++)
        count += isfinite(logs[i]) ? 1 : 0;
    return count;
}

static bool is_first_of_cell(const struct record *record, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (is_of_cell(&record->trials[i], &record->trials[index]))
            return false;
    return true;
}

struct series {
    double *residuals, *times_s; /* per block: mean over the cells that it has */
    size_t *cells;               /* how many */
};

static void add_cell(struct series *series, const double *logs, const double *starts_s,
                     size_t blocks, size_t count)
{
    double mean = 0;
    for (size_t block = 0; block < blocks; block++)
        mean += isfinite(logs[block]) ? logs[block] / (double)count : 0;
    for (size_t block = 0; block < blocks; block++) {
        if (!isfinite(logs[block]))
            continue;
        series->residuals[block] += logs[block] - mean;
        series->times_s[block] += starts_s[block];
        series->cells[block]++;
    }
}

/* Sums up the sentinel's cells that have a value in nearly all blocks. Returns how many blocks have
 * any; these are moved to the front. */
static size_t gather(const struct record *record, const char *sentinel, enum metric metric,
                     struct series *series, size_t blocks)
{
    double *logs = text_allocate(blocks, sizeof *logs);
    double *starts_s = text_allocate(blocks, sizeof *starts_s);
    for (size_t i = 0; i < record->count; i++) {
        if (!counts(&record->trials[i], sentinel) || !is_first_of_cell(record, i))
            continue;
        size_t count = read_cell(record, i, metric, logs, starts_s, blocks);
        if (count > 0 && GAPS_SHARE * (blocks - count) <= blocks)
            add_cell(series, logs, starts_s, blocks, count);
    }
    size_t used = 0;
    for (size_t block = 0; block < blocks; block++) {
        if (series->cells[block] == 0)
            continue;
        series->residuals[used] = series->residuals[block] / (double)series->cells[block];
        series->times_s[used] = series->times_s[block] / (double)series->cells[block];
        used++;
    }
    free(starts_s);
    free(logs);
    return used;
}

static void fit(struct drift *drift, const struct series *series, size_t n)
{
    double start, slope, cov00, cov01, variance, squares;
    double first_s = series->times_s[0], span_s = series->times_s[n - 1] - first_s;
    for (size_t i = 0; i < n; i++)
        series->times_s[i] -= first_s; /* seconds since 1970 would cost digits */
    gsl_fit_linear(series->times_s, 1, series->residuals, 1, n, &start, &slope, &cov00, &cov01,
                   &variance, &squares);
    double reach = gsl_cdf_tdist_Pinv(0.975, (double)n - 2) * sqrt(variance);
    drift->ratio = exp(slope * span_s);
    drift->low = exp((slope - reach) * span_s);
    drift->high = exp((slope + reach) * span_s);
}

struct drift drift_of(const struct record *record, enum metric metric)
{
    struct drift drift = {.sentinel = sentinel_of(record),
                          .metric = metric,
                          .blocks = last_block(record),
                          .ratio = NAN,
                          .low = NAN,
                          .high = NAN};
    struct series series = {text_allocate(drift.blocks, sizeof *series.residuals),
                            text_allocate(drift.blocks, sizeof *series.times_s),
                            text_allocate(drift.blocks, sizeof *series.cells)};
    size_t n = gather(record, drift.sentinel, metric, &series, drift.blocks);
    if (n >= 3)
        fit(&drift, &series, n);
    free(series.cells);
    free(series.times_s);
    free(series.residuals);
    return drift;
}

void drift_print(const struct record *record, FILE *out)
{
    static const enum metric metrics[] = {METRIC_THROUGHPUT_RPS, METRIC_CPU_US_PER_REQUEST};
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        struct drift drift = drift_of(record, metrics[i]);
        if (!isnan(drift.ratio))
            fprintf(out, "sentinel %s, start to end: %s %+.1f %% [%+.1f, %+.1f]\n", drift.sentinel,
                    metric_name(drift.metric), 100 * (drift.ratio - 1), 100 * (drift.low - 1),
                    100 * (drift.high - 1));
    }
}
