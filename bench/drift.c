/* SPDX-License-Identifier: MIT */
#include "bench/drift.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/text.h"

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

/* The cell's logarithms by block; false when one is missing. */
static bool read_cell(const struct record *record, size_t first, enum metric metric, double *logs,
                      double *starts_s, size_t blocks)
{
    const struct trial *cell = &record->trials[first];
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
        if (!isfinite(logs[i]))
            return false;
    return true;
}

static bool is_first_of_cell(const struct record *record, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (is_of_cell(&record->trials[i], &record->trials[index]))
            return false;
    return true;
}

/* Sums up the sentinel's cells, block by block. Returns how many. */
static size_t gather(const struct record *record, const char *sentinel, enum metric metric,
                     double *residuals, double *times_s, size_t blocks)
{
    size_t cells = 0;
    double *logs = text_allocate(blocks, sizeof *logs);
    double *starts_s = text_allocate(blocks, sizeof *starts_s);
    for (size_t i = 0; i < record->count; i++) {
        if (!counts(&record->trials[i], sentinel) || !is_first_of_cell(record, i) ||
            !read_cell(record, i, metric, logs, starts_s, blocks))
            continue;
        double mean = gsl_stats_mean(logs, 1, blocks);
        for (size_t block = 0; block < blocks; block++) {
            residuals[block] += logs[block] - mean;
            times_s[block] += starts_s[block];
        }
        cells++;
    }
    for (size_t block = 0; block < blocks && cells > 0; block++) {
        residuals[block] /= (double)cells;
        times_s[block] /= (double)cells;
    }
    free(starts_s);
    free(logs);
    return cells;
}

struct drift drift_of(const struct record *record, enum metric metric)
{
    struct drift drift = {.sentinel = sentinel_of(record),
                          .metric = metric,
                          .blocks = last_block(record),
                          .ratio = NAN,
                          .low = NAN,
                          .high = NAN};
    size_t n = drift.blocks;
    double *residuals = text_allocate(n, sizeof *residuals);
    double *times_s = text_allocate(n, sizeof *times_s);
    if (n >= 3 && gather(record, drift.sentinel, metric, residuals, times_s, n) > 0) {
        double start, slope, cov00, cov01, variance, squares;
        double span_s = times_s[n - 1] - times_s[0];
        for (size_t i = n; i > 0; i--)
            times_s[i - 1] -= times_s[0]; /* seconds since 1970 would cost digits */
        gsl_fit_linear(times_s, 1, residuals, 1, n, &start, &slope, &cov00, &cov01, &variance,
                       &squares);
        double reach = gsl_cdf_tdist_Pinv(0.975, (double)n - 2) * sqrt(variance);
        drift.ratio = exp(slope * span_s);
        drift.low = exp((slope - reach) * span_s);
        drift.high = exp((slope + reach) * span_s);
    }
    free(times_s);
    free(residuals);
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
