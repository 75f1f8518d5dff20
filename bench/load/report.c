/* SPDX-License-Identifier: MIT */
#include "bench/load/report.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/record/histogram.h"
#include "bench/load/complain.h"
#include "bench/load/result.h"

static const double us_per_second = 1e6, ns_per_us = 1e3, ns_per_second = 1e9;

static const struct level {
    double p;
    const char *field, *title;
} levels[] = {
    {0.5, "p50_ns", "p50"},      {0.9, "p90_ns", "p90"},         {0.99, "p99_ns", "p99"},
    {0.999, "p999_ns", "p99.9"}, {0.9999, "p9999_ns", "p99.99"},
};
enum { LEVELS = sizeof levels / sizeof *levels };

/* ---- JSON ---- */

static json_t *whole(uint64_t number)
{
    return json_integer((json_int_t)number);
}

/* Percentiles with fewer than 100 samples beyond them are null: they are chance. */
static json_t *json_of_tally(const struct tally *tally)
{
    if (tally->count == 0)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "count", whole(tally->count));
    json_object_set_new(object, "mean_ns", whole((uint64_t)tally_mean_ns(tally)));
    json_object_set_new(object, "min_ns", whole(tally->min_ns));
    for (int i = 0; i < LEVELS; i++)
        json_object_set_new(object, levels[i].field,
                            histogram_supports(tally->count, levels[i].p)
                                ? whole(tally_percentile_ns(tally, levels[i].p))
                                : json_null());
    json_object_set_new(object, "max_ns", whole(tally->max_ns));
    return object;
}

static json_t *json_of_plan(const struct plan *plan)
{
    static const char *const arrivals[] = {"poisson", "uniform"};
    bool open = plan_is_open(plan);
    json_t *object = json_pack(
        "{s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "target", plan->target,
        "protocol", plan->protocol == PLAN_ECHO ? "echo" : "http", "open_loop", open, "churn",
        plan->churn, "connections", (json_int_t)plan->connections, "connections_most",
        (json_int_t)plan->most, "threads", (json_int_t)plan->threads, "pipeline",
        (json_int_t)plan->pipeline, "warm_up_us", (json_int_t)(plan->warm_up_ns / 1000),
        "window_us", (json_int_t)(plan->window_ns / 1000), "timeout_us",
        (json_int_t)(plan->timeout_ns / 1000));
    if (plan->protocol == PLAN_ECHO)
        json_object_set_new(object, "size_bytes", whole(plan->size));
    if (open) {
        json_object_set_new(object, "rate_rps", json_real(plan->rate));
        json_object_set_new(object, "arrivals", json_string(arrivals[plan->arrivals]));
        json_object_set_new(object, "seed", whole(plan->seed));
    }
    return object;
}

static json_t *json_of_faults(const struct counts *counts)
{
    json_t *object = json_object();
    for (int i = 0; i < FAULTS; i++)
        json_object_set_new(object, fault_name((enum fault)i), whole(counts->faults[i]));
    return object;
}

/* [answers, connections that had so many], from the fewest answers to the most. */
static json_t *json_of_shares(const struct result *result)
{
    json_t *shares = json_array();
    for (unsigned i = 0, next; i < result->connections; i = next) {
        for (next = i + 1; next < result->connections; next++)
            if (result->answers[next] != result->answers[i])
                break;
        json_array_append_new(
            shares, json_pack("[I, I]", (json_int_t)result->answers[i], (json_int_t)(next - i)));
    }
    return shares;
}

static json_t *json_of_connections(const struct result *result)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I}, s:o}",
                     "connections", (json_int_t)result->connections, "open_at_start",
                     (json_int_t)result->open_at_start, "served", (json_int_t)result->served,
                     "served_min", (json_int_t)result->served_min, "served_max",
                     (json_int_t)result->served_max, "jain_ppm", (json_int_t)(result->jain * 1e6),
                     "starved", (json_int_t)result->counts->starved, "slowest", "number",
                     (json_int_t)result->slowest, "requests", (json_int_t)result->slowest_requests,
                     "mean_ns", (json_int_t)result->slowest_mean_ns, "longest_ns",
                     (json_int_t)result->slowest_longest_ns, "shares", json_of_shares(result));
}

static json_t *json_of_crowd(const struct result *result)
{
    json_t *object = json_object();
    for (int i = 0; i < CROWD_SCRIPTS; i++) {
        const struct crowd_counts *counts = &result->crowd[i];
        if (counts->asked == 0)
            continue;
        json_object_set_new(
            object, crowd_script_name((enum crowd_script)i),
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "asked", (json_int_t)counts->asked,
                      "opened", (json_int_t)counts->opened, "refused", (json_int_t)counts->refused,
                      "closed", (json_int_t)counts->closed, "resets", (json_int_t)counts->resets,
                      "bytes_sent", (json_int_t)counts->bytes_sent, "bytes_read",
                      (json_int_t)counts->bytes_read));
    }
    return object;
}

static json_t *json_of_reasons(const struct result *result)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < result->reason_count; i++)
        json_array_append_new(array, json_string(result->reasons[i]));
    return array;
}

static json_t *json_of(const struct result *result)
{
    const struct counts *counts = result->counts;
    bool open = plan_is_open(result->plan);
    return json_pack(
        "{s:I, s:o, s:b, s:o, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, "
        "s:o, "
        "s:o, s:o, s:o, s:I, s:I, s:o}",
        "schema", (json_int_t)1, "asked", json_of_plan(result->plan), "usable",
        result->reason_count == 0, "reasons", json_of_reasons(result), "window_us",
        (json_int_t)(result->window_ns / 1000), "requests", (json_int_t)counts->requests, "bytes",
        (json_int_t)counts->bytes, "answered", (json_int_t)counts->answered, "achieved_rps",
        result_rate(result), "offered", open ? whole(counts->offered) : json_null(), "offered_rps",
        open ? json_real(result_offered_rate(result)) : json_null(), "errors",
        json_of_faults(counts), "errors_early", (json_int_t)counts->early_faults, "reconnects",
        (json_int_t)counts->reconnects, "longest_wait_ns", (json_int_t)counts->longest_ns,
        "response", json_of_tally(&counts->response), "service", json_of_tally(&counts->service),
        "lateness", json_of_tally(&counts->lateness), "on_time", json_of_tally(&counts->on_time),
        "connect", json_of_tally(&counts->connect), "per_connection", json_of_connections(result),
        "cpu_user_us", (json_int_t)result->cpu_user_us, "cpu_system_us",
        (json_int_t)result->cpu_system_us, "beside", json_of_crowd(result));
}

/* ---- Files ---- */

static FILE *create(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (!file)
        complain_and_exit("cannot write %s: %s", path, strerror(errno));
    return file;
}

static void finish(FILE *file, const char *path)
{
    bool failed = ferror(file);
    if ((file == stdout ? fflush(file) : fclose(file)) != 0 || failed)
        complain_and_exit("cannot write %s: %s", path, strerror(errno));
}

static void write_json(const struct result *result, const char *path)
{
    FILE *file = create(path);
    json_t *object = json_of(result);
    if (!object || json_dumpf(object, file, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0)
        complain_and_exit("cannot write %s: out of memory or out of space", path);
    fputc('\n', file);
    json_decref(object);
    finish(file, path);
}

static void write_histogram(const struct result *result, const char *path)
{
    struct histogram histogram = {0};
    tally_export(&result->counts->response, &histogram);
    if (!histogram_write(&histogram, path, 1))
        complain_and_exit("cannot write %s: %s", path, strerror(errno));
    histogram_finish(&histogram);
}

static void write_percentiles(const struct result *result, const char *path)
{
    FILE *file = create(path);
    tally_print_percentiles(&result->counts->response, file);
    finish(file, path);
}

void report_write(const struct result *result)
{
    const struct plan *plan = result->plan;
    if (plan->json)
        write_json(result, plan->json);
    if (plan->histogram)
        write_histogram(result, plan->histogram);
    if (plan->hdr)
        write_percentiles(result, plan->hdr);
}

/* ---- For people ---- */

static void print_tally(const char *name, const struct tally *tally)
{
    if (tally->count == 0)
        return;
    printf("%-10s mean %.1f us", name, tally_mean_ns(tally) / ns_per_us);
    for (int i = 0; i < LEVELS; i++)
        if (histogram_supports(tally->count, levels[i].p))
            printf(", %s %.1f", levels[i].title,
                   (double)tally_percentile_ns(tally, levels[i].p) / ns_per_us);
    printf(", max %.1f\n", (double)tally->max_ns / ns_per_us);
}

static void print_head(const struct result *result)
{
    const struct plan *plan = result->plan;
    printf("%s, %s, %u connections%s", plan->target, plan->protocol == PLAN_ECHO ? "echo" : "http",
           plan->connections, plan->churn ? ", a new one for each request" : "");
    if (plan_is_open(plan))
        printf(", open loop at %g/s (%s)", plan->rate,
               plan->arrivals == ARRIVALS_POISSON ? "Poisson" : "uniform");
    if (plan->pipeline > 1)
        printf(", %u requests under way on each", plan->pipeline);
    printf(", %.3f s\n", (double)result->window_ns / ns_per_second);
}

static void print_shares(const struct result *result)
{
    printf("%-10s %u of %u connections served, %" PRIu64 " to %" PRIu64
           " each, Jain %.4f; slowest: mean %.1f us, longest %.1f; longest wait of all %.1f us\n",
           "fairness", result->served, result->connections, result->served_min, result->served_max,
           result->jain, (double)result->slowest_mean_ns / ns_per_us,
           (double)result->slowest_longest_ns / ns_per_us,
           (double)result->counts->longest_ns / ns_per_us);
}

static void print_faults(const struct result *result)
{
    const struct counts *counts = result->counts;
    printf("%-10s", "errors");
    if (counts_errors(counts) == 0)
        printf(" none");
    for (int i = 0; i < FAULTS; i++)
        if (counts->faults[i] > 0)
            printf(" %s %" PRIu64, fault_name((enum fault)i), counts->faults[i]);
    if (counts->early_faults)
        printf(", before the window %" PRIu64, counts->early_faults);
    if (counts->reconnects)
        printf(", reconnected %" PRIu64, counts->reconnects);
    putchar('\n');
}

static void print_crowd(const struct result *result)
{
    for (int i = 0; i < CROWD_SCRIPTS; i++) {
        const struct crowd_counts *counts = &result->crowd[i];
        if (counts->asked > 0)
            printf("%-10s %s: %" PRIu64 " wanted, %" PRIu64 " times opened, %" PRIu64
                   " refused, %" PRIu64 " closed by the server, %" PRIu64 " reset; %" PRIu64
                   " bytes sent, %" PRIu64 " read\n",
                   "beside", crowd_script_name((enum crowd_script)i), counts->asked, counts->opened,
                   counts->refused, counts->closed, counts->resets, counts->bytes_sent,
                   counts->bytes_read);
    }
}

static void print_cpu(const struct result *result)
{
    double cpu_us = (double)(result->cpu_user_us + result->cpu_system_us);
    double window_us = (double)result->window_ns / ns_per_us;
    printf("%-10s %.0f %% of a CPU", "generator", window_us > 0 ? 100 * cpu_us / window_us : 0);
    if (result->counts->answered > 0)
        printf(", %.2f us for each answer (user %.2f)", cpu_us / (double)result->counts->answered,
               (double)result->cpu_user_us / (double)result->counts->answered);
    putchar('\n');
}

static void print_load(const struct result *result)
{
    const struct counts *counts = result->counts;
    double seconds = (double)result->window_ns / ns_per_second;
    printf("%-10s %" PRIu64 " right answers, %.1f/s, %.2f MB/s", "requests", counts->answered,
           result_rate(result), seconds > 0 ? (double)counts->bytes / seconds / us_per_second : 0);
    if (plan_is_open(result->plan))
        printf("; offered %.1f/s", result_offered_rate(result));
    putchar('\n');
    print_tally("response", &counts->response);
    print_tally("service", &counts->service);
    print_tally("lateness", &counts->lateness);
    print_tally("connect", &counts->connect);
    print_shares(result);
    print_faults(result);
}

void report_print(const struct result *result)
{
    print_head(result);
    if (result->plan->connections > 0)
        print_load(result);
    print_crowd(result);
    print_cpu(result);
    printf("%-10s %s", "verdict", result->reason_count ? "not to be used" : "may be used\n");
    for (unsigned i = 0; i < result->reason_count; i++)
        printf("%s %s%s", i ? ";" : ":", result->reasons[i],
               i + 1 == result->reason_count ? "\n" : "");
}
