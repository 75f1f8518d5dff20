/* SPDX-License-Identifier: MIT */
#include "bench/judge/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/gate.h"
#include "bench/base/text.h"
#include "bench/record/workload.h"

enum { SPOILT_SHARE = 4 /* one in so many may be missing */ };

static const double merged_percentiles[] = {0.50, 0.99};

const char *metric_name(enum metric metric)
{
    static const char *const names[METRIC_COUNT] = {
        [METRIC_THROUGHPUT_RPS] = "throughput_rps",
        [METRIC_LATENCY_P50_US] = "latency_p50_us",
        [METRIC_LATENCY_P99_US] = "latency_p99_us",
        [METRIC_CPU_US_PER_REQUEST] = "cpu_us_per_request",
        [METRIC_SERVER_CPU_PERCENT] = "server_cpu_percent",
        [METRIC_GENERATOR_CPU_PERCENT] = "generator_cpu_percent",
        [METRIC_MEMORY_KIB] = "memory_kib",
        [METRIC_MEMORY_PEAK_KIB] = "memory_peak_kib",
        [METRIC_SWITCHES_PER_REQUEST] = "switches_per_request",
        [METRIC_CAPACITY_RPS] = "capacity_rps",
        [METRIC_MEMORY_USER_BYTES] = "memory_user_bytes",
        [METRIC_MEMORY_KERNEL_BYTES] = "memory_kernel_bytes",
        [METRIC_SYSCALLS_PER_REQUEST] = "syscalls_per_request",
    };
    return names[metric];
}

static double ratio(int64_t above, int64_t below, double unit)
{
    return above < 0 || below <= 0 ? NAN : unit * (double)above / (double)below;
}

static int64_t sum(int64_t a, int64_t b)
{
    return a < 0 || b < 0 ? TRIAL_UNKNOWN : a + b;
}

static double percentile_us(const struct histogram *latency, double p)
{
    if (!histogram_supports(histogram_count(latency), p))
        return NAN;
    return (double)histogram_percentile(latency, p) / 1e3;
}

double metric_of(enum metric metric, const struct trial *t, const struct histogram *latency)
{
    switch (metric) {
    case METRIC_THROUGHPUT_RPS:
        return ratio(t->requests, t->duration_us, 1e6);
    case METRIC_LATENCY_P50_US:
        return percentile_us(latency, 0.50);
    case METRIC_LATENCY_P99_US:
        return percentile_us(latency, 0.99);
    case METRIC_CPU_US_PER_REQUEST:
        return ratio(sum(t->window_server_user_us, t->window_server_system_us), t->requests, 1);
    case METRIC_SERVER_CPU_PERCENT:
        return ratio(sum(t->steady_server_user_us, t->steady_server_system_us), t->steady_wall_us,
                     100);
    case METRIC_GENERATOR_CPU_PERCENT:
        return ratio(t->steady_generator_cpu_us, t->steady_wall_us, 100);
    case METRIC_MEMORY_KIB:
        return ratio(t->memory_steady_kib, 1, 1);
    case METRIC_MEMORY_PEAK_KIB:
        return ratio(t->memory_peak_kib, 1, 1);
    case METRIC_SWITCHES_PER_REQUEST:
        return ratio(sum(t->life_voluntary_switches, t->life_involuntary_switches),
                     t->life_requests, 1);
    case METRIC_CAPACITY_RPS:
        return ratio(t->capacity_low_rps, 1, 1);
    case METRIC_MEMORY_USER_BYTES:
        return ratio(t->memory_user_bytes, 1, 1);
    case METRIC_MEMORY_KERNEL_BYTES:
        return ratio(t->memory_kernel_bytes, 1, 1);
    case METRIC_SYSCALLS_PER_REQUEST:
        return ratio(t->syscalls, t->counted_requests > 0 ? t->counted_requests : t->requests, 1);
    case METRIC_COUNT:
        break;
    }
    return NAN;
}

static bool belongs(const struct summary_cell *cell, const struct trial *trial)
{
    return cell->level == trial->level && strcmp(cell->workload, trial->workload) == 0 &&
           strcmp(cell->model, trial->model) == 0;
}

static struct summary_cell *find_cell(struct summary *summary, const struct trial *trial)
{
    for (size_t i = 0; i < summary->count; i++)
        if (belongs(&summary->cells[i], trial))
            return &summary->cells[i];
    summary->cells = text_reallocate(summary->cells, summary->count + 1, sizeof *summary->cells);
    struct summary_cell *cell = &summary->cells[summary->count++];
    *cell = (struct summary_cell){.model = trial->model,
                                  .workload = trial->workload,
                                  .level = trial->level,
                                  .reason = "",
                                  .setting = trial->setting,
                                  .server_cpus = trial->server_cpus,
                                  .load_cpus = trial->load_cpus,
                                  .shared_cpus = trial->shared_cpus};
    return cell;
}

static void fill_metrics(struct summary_cell *cell, const struct trial *trials,
                         const struct histogram *latencies, size_t count)
{
    double *values = text_allocate(count, sizeof *values);
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        size_t n = 0;
        for (size_t i = 0; i < count; i++)
            if (belongs(cell, &trials[i]) && !trials[i].failure[0] && !trials[i].replaced &&
                trials[i].spoilt != 1)
                values[n++] = metric_of((enum metric)metric, &trials[i], &latencies[i]);
        cell->metrics[metric] = estimate_of(values, n);
    }
    free(values);
}

static size_t rank_of(const char *model, const char *const *models, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(models[i], model) == 0)
            return i;
    return count;
}

static bool comes_before(const struct summary_cell *a, const struct summary_cell *b,
                         const char *const *models, size_t count)
{
    size_t rank_a = rank_of(a->model, models, count), rank_b = rank_of(b->model, models, count);
    if (rank_a != rank_b)
        return rank_a < rank_b;
    int order = workload_order(a->workload, b->workload);
    return order != 0 ? order < 0 : a->level < b->level;
}

static void sort_cells(struct summary *summary, const char *const *models, size_t count)
{
    for (size_t i = 1; i < summary->count; i++) {
        struct summary_cell cell = summary->cells[i];
        size_t at = i;
        for (; at > 0 && comes_before(&cell, &summary->cells[at - 1], models, count); at--)
            summary->cells[at] = summary->cells[at - 1];
        summary->cells[at] = cell;
    }
}

static void count_spoilt(struct summary_cell *cell)
{
    cell->made = cell->trials + cell->spoilt_trials;
    cell->given_up = gate_gives_up(cell->trials, cell->empty_trials);
    if (SPOILT_SHARE * cell->spoilt_trials <= cell->trials + cell->spoilt_trials)
        return;
    cell->trials += cell->spoilt_trials;
    if (!cell->reason[0])
        cell->reason = cell->spoilt_reason;
}

static void add_crowd(struct summary_cell *cell, const struct trial *trial)
{
    if (trial->crowd_shared_cpus <= 0 || trial->steady_crowd_cpu_us < 0 ||
        trial->steady_wall_us <= 0)
        return;
    cell->crowd_us += trial->steady_crowd_cpu_us;
    cell->crowd_wall_us += trial->steady_wall_us;
}

void summary_build(struct summary *summary, const struct trial *trials,
                   const struct histogram *latencies, size_t count, const char *const *models,
                   size_t model_count)
{
    *summary = (struct summary){0};
    for (size_t i = 0; i < count; i++) {
        if (trials[i].replaced)
            continue;
        struct summary_cell *cell = find_cell(summary, &trials[i]);
        if (trials[i].spoilt == 1) {
            cell->spoilt_trials++;
            cell->spoilt_reason = trials[i].reason;
            continue;
        }
        cell->trials++;
        cell->empty_trials += gate_is_empty(&trials[i]);
        if (trials[i].valid == 1)
            cell->valid_trials++;
        else if (!cell->reason[0])
            cell->reason = trials[i].reason;
        add_crowd(cell, &trials[i]);
        histogram_merge(&cell->merged, &latencies[i]);
    }
    for (size_t i = 0; i < summary->count; i++)
        count_spoilt(&summary->cells[i]);
    for (size_t i = 0; i < summary->count; i++)
        fill_metrics(&summary->cells[i], trials, latencies, count);
    sort_cells(summary, models, model_count);
}

void summary_finish(struct summary *summary)
{
    for (size_t i = 0; i < summary->count; i++)
        histogram_finish(&summary->cells[i].merged);
    free(summary->cells);
    *summary = (struct summary){0};
}

bool summary_has(const struct summary *summary, const char *workload)
{
    for (size_t i = 0; i < summary->count; i++)
        if (strcmp(summary->cells[i].workload, workload) == 0)
            return true;
    return false;
}

bool summary_is_valid(const struct summary_cell *cell)
{
    return cell->trials > 0 && cell->valid_trials == cell->trials;
}

/* From shares of one CPU to shares of those that there are. Where both use the same ones, the
 * generator is in the server's way as soon as the two together leave nothing: with it elsewhere the
 * server would have answered more. */
static void share_cpus(const struct summary_cell *cell, double *server, double *generator)
{
    if (cell->server_cpus < 1 || cell->load_cpus < 1)
        return;
    double all = (double)(cell->server_cpus + cell->load_cpus - cell->shared_cpus);
    *generator =
        cell->shared_cpus > 0 ? (*server + *generator) / all : *generator / (double)cell->load_cpus;
    *server /= (double)cell->server_cpus;
}

const char *summary_limited_by(const struct summary_cell *cell)
{
    double server = cell->metrics[METRIC_SERVER_CPU_PERCENT].mean;
    double generator = cell->metrics[METRIC_GENERATOR_CPU_PERCENT].mean;
    if (isnan(server) || isnan(generator))
        return "";
    if (workload_find(cell->workload) == WORKLOAD_SCALING)
        share_cpus(cell, &server, &generator);
    if (cell->crowd_wall_us > 0) /* what they took, the load could not have had */
        generator += 100 * (double)cell->crowd_us / (double)cell->crowd_wall_us;
    return gate_limited_by(cell->workload, server, generator);
}

double summary_merged_ns(const struct summary_cell *cell, double p)
{
    if (!histogram_supports(histogram_count(&cell->merged), p))
        return NAN;
    return (double)histogram_percentile(&cell->merged, p);
}

static void write_number(FILE *csv, double number)
{
    if (isnan(number))
        fputc(',', csv); /* an empty field: not known */
    else
        fprintf(csv, ",%.6g", number);
}

static void write_header(FILE *csv)
{
    fputs("model,workload,level,trials,valid_trials,valid,limited_by", csv);
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        const char *name = metric_name((enum metric)metric);
        fprintf(csv, ",%s,%s_low,%s_high,%s_median", name, name, name, name);
    }
    fputs(",latency_merged_p50_ns,latency_merged_p99_ns,reason,setting\n", csv);
}

static void write_cell(FILE *csv, const struct summary_cell *cell)
{
    fprintf(csv, "%s,%s,%" PRId64 ",%zu,%zu,%d,%s", cell->model, cell->workload, cell->level,
            cell->trials, cell->valid_trials, summary_is_valid(cell), summary_limited_by(cell));
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        const struct estimate *estimate = &cell->metrics[metric];
        write_number(csv, estimate->mean);
        write_number(csv, estimate->low);
        write_number(csv, estimate->high);
        write_number(csv, estimate->median);
    }
    for (size_t i = 0; i < sizeof merged_percentiles / sizeof *merged_percentiles; i++)
        write_number(csv, summary_merged_ns(cell, merged_percentiles[i]));
    fprintf(csv, ",\"%s\",%s\n", cell->reason, cell->setting);
}

void summary_write(const struct summary *summary, FILE *csv)
{
    write_header(csv);
    for (size_t i = 0; i < summary->count; i++)
        write_cell(csv, &summary->cells[i]);
}
