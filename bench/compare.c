/* SPDX-License-Identifier: MIT */
#include "bench/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/text.h"

static const double error_rate = 0.05; /* of all intervals of one quantity together */

const enum metric compare_metrics[COMPARE_METRICS] = {METRIC_THROUGHPUT_RPS,
                                                      METRIC_CPU_US_PER_REQUEST};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool differs_always(const char *key)
{
    return ends_with(key, "_unix_s") || ends_with(key, "_unix_ms") || strcmp(key, "order") == 0;
}

static json_t *value_or_null(const json_t *value)
{
    return value ? json_incref((json_t *)value) : json_null();
}

static void add_difference(json_t *differences, const char *path, json_t *first, json_t *second)
{
    json_array_append_new(
        differences, json_pack("{s:s, s:o, s:o}", "path", path, "first", first, "second", second));
}

static void compare_values(json_t *differences, const char *path, const json_t *first,
                           const json_t *second);

static void compare_member(json_t *differences, const char *path, const char *key,
                           const json_t *first, const json_t *second)
{
    if (differs_always(key))
        return;
    char *longer = text_format("%s%s%s", path, *path ? "." : "", key);
    compare_values(differences, longer, json_object_get(first, key), json_object_get(second, key));
    free(longer);
}

static void compare_objects(json_t *differences, const char *path, const json_t *first,
                            const json_t *second)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)first, key, value)
        compare_member(differences, path, key, first, second);
    json_object_foreach((json_t *)second, key, value) if (!json_object_get(first, key))
        compare_member(differences, path, key, first, second);
}

static json_t *length_of(const json_t *array)
{
    char *text = text_format("%zu entries", json_array_size(array));
    json_t *length = json_string(text);
    free(text);
    return length;
}

static void compare_arrays(json_t *differences, const char *path, const json_t *first,
                           const json_t *second)
{
    size_t count = json_array_size(first);
    if (count != json_array_size(second)) {
        add_difference(differences, path, length_of(first), length_of(second));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char *longer = text_format("%s[%zu]", path, i);
        compare_values(differences, longer, json_array_get(first, i), json_array_get(second, i));
        free(longer);
    }
}

static void compare_values(json_t *differences, const char *path, const json_t *first,
                           const json_t *second)
{
    if (json_is_object(first) && json_is_object(second))
        compare_objects(differences, path, first, second);
    else if (json_is_array(first) && json_is_array(second))
        compare_arrays(differences, path, first, second);
    else if (!json_equal(first, second))
        add_difference(differences, path, value_or_null(first), value_or_null(second));
}

json_t *compare_manifests(const json_t *first, const json_t *second)
{
    json_t *differences = json_array();
    compare_values(differences, "", first, second);
    return differences;
}

/* The logarithms' mean and the square of its standard error; false when one is not positive. */
static bool log_mean(const double *values, size_t n, double *mean, double *error_squared)
{
    double *logs = text_allocate(n, sizeof *logs);
    bool positive = n > 0;
    for (size_t i = 0; i < n; i++) {
        positive = positive && values[i] > 0; /* false for NAN as well */
        logs[i] = values[i] > 0 ? log(values[i]) : NAN;
    }
    *mean = positive ? gsl_stats_mean(logs, 1, n) : NAN;
    *error_squared = positive && n > 1 ? gsl_stats_variance_m(logs, 1, n, *mean) / (double)n : NAN;
    free(logs);
    return positive;
}

struct compare_ratio compare_welch(const double *first, size_t n_first, const double *second,
                                   size_t n_second, size_t comparisons)
{
    struct compare_ratio ratio = {{n_first, n_second}, {NAN, NAN}, NAN, NAN, NAN, NAN};
    double mean[2], v[2];
    bool known = log_mean(first, n_first, &mean[0], &v[0]);
    known = log_mean(second, n_second, &mean[1], &v[1]) && known;
    if (!known)
        return ratio;
    double difference = mean[1] - mean[0];
    ratio.mean[0] = exp(mean[0]);
    ratio.mean[1] = exp(mean[1]);
    ratio.ratio = exp(difference);
    if (!(v[0] + v[1] > 0))
        return ratio;
    ratio.degrees = (v[0] + v[1]) * (v[0] + v[1]) /
                    (v[0] * v[0] / ((double)n_first - 1) + v[1] * v[1] / ((double)n_second - 1));
    double tail = error_rate / 2 / (double)comparisons;
    double reach = gsl_cdf_tdist_Qinv(tail, ratio.degrees) * sqrt(v[0] + v[1]);
    ratio.low = exp(difference - reach);
    ratio.high = exp(difference + reach);
    return ratio;
}

const char *compare_verdict_name(enum compare_verdict verdict)
{
    static const char *const names[COMPARE_VERDICTS] = {
        [COMPARE_ALIKE] = "alike",       [COMPARE_HIGHER] = "higher",
        [COMPARE_LOWER] = "lower",       [COMPARE_GENERATOR] = "generator-bound",
        [COMPARE_INVALID] = "not valid", [COMPARE_TOO_FEW] = "too few trials",
    };
    return names[verdict];
}

static size_t metric_values(double *values, enum metric metric, const struct record *record,
                            const struct summary_cell *cell)
{
    size_t n = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (trial->level == cell->level && strcmp(trial->workload, cell->workload) == 0 &&
            strcmp(trial->model, cell->model) == 0 && !trial->failure[0])
            values[n++] = metric_of(metric, trial, &record->histograms[i]);
    }
    return n;
}

static enum compare_verdict judge(const struct compare_ratio *ratio, enum metric metric,
                                  const struct summary_cell *cells[2])
{
    for (int i = 0; i < 2; i++)
        if (!summary_is_valid(cells[i]))
            return COMPARE_INVALID;
    for (int i = 0; i < 2; i++)
        if (metric == METRIC_THROUGHPUT_RPS &&
            strcmp(summary_limited_by(cells[i]), "generator") == 0)
            return COMPARE_GENERATOR;
    if (isnan(ratio->low))
        return COMPARE_TOO_FEW;
    if (ratio->low <= 1 && ratio->high >= 1)
        return COMPARE_ALIKE;
    return ratio->ratio > 1 ? COMPARE_HIGHER : COMPARE_LOWER;
}

static void fill_cell(struct compare_cell *to, const struct record *records[2],
                      const struct summary_cell *cells[2], size_t comparisons)
{
    double *first = text_allocate(records[0]->count, sizeof *first);
    double *second = text_allocate(records[1]->count, sizeof *second);
    *to =
        (struct compare_cell){.model = cells[0]->model,
                              .workload = cells[0]->workload,
                              .level = cells[0]->level,
                              .reason = cells[0]->reason[0] ? cells[0]->reason : cells[1]->reason};
    for (int i = 0; i < COMPARE_METRICS; i++) {
        size_t n_first = metric_values(first, compare_metrics[i], records[0], cells[0]);
        size_t n_second = metric_values(second, compare_metrics[i], records[1], cells[1]);
        to->ratios[i] = compare_welch(first, n_first, second, n_second, comparisons);
        to->verdicts[i] = judge(&to->ratios[i], compare_metrics[i], cells);
    }
    free(first);
    free(second);
}

static void summarise(struct summary *summary, const struct record *record)
{
    const json_t *models = json_object_get(record->manifest, "models");
    size_t count = json_array_size(models);
    const char **names = text_allocate(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_object_get(json_array_get(models, i), "name"));
        names[i] = name ? name : "";
    }
    summary_build(summary, record->trials, record->histograms, record->count, names, count);
    free(names);
}

/* NULL when the summary has no such cell. */
static const struct summary_cell *partner_of(const struct summary_cell *cell,
                                             const struct summary *summary)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *other = &summary->cells[i];
        if (other->level == cell->level && strcmp(other->workload, cell->workload) == 0 &&
            strcmp(other->model, cell->model) == 0)
            return other;
    }
    return NULL;
}

/* Sets how many cells both have, and how many of them are valid in both. */
static void count_cells(struct comparison *comparison)
{
    const struct summary *first = &comparison->summaries[0];
    for (size_t i = 0; i < first->count; i++) {
        const struct summary_cell *partner =
            partner_of(&first->cells[i], &comparison->summaries[1]);
        comparison->count += partner != NULL;
        comparison->compared +=
            partner && summary_is_valid(&first->cells[i]) && summary_is_valid(partner);
    }
    for (int i = 0; i < 2; i++)
        comparison->only[i] = comparison->summaries[i].count - comparison->count;
}

void compare_records(struct comparison *comparison, const struct record *first,
                     const struct record *second)
{
    const struct record *records[2] = {first, second};
    *comparison = (struct comparison){0};
    for (int i = 0; i < 2; i++)
        summarise(&comparison->summaries[i], records[i]);
    count_cells(comparison);
    size_t comparisons = comparison->compared ? comparison->compared : 1;
    comparison->cells = text_allocate(comparison->count, sizeof *comparison->cells);
    struct compare_cell *to = comparison->cells;
    for (size_t i = 0; i < comparison->summaries[0].count; i++) {
        const struct summary_cell *cells[2] = {&comparison->summaries[0].cells[i]};
        cells[1] = partner_of(cells[0], &comparison->summaries[1]);
        if (cells[1])
            fill_cell(to++, records, cells, comparisons);
    }
}

void compare_finish(struct comparison *comparison)
{
    for (int i = 0; i < 2; i++)
        summary_finish(&comparison->summaries[i]);
    free(comparison->cells);
    *comparison = (struct comparison){0};
}

size_t compare_real(const struct comparison *comparison)
{
    size_t real = 0;
    for (size_t i = 0; i < comparison->count; i++)
        for (int k = 0; k < COMPARE_METRICS; k++) {
            enum compare_verdict verdict = comparison->cells[i].verdicts[k];
            real += verdict == COMPARE_HIGHER || verdict == COMPARE_LOWER;
        }
    return real;
}

static json_t *number_or_null(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *ratio_to_json(const struct compare_ratio *ratio, enum compare_verdict verdict)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:s, s:b}", "first",
                     number_or_null(ratio->mean[0]), "second", number_or_null(ratio->mean[1]),
                     "ratio", number_or_null(ratio->ratio), "low", number_or_null(ratio->low),
                     "high", number_or_null(ratio->high), "first_trials", (json_int_t)ratio->n[0],
                     "second_trials", (json_int_t)ratio->n[1], "verdict",
                     compare_verdict_name(verdict), "real",
                     verdict == COMPARE_HIGHER || verdict == COMPARE_LOWER);
}

json_t *compare_to_json(const struct comparison *comparison)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compare_cell *cell = &comparison->cells[i];
        json_t *object =
            json_pack("{s:s, s:s, s:I, s:s}", "model", cell->model, "workload", cell->workload,
                      "level", (json_int_t)cell->level, "reason", cell->reason);
        for (int k = 0; k < COMPARE_METRICS; k++)
            json_object_set_new(object, metric_name(compare_metrics[k]),
                                ratio_to_json(&cell->ratios[k], cell->verdicts[k]));
        json_array_append_new(cells, object);
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:o}", "compared", (json_int_t)comparison->compared,
                     "only_first", (json_int_t)comparison->only[0], "only_second",
                     (json_int_t)comparison->only[1], "real", (json_int_t)compare_real(comparison),
                     "cells", cells);
}
