/* SPDX-License-Identifier: MIT */
#include "bench/judge/slope.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/base/text.h"
#include "bench/record/workload.h"

static const double upper_tail = 0.975; /* of a two-sided 95 % interval */

static double off_line(const struct slope *slope, const double *levels, size_t count,
                       const double *values, size_t blocks)
{
    double farthest = 0;
    for (size_t i = 0; i < count; i++) {
        double mean = gsl_stats_mean(values + i, count, blocks);
        farthest = fmax(farthest, fabs(mean - slope->base - slope->per_level * levels[i]));
    }
    return farthest;
}

struct slope slope_of(const double *levels, size_t count, const double *values, size_t blocks)
{
    struct slope slope = {NAN, NAN, NAN, NAN, NAN};
    if (count < 2 || blocks < 1)
        return slope;
    double *slopes = text_allocate(blocks, sizeof *slopes);
    double *bases = text_allocate(blocks, sizeof *bases);
    for (size_t i = 0; i < blocks; i++) {
        double base_variance, covariance, slope_variance, squares;
        gsl_fit_linear(levels, 1, values + i * count, 1, count, &bases[i], &slopes[i],
                       &base_variance, &covariance, &slope_variance, &squares);
    }
    slope.per_level = gsl_stats_mean(slopes, 1, blocks);
    slope.base = gsl_stats_mean(bases, 1, blocks);
    slope.off_line = off_line(&slope, levels, count, values, blocks);
    if (blocks >= 2) {
        double reach = gsl_cdf_tdist_Pinv(upper_tail, (double)blocks - 1) *
                       gsl_stats_sd(slopes, 1, blocks) / sqrt((double)blocks);
        slope.low = slope.per_level - reach;
        slope.high = slope.per_level + reach;
    }
    free(bases);
    free(slopes);
    return slope;
}

/* One model's points: rows of blocks, columns of levels. */
struct points {
    const char *model;
    double *levels;
    size_t count;
    double *user, *kernel;
    size_t blocks;
};

static const struct trial *find_trial(const struct record *record, const struct points *points,
                                      size_t level, int64_t block)
{
    const char *workload = workload_name(WORKLOAD_MEMORY);
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (trial->block == block && trial->valid == 1 && !trial->replaced &&
            (double)trial->level == points->levels[level] &&
            strcmp(trial->workload, workload) == 0 && strcmp(trial->model, points->model) == 0)
            return trial;
    }
    return NULL;
}

/* False when the block lacks a level. */
static bool fill_row(struct points *points, const struct record *record, int64_t block)
{
    double *user = points->user + points->blocks * points->count;
    double *kernel = points->kernel + points->blocks * points->count;
    for (size_t i = 0; i < points->count; i++) {
        const struct trial *trial = find_trial(record, points, i, block);
        if (!trial || trial->memory_user_bytes < 0 || trial->memory_kernel_bytes < 0)
            return false;
        user[i] = (double)trial->memory_user_bytes;
        kernel[i] = (double)trial->memory_kernel_bytes;
    }
    return true;
}

static int64_t last_block(const struct record *record)
{
    int64_t last = 0;
    for (size_t i = 0; i < record->count; i++)
        last = record->trials[i].block > last ? record->trials[i].block : last;
    return last;
}

static bool has_memory(const struct summary_cell *cell, const char *model)
{
    return strcmp(cell->model, model) == 0 &&
           strcmp(cell->workload, workload_name(WORKLOAD_MEMORY)) == 0;
}

static struct points gather(const char *model, const struct record *record,
                            const struct summary *summary)
{
    const int64_t last = last_block(record);
    struct points points = {.model = model,
                            .levels = text_allocate(summary->count, sizeof *points.levels)};
    for (size_t i = 0; i < summary->count; i++)
        if (has_memory(&summary->cells[i], model) && summary_is_valid(&summary->cells[i]))
            points.levels[points.count++] = (double)summary->cells[i].level;
    points.user = text_allocate(points.count * (size_t)last, sizeof *points.user);
    points.kernel = text_allocate(points.count * (size_t)last, sizeof *points.kernel);
    for (int64_t block = 1; block <= last && points.count > 0; block++)
        points.blocks += fill_row(&points, record, block);
    return points;
}

static void write_number(FILE *csv, double number)
{
    if (isnan(number))
        fputc(',', csv); /* an empty field: cannot be said */
    else
        fprintf(csv, ",%.6g", number);
}

static void write_slope(FILE *csv, const struct slope *slope)
{
    write_number(csv, slope->per_level);
    write_number(csv, slope->low);
    write_number(csv, slope->high);
}

static void write_model(FILE *csv, const char *model, const struct record *record,
                        const struct summary *summary)
{
    struct points points = gather(model, record, summary);
    struct slope user = slope_of(points.levels, points.count, points.user, points.blocks);
    struct slope kernel = slope_of(points.levels, points.count, points.kernel, points.blocks);
    if (!isnan(user.per_level)) {
        fputs(model, csv);
        write_slope(csv, &user);
        write_slope(csv, &kernel);
        write_number(csv, user.base);
        write_number(csv, kernel.base);
        write_number(csv, user.off_line);
        write_number(csv, kernel.off_line);
        fprintf(csv, ",%zu,%zu\n", points.count, points.blocks);
    }
    free(points.levels);
    free(points.user);
    free(points.kernel);
}

void slope_write(const struct record *record, const struct summary *summary, FILE *csv)
{
    fputs("model,user_bytes_per_connection,user_bytes_per_connection_low,"
          "user_bytes_per_connection_high,kernel_bytes_per_connection,"
          "kernel_bytes_per_connection_low,kernel_bytes_per_connection_high,user_base_bytes,"
          "kernel_base_bytes,user_off_line_bytes,kernel_off_line_bytes,levels,blocks\n",
          csv);
    const char *last = "";
    for (size_t i = 0; i < summary->count; i++) {
        const char *model = summary->cells[i].model;
        if (!has_memory(&summary->cells[i], model) || strcmp(model, last) == 0)
            continue; /* a model's cells stand together */
        write_model(csv, model, record, summary);
        last = model;
    }
}
