/* SPDX-License-Identifier: MIT */
#include "bench/judge/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/judge/rank.h"
#include "bench/base/text.h"

enum { MOST_TRIALS = 10000 /* nobody makes more of one cell */ };

static const double error_rate = 0.05; /* of all intervals of one quantity together */
static const double power = 0.80;

const enum metric compare_metrics[COMPARE_METRICS] = {METRIC_THROUGHPUT_RPS,
                                                      METRIC_CPU_US_PER_REQUEST};

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

static double degrees_of_freedom(const double v[2], const size_t n[2])
{
    return (v[0] + v[1]) * (v[0] + v[1]) /
           (v[0] * v[0] / ((double)n[0] - 1) + v[1] * v[1] / ((double)n[1] - 1));
}

static double simultaneous_t(double degrees, size_t comparisons)
{
    return gsl_cdf_tdist_Qinv(error_rate / 2 / (double)comparisons, degrees);
}

struct compare_ratio compare_welch(const double *first, size_t n_first, const double *second,
                                   size_t n_second, size_t comparisons)
{
    struct compare_ratio ratio = {.n = {n_first, n_second},
                                  .mean = {NAN, NAN},
                                  .spread = {NAN, NAN},
                                  .ratio = NAN,
                                  .low = NAN,
                                  .high = NAN,
                                  .degrees = NAN};
    double mean[2], v[2];
    bool known = log_mean(first, n_first, &mean[0], &v[0]);
    known = log_mean(second, n_second, &mean[1], &v[1]) && known;
    if (!known)
        return ratio;
    double difference = mean[1] - mean[0];
    ratio.mean[0] = exp(mean[0]);
    ratio.mean[1] = exp(mean[1]);
    ratio.ratio = exp(difference);
    ratio.spread[0] = sqrt(v[0] * (double)n_first);
    ratio.spread[1] = sqrt(v[1] * (double)n_second);
    if (!(v[0] + v[1] > 0))
        return ratio;
    ratio.degrees = degrees_of_freedom(v, ratio.n);
    double reach = simultaneous_t(ratio.degrees, comparisons) * sqrt(v[0] + v[1]);
    ratio.low = exp(difference - reach);
    ratio.high = exp(difference + reach);
    return ratio;
}

static bool suffices(const struct compare_ratio *ratio, size_t n, size_t comparisons,
                     double distance)
{
    double v[2];
    for (int i = 0; i < 2; i++)
        v[i] = ratio->spread[i] * ratio->spread[i] / (double)n;
    double degrees = degrees_of_freedom(v, (size_t[]){n, n});
    double t = simultaneous_t(degrees, comparisons) + gsl_cdf_tdist_Pinv(power, degrees);
    return t * sqrt(v[0] + v[1]) <= distance;
}

size_t compare_trials_needed(const struct compare_ratio *ratio, size_t comparisons,
                             double threshold)
{
    double size = fabs(log(ratio->ratio)), distance = fmax(size, log1p(threshold) - size);
    size_t fewer = ratio->n[0] < ratio->n[1] ? ratio->n[0] : ratio->n[1];
    size_t too_few = fewer > 1 ? fewer : 1, enough = MOST_TRIALS;
    if (too_few >= enough || !suffices(ratio, enough, comparisons, distance))
        return 0;
    while (enough - too_few > 1) {
        size_t middle = too_few + (enough - too_few) / 2;
        if (suffices(ratio, middle, comparisons, distance))
            enough = middle;
        else
            too_few = middle;
    }
    return enough;
}

const char *compare_verdict_name(enum compare_verdict verdict)
{
    static const char *const names[COMPARE_VERDICTS] = {
        [COMPARE_HIGHER] = "higher",
        [COMPARE_LOWER] = "lower",
        [COMPARE_EQUIVALENT] = "equivalent",
        [COMPARE_NEGLIGIBLE] = "negligible",
        [COMPARE_INCONCLUSIVE] = "inconclusive",
        [COMPARE_GENERATOR] = "generator-bound",
        [COMPARE_INVALID] = "not valid",
        [COMPARE_TOO_FEW] = "too few trials",
    };
    return names[verdict];
}

enum compare_verdict compare_judge(const struct compare_ratio *ratio, double threshold)
{
    double delta = log1p(threshold);
    bool small = log(ratio->low) > -delta && log(ratio->high) < delta;
    bool different = ratio->low > 1 || ratio->high < 1;
    if (isnan(ratio->low))
        return COMPARE_TOO_FEW;
    if (different && !small)
        return ratio->ratio > 1 ? COMPARE_HIGHER : COMPARE_LOWER;
    if (small)
        return different ? COMPARE_NEGLIGIBLE : COMPARE_EQUIVALENT;
    return COMPARE_INCONCLUSIVE;
}

static size_t metric_values(double *values, enum metric metric, const struct record *record,
                            const struct summary_cell *cell)
{
    size_t n = 0;
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (trial->level == cell->level && strcmp(trial->workload, cell->workload) == 0 &&
            strcmp(trial->model, cell->model) == 0 && !trial->failure[0] && !trial->replaced &&
            trial->spoilt != 1)
            values[n++] = metric_of(metric, trial, &record->histograms[i]);
    }
    return n;
}

static bool is_bound(const struct summary_cell *cell, enum metric metric)
{
    return metric == METRIC_THROUGHPUT_RPS && strcmp(summary_limited_by(cell), "generator") == 0;
}

/* Where the generator set the speed the true one is as high or higher: what stands is only that the
 * run which it held back is the faster one all the same. */
static enum compare_verdict judge(const struct compare_quantity *quantity, enum metric metric,
                                  const struct summary_cell *cells[2])
{
    if (!summary_is_valid(cells[0]) || !summary_is_valid(cells[1]))
        return COMPARE_INVALID;
    enum compare_verdict verdict = compare_judge(&quantity->ratio, quantity->threshold);
    bool bound[2] = {is_bound(cells[0], metric), is_bound(cells[1], metric)};
    if ((!bound[0] && !bound[1]) || verdict == COMPARE_TOO_FEW ||
        (verdict == COMPARE_HIGHER && !bound[0]) || (verdict == COMPARE_LOWER && !bound[1]))
        return verdict;
    return COMPARE_GENERATOR;
}

/* 0 when this run has no such contest. */
static double contest_threshold(const struct ranking *ranking, const struct summary_cell *cell,
                                enum metric metric)
{
    for (size_t i = 0; i < ranking->count; i++) {
        const struct contest *contest = &ranking->contests[i];
        if (contest->metric == metric && contest->level == cell->level &&
            strcmp(contest->workload, cell->workload) == 0)
            return contest->threshold;
    }
    return 0;
}

static double threshold_of(const struct comparison *comparison, const struct summary_cell *cell,
                           enum metric metric)
{
    if (!isnan(comparison->asked_threshold))
        return comparison->asked_threshold;
    return fmax(contest_threshold(&comparison->rankings[0], cell, metric),
                contest_threshold(&comparison->rankings[1], cell, metric));
}

static void fill_quantity(struct compare_quantity *quantity, enum metric metric,
                          const struct record *records[2], const struct summary_cell *cells[2],
                          size_t comparisons)
{
    double *values[2];
    size_t n[2];
    for (int i = 0; i < 2; i++) {
        values[i] = text_allocate(records[i]->count, sizeof *values[i]);
        n[i] = metric_values(values[i], metric, records[i], cells[i]);
    }
    quantity->ratio = compare_welch(values[0], n[0], values[1], n[1], comparisons);
    quantity->verdict = judge(quantity, metric, cells);
    if (quantity->verdict == COMPARE_INCONCLUSIVE)
        quantity->trials_needed =
            compare_trials_needed(&quantity->ratio, comparisons, quantity->threshold);
    free(values[0]);
    free(values[1]);
}

static void fill_cell(struct compare_cell *to, const struct comparison *comparison,
                      const struct record *records[2], const struct summary_cell *cells[2])
{
    size_t comparisons = comparison->compared ? comparison->compared : 1;
    *to =
        (struct compare_cell){.model = cells[0]->model,
                              .workload = cells[0]->workload,
                              .level = cells[0]->level,
                              .reason = cells[0]->reason[0] ? cells[0]->reason : cells[1]->reason};
    for (int i = 0; i < COMPARE_METRICS; i++) {
        to->quantities[i].threshold = threshold_of(comparison, cells[0], compare_metrics[i]);
        fill_quantity(&to->quantities[i], compare_metrics[i], records, cells, comparisons);
    }
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

/* NULL when the summary has no such cell, or it is a twin's. */
static const struct summary_cell *partner_of(const struct summary_cell *cell,
                                             const struct summary *summary)
{
    for (size_t i = 0; i < summary->count && !rank_is_twin(cell->model); i++) {
        const struct summary_cell *other = &summary->cells[i];
        if (other->level == cell->level && strcmp(other->workload, cell->workload) == 0 &&
            strcmp(other->setting, cell->setting) == 0 && strcmp(other->model, cell->model) == 0)
            return other;
    }
    return NULL;
}

static size_t count_without_twins(const struct summary *summary)
{
    size_t count = 0;
    for (size_t i = 0; i < summary->count; i++)
        count += !rank_is_twin(summary->cells[i].model);
    return count;
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
        comparison->only[i] = count_without_twins(&comparison->summaries[i]) - comparison->count;
}

void compare_records(struct comparison *comparison, const struct record *first,
                     const struct record *second, double threshold)
{
    const struct record *records[2] = {first, second};
    *comparison = (struct comparison){.asked_threshold = threshold};
    for (int i = 0; i < 2; i++) {
        summarise(&comparison->summaries[i], records[i]);
        rank_build(&comparison->rankings[i], records[i], &comparison->summaries[i]);
    }
    count_cells(comparison);
    comparison->cells = text_allocate(comparison->count, sizeof *comparison->cells);
    struct compare_cell *to = comparison->cells;
    for (size_t i = 0; i < comparison->summaries[0].count; i++) {
        const struct summary_cell *cells[2] = {&comparison->summaries[0].cells[i]};
        cells[1] = partner_of(cells[0], &comparison->summaries[1]);
        if (cells[1])
            fill_cell(to++, comparison, records, cells);
    }
}

void compare_finish(struct comparison *comparison)
{
    for (int i = 0; i < 2; i++) {
        rank_finish(&comparison->rankings[i]);
        summary_finish(&comparison->summaries[i]);
    }
    free(comparison->cells);
    *comparison = (struct comparison){0};
}

size_t compare_count(const struct comparison *comparison, enum compare_verdict verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->count; i++)
        for (int k = 0; k < COMPARE_METRICS; k++)
            count += comparison->cells[i].quantities[k].verdict == verdict;
    return count;
}

static json_t *number_or_null(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *quantity_to_json(const struct compare_quantity *quantity)
{
    const struct compare_ratio *ratio = &quantity->ratio;
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:o, s:o}", "first", number_or_null(ratio->mean[0]), "second",
                  number_or_null(ratio->mean[1]), "ratio", number_or_null(ratio->ratio), "low",
                  number_or_null(ratio->low), "high", number_or_null(ratio->high));
    json_object_set_new(object, "first_trials", json_integer((json_int_t)ratio->n[0]));
    json_object_set_new(object, "second_trials", json_integer((json_int_t)ratio->n[1]));
    json_object_set_new(object, "threshold", number_or_null(quantity->threshold));
    json_object_set_new(object, "verdict", json_string(compare_verdict_name(quantity->verdict)));
    json_object_set_new(object, "trials_needed",
                        quantity->trials_needed ? json_integer((json_int_t)quantity->trials_needed)
                                                : json_null());
    return object;
}

static json_t *cells_to_json(const struct comparison *comparison)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compare_cell *cell = &comparison->cells[i];
        json_t *object =
            json_pack("{s:s, s:s, s:I, s:s}", "model", cell->model, "workload", cell->workload,
                      "level", (json_int_t)cell->level, "reason", cell->reason);
        for (int k = 0; k < COMPARE_METRICS; k++)
            json_object_set_new(object, metric_name(compare_metrics[k]),
                                quantity_to_json(&cell->quantities[k]));
        json_array_append_new(cells, object);
    }
    return cells;
}

json_t *compare_to_json(const struct comparison *comparison)
{
    json_t *verdicts = json_object();
    for (int i = 0; i < COMPARE_VERDICTS; i++)
        json_object_set_new(
            verdicts, compare_verdict_name((enum compare_verdict)i),
            json_integer((json_int_t)compare_count(comparison, (enum compare_verdict)i)));
    return json_pack("{s:I, s:I, s:I, s:o, s:o}", "compared", (json_int_t)comparison->compared,
                     "only_first", (json_int_t)comparison->only[0], "only_second",
                     (json_int_t)comparison->only[1], "verdicts", verdicts, "cells",
                     cells_to_json(comparison));
}
