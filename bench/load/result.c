/* SPDX-License-Identifier: MIT */
#include "bench/load/result.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/load/clock.h"
#include "bench/load/worker.h"
#include "bench/base/text.h"

static const double least_achieved = 0.99; /* of what was offered */
static const double most_late = 0.1;       /* of the 99th percentile of the response time */

double result_rate(const struct result *result)
{
    return result->window_ns ? (double)result->counts->answered * (double)CLOCK_SECOND_NS /
                                   (double)result->window_ns
                             : 0;
}

double result_offered_rate(const struct result *result)
{
    return result->window_ns ? (double)result->counts->offered * (double)CLOCK_SECOND_NS /
                                   (double)result->window_ns
                             : 0;
}

/* ---- Each connection's share ---- */

struct sums {
    double requests, squares;
};

static uint64_t mean_of(const struct connection *connection)
{
    return connection->requests ? connection->total_ns / connection->requests : 0;
}

static bool is_slower(const struct result *result, const struct connection *connection)
{
    if (result->connections == 0)
        return true;
    if (connection->requests == 0 || result->slowest_requests == 0)
        return connection->requests == 0 && result->slowest_requests > 0;
    return mean_of(connection) > result->slowest_mean_ns;
}

static void add_connection(struct result *result, const struct connection *connection,
                           struct sums *sums)
{
    uint64_t requests = connection->requests;
    if (is_slower(result, connection)) {
        result->slowest = result->connections;
        result->slowest_requests = requests;
        result->slowest_mean_ns = mean_of(connection);
        result->slowest_longest_ns = connection->longest_ns;
    }
    result->served += requests > 0;
    result->answers[result->connections++] = requests;
    sums->requests += (double)requests;
    sums->squares += (double)requests * (double)requests;
}

static int by_number(const void *one, const void *other)
{
    const uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* Jain, Chiu, Hawe, DEC-TR-301 (1984): (sum x)^2 / (n sum x^2). */
static void add_connections(struct result *result, const struct worker *workers)
{
    struct sums sums = {0, 0};
    unsigned made = 0;
    for (unsigned part = 0; part < result->plan->threads; part++)
        made += workers[part].made;
    result->answers = text_allocate(made, sizeof *result->answers);
    for (unsigned part = 0; part < result->plan->threads; part++)
        for (unsigned i = 0; i < workers[part].made; i++)
            add_connection(result, &workers[part].connections[i], &sums);
    qsort(result->answers, made, sizeof *result->answers, by_number);
    result->served_min = made ? result->answers[0] : 0;
    result->served_max = made ? result->answers[made - 1] : 0;
    result->jain =
        sums.squares > 0 ? sums.requests * sums.requests / (result->connections * sums.squares) : 0;
}

/* ---- May the figures be used? ---- */

__attribute__((format(printf, 2, 3))) static void object(struct result *result, const char *format,
                                                         ...)
{
    va_list arguments;
    if (result->reason_count == RESULT_REASONS_MOST)
        return;
    va_start(arguments, format);
    vsnprintf(result->reasons[result->reason_count++], RESULT_REASON_SIZE, format, arguments);
    va_end(arguments);
}

static void judge_open_loop(struct result *result)
{
    const struct counts *counts = result->counts;
    uint64_t on_time = tally_percentile_ns(&counts->on_time, 0.99);
    uint64_t response = tally_percentile_ns(&counts->response, 0.99);
    if (counts->starved > 0)
        object(result, "%" PRIu64 " connections waited for an answer all through the window",
               counts->starved);
    if ((double)counts->answered < least_achieved * (double)counts->offered)
        object(result, "%.1f requests per second were offered and %.1f answered",
               result_offered_rate(result), result_rate(result));
    if ((double)(response - on_time) > most_late * (double)response)
        object(result,
               "the generator was late: %.3f ms is the response time's 99th percentile, and %.3f "
               "ms without its lateness",
               (double)response / 1e6, (double)on_time / 1e6);
}

static void judge_closed_loop(struct result *result)
{
    if (result->served < result->connections)
        object(result, "%u of %u connections had no answer", result->connections - result->served,
               result->connections);
}

static void judge(struct result *result)
{
    const struct counts *counts = result->counts;
    const struct plan *plan = result->plan;
    if (result->window_ns == 0) {
        object(result, "interrupted before the window began");
        return;
    }
    if (plan->connections > 0 && counts->requests == 0)
        object(result, "no right answer came");
    if (counts_errors(counts) > 0)
        object(result, "%" PRIu64 " errors", counts_errors(counts));
    if (!plan->churn && result->open_at_start < plan->connections)
        object(result, "%u of %u connections stood when the load began", result->open_at_start,
               plan->connections);
    if (result->crowd[CROWD_IDLE].opened < plan->beside[CROWD_IDLE])
        object(result, "%" PRIu64 " of %u idle connections could be opened",
               result->crowd[CROWD_IDLE].opened, plan->beside[CROWD_IDLE]);
    if (result->crowd[CROWD_IDLE].closed > 0)
        object(result, "%" PRIu64 " idle connections were closed by the server",
               result->crowd[CROWD_IDLE].closed);
    for (int i = CROWD_IDLE + 1; i < CROWD_SCRIPTS; i++)
        if (plan->beside[i] > 0 && result->crowd[i].opened == 0)
            object(result, "no %s connection could be opened",
                   crowd_script_name((enum crowd_script)i));
    if (plan_is_open(plan))
        judge_open_loop(result);
    else
        judge_closed_loop(result);
}

void result_collect(struct result *result, const struct plan *plan, const struct worker *workers)
{
    const struct worker *first = &workers[0];
    result->plan = plan;
    result->counts = counts_new();
    for (unsigned part = 0; part < plan->threads; part++) {
        counts_merge(result->counts, workers[part].counts);
        result->open_at_start += workers[part].open_at_start;
    }
    result->window_ns = first->started ? first->end_ns - first->start_ns : 0;
    result->cpu_user_us = first->cpu_user_us;
    result->cpu_system_us = first->cpu_system_us;
    add_connections(result, workers);
    judge(result);
}

void result_finish(struct result *result)
{
    free(result->counts);
    free(result->answers);
}
