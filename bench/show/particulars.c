/* SPDX-License-Identifier: MIT */
#include "bench/show/particulars.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/show/tables.h"
#include "bench/base/text.h"
#include "bench/show/tsv.h"
#include "bench/record/workload.h"

enum { MEMORY_COLUMNS = 6 /* user and kernel bytes, each with low and high */ };

const double particulars_percentiles[PARTICULARS_PERCENTILES] = {0.5, 0.9, 0.99, 0.999};
const char *const particulars_percentile_names[PARTICULARS_PERCENTILES] = {"p50", "p90", "p99",
                                                                           "p99.9"};

bool particulars_has_fan(const char *workload)
{
    return strcmp(workload, workload_name(WORKLOAD_LATENCY_SHARE)) == 0 ||
           strcmp(workload, workload_name(WORKLOAD_LATENCY_RATE)) == 0;
}

static double percentile_us(const struct histogram *latency, double p)
{
    if (!histogram_supports(histogram_count(latency), p))
        return NAN;
    return (double)histogram_percentile(latency, p) / 1e3;
}

static bool is_of(const struct trial *trial, const struct summary_cell *cell)
{
    return trial->level == cell->level && strcmp(trial->workload, cell->workload) == 0 &&
           strcmp(trial->model, cell->model) == 0 && tables_has_dot(trial);
}

static void write_percentile(FILE *table, const struct summary_cell *cell, size_t which,
                             const char *of, int64_t valid, struct estimate values)
{
    fprintf(table, "%zu\t%s\t%" PRId64 "\t%" PRId64 "\t%s\t%s", tables_slot(cell->model),
            cell->workload, cell->level, valid, particulars_percentile_names[which], of);
    tsv_number(table, values.mean);
    tsv_number(table, values.low);
    tsv_number(table, values.high);
    fputc('\n', table);
}

static void write_trials_percentiles(FILE *table, const struct record *record,
                                     const struct summary_cell *cell, size_t which)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct histogram *latency = &record->histograms[i];
        struct estimate one = {1, percentile_us(latency, particulars_percentiles[which]), NAN, NAN,
                               NAN};
        if (is_of(&record->trials[i], cell))
            write_percentile(table, cell, which, "trial", record->trials[i].valid, one);
    }
}

/* The mark is that of all trials together; its interval is that of the trials. */
static void write_cells_percentile(FILE *table, const struct record *record,
                                   const struct summary_cell *cell, size_t which)
{
    double p = particulars_percentiles[which];
    double *values = text_allocate(record->count, sizeof *values);
    size_t count = 0;
    for (size_t i = 0; i < record->count; i++)
        if (is_of(&record->trials[i], cell))
            values[count++] = percentile_us(&record->histograms[i], p);
    struct estimate estimate = estimate_of(values, count);
    estimate.mean = summary_merged_ns(cell, p) / 1e3;
    write_percentile(table, cell, which, "cell", summary_is_valid(cell), estimate);
    free(values);
}

/* The cells in a row: a line joins them. */
static void write_percentiles(const char *folder, const struct record *record,
                              const struct summary *summary)
{
    FILE *table = tsv_open(folder, "percentiles.tsv");
    fputs("slot\tworkload\tlevel\tvalid\tpercentile\tof\tlatency_us\tlow_us\thigh_us\n", table);
    for (int trials = 0; trials <= 1; trials++)
        for (size_t which = 0; which < PARTICULARS_PERCENTILES; which++)
            for (size_t i = 0; i < summary->count; i++) {
                const struct summary_cell *cell = &summary->cells[i];
                if (!particulars_has_fan(cell->workload) || !tables_is_drawn(cell->model))
                    continue;
                if (trials)
                    write_trials_percentiles(table, record, cell, which);
                else
                    write_cells_percentile(table, record, cell, which);
            }
    tsv_close(table);
}

/* The kernel's counts under wrk end a little before wrk does, so that all can seem to have less
 * than the mean; no mean lies outside of what it is one of. */
static double mean_share(const struct trial *trial)
{
    double mean = (double)trial->requests / (double)trial->connections;
    return fmin(fmax(mean, (double)trial->served_min), (double)trial->served_max);
}

/* What the answers to one connection are, as shares of the mean. */
struct share {
    double fewest, most, jain;
};

/* False: it does not say. */
static bool find_share(const struct trial *trial, struct share *share)
{
    if (!tables_has_dot(trial) || trial->connections < 2 || trial->served_max <= 0 ||
        trial->served_min < 0 || trial->jain_ppm < 0)
        return false;
    double mean = mean_share(trial);
    *share = (struct share){(double)trial->served_min / mean, (double)trial->served_max / mean,
                            (double)trial->jain_ppm / 1e6};
    return true;
}

static void write_share(FILE *table, const struct summary_cell *cell, const char *of, int64_t block,
                        int64_t valid, const struct share *share)
{
    fprintf(table, "%zu\t%s\t%" PRId64 "\t%" PRId64 "\t%s\t%" PRId64, tables_slot(cell->model),
            cell->workload, cell->level, valid, of, block);
    tsv_number(table, share->fewest);
    tsv_number(table, share->most);
    tsv_number(table, share->jain);
    fputc('\n', table);
}

/* Each trial, and what is the worst of them. */
static void write_shares_of(FILE *table, const struct record *record,
                            const struct summary_cell *cell)
{
    struct share worst = {INFINITY, 0, 1}, share;
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (!is_of(trial, cell) || !find_share(trial, &share))
            continue;
        write_share(table, cell, "trial", trial->block, trial->valid, &share);
        worst = (struct share){fmin(worst.fewest, share.fewest), fmax(worst.most, share.most),
                               fmin(worst.jain, share.jain)};
    }
    if (worst.most > 0)
        write_share(table, cell, "cell", 0, summary_is_valid(cell), &worst);
}

static void write_shares(const char *folder, const struct record *record,
                         const struct summary *summary)
{
    FILE *table = tsv_open(folder, "shares.tsv");
    fputs("slot\tworkload\tlevel\tvalid\tof\tblock\tfewest\tmost\tjain\n", table);
    for (size_t i = 0; i < summary->count; i++)
        if (tables_is_drawn(summary->cells[i].model))
            write_shares_of(table, record, &summary->cells[i]);
    tsv_close(table);
}

static void write_capacities(const char *folder, const struct record *record)
{
    FILE *table = tsv_open(folder, "capacity.tsv");
    fputs("slot\tworkload\tlevel\tvalid\tblock\tlow\thigh\n", table);
    for (size_t i = 0; i < record->count; i++) {
        const struct trial *trial = &record->trials[i];
        if (!tables_has_dot(trial) || trial->capacity_low_rps <= 0)
            continue;
        fprintf(table, "%zu\t%s\t%" PRId64 "\t%" PRId64 "\t%" PRId64, tables_slot(trial->model),
                trial->workload, trial->level, trial->valid, trial->block);
        tsv_number(table, (double)trial->capacity_low_rps);
        tsv_number(table, trial->capacity_high_rps > 0 ? (double)trial->capacity_high_rps : NAN);
        fputc('\n', table);
    }
    tsv_close(table);
}

/* A line of syscalls.csv. */
struct call {
    char workload[TRIAL_NAME_SIZE], model[TRIAL_NAME_SIZE], name[TRIAL_NAME_SIZE];
    int64_t level;
    double per_request;
    size_t kind; /* index of its name */
};

struct calls {
    struct call *all;
    size_t count;
};

/* Calls of one name, and how many there are of them in all bars together. */
struct kind {
    const char *name;
    double sum;
};

static bool read_call(const char *line, struct call *call)
{
    return sscanf(line, "%31[^,],%" SCNd64 ",%31[^,],%31[^,],%lf", call->workload, &call->level,
                  call->model, call->name, &call->per_request) == 5;
}

static struct calls read_calls(const char *folder)
{
    struct calls calls = {0};
    char *path = text_format("%s/syscalls.csv", folder), *csv = text_read(path);
    for (char *line = csv ? strchr(csv, '\n') : NULL; line; line = strchr(line, '\n')) {
        struct call call = {0};
        if (!read_call(++line, &call) || !tables_is_drawn(call.model))
            continue;
        calls.all = text_reallocate(calls.all, calls.count + 1, sizeof *calls.all);
        calls.all[calls.count++] = call;
    }
    free(csv);
    free(path);
    return calls;
}

static int by_sum(const void *left, const void *right)
{
    const struct kind *a = left, *b = right;
    return (a->sum < b->sum) - (a->sum > b->sum);
}

/* Numbers the names, the most frequent first, so that a name has the same place in every bar. */
static size_t sort_kinds(struct calls *calls, struct kind *kinds)
{
    size_t count = 0;
    for (size_t i = 0; i < calls->count; i++) {
        size_t at = 0;
        while (at < count && strcmp(kinds[at].name, calls->all[i].name) != 0)
            at++;
        if (at == count)
            kinds[count++] = (struct kind){calls->all[i].name, 0};
        kinds[at].sum += calls->all[i].per_request;
    }
    qsort(kinds, count, sizeof *kinds, by_sum);
    for (size_t i = 0; i < calls->count; i++)
        for (size_t at = 0; at < count; at++)
            if (strcmp(kinds[at].name, calls->all[i].name) == 0)
                calls->all[i].kind = at;
    return count;
}

/* What of the call's bar comes before it. */
static double sum_before(const struct calls *calls, const struct call *call)
{
    double sum = 0;
    for (size_t i = 0; i < calls->count; i++) {
        const struct call *other = &calls->all[i];
        if (other->kind < call->kind && other->level == call->level &&
            strcmp(other->model, call->model) == 0 && strcmp(other->workload, call->workload) == 0)
            sum += other->per_request;
    }
    return sum;
}

static void write_calls(const char *folder)
{
    struct calls calls = read_calls(folder);
    struct kind *kinds = text_allocate(calls.count, sizeof *kinds);
    sort_kinds(&calls, kinds);
    FILE *table = tsv_open(folder, "calls.tsv");
    fputs("slot\tworkload\tlevel\tkind\tname\tfrom\tto\n", table);
    for (size_t i = 0; i < calls.count; i++) {
        const struct call *call = &calls.all[i];
        double from = sum_before(&calls, call);
        fprintf(table, "%zu\t%s\t%" PRId64 "\t%zu\t%s", tables_slot(call->model), call->workload,
                call->level, call->kind + 1, call->name);
        tsv_number(table, from);
        tsv_number(table, from + call->per_request);
        fputc('\n', table);
    }
    tsv_close(table);
    free(kinds);
    free(calls.all);
}

/* Of the field behind the next comma; NAN for an empty one. */
static double next_number(const char **at)
{
    if (**at != ',')
        return NAN;
    char *end;
    double number = strtod(++*at, &end);
    if (end == *at)
        return NAN;
    *at = end;
    return number;
}

/* FOLDER/memory.csv with slots for names. */
static void write_memory(const char *folder)
{
    char *path = text_format("%s/memory.csv", folder), *csv = text_read(path);
    FILE *table = tsv_open(folder, "memory.tsv");
    fputs("slot\tuser\tuser_low\tuser_high\tkernel\tkernel_low\tkernel_high\n", table);
    for (char *line = csv ? strchr(csv, '\n') : NULL; line; line = strchr(line, '\n')) {
        char model[TRIAL_NAME_SIZE];
        int length = 0;
        if (sscanf(++line, "%31[^,\n]%n", model, &length) != 1 || !tables_is_drawn(model))
            continue;
        fprintf(table, "%zu", tables_slot(model));
        const char *at = line + length;
        for (int i = 0; i < MEMORY_COLUMNS; i++)
            tsv_number(table, next_number(&at));
        fputc('\n', table);
    }
    tsv_close(table);
    free(csv);
    free(path);
}

void particulars_write(const char *folder, const struct record *record,
                       const struct summary *summary)
{
    write_percentiles(folder, record, summary);
    write_shares(folder, record, summary);
    write_capacities(folder, record);
    write_calls(folder);
    write_memory(folder);
}
