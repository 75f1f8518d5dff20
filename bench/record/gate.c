/* SPDX-License-Identifier: MIT */
#include "bench/record/gate.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/record/workload.h"

static const double little_tolerance = 0.10;

static const struct workload_facts *facts_of(const struct trial *trial)
{
    enum workload workload = workload_find(trial->workload);
    return workload_facts(workload < WORKLOAD_COUNT ? workload : WORKLOAD_KEEP_ALIVE);
}

double gate_little(const struct trial *trial)
{
    if (trial->duration_us <= 0 || trial->connections <= 0 || trial->requests < 0 ||
        trial->latency_mean_ns < 0)
        return NAN;
    double rate_per_ns = (double)trial->requests / (double)trial->duration_us / 1e3;
    double depth = facts_of(trial)->unit == LEVEL_DEPTH ? (double)trial->level : 1;
    return rate_per_ns * (double)trial->latency_mean_ns / ((double)trial->connections * depth);
}

double gate_little_floor(const struct trial *trial)
{
    if (trial->steady_wall_us <= 0 || trial->steady_generator_cpu_us < 0)
        return 1;
    int64_t waits_us = trial->steady_generator_wait_us > 0 ? trial->steady_generator_wait_us : 0;
    double busy = (double)(trial->steady_generator_cpu_us + waits_us);
    double cut_off = (double)trial->latency_mean_ns / 1e3 / (2 * (double)trial->duration_us);
    return 1 - fmin(busy / (double)trial->steady_wall_us, 1) - cut_off;
}

static bool is_by_wrk(const struct trial *trial)
{
    return facts_of(trial)->by_wrk;
}

double gate_little_ceiling(const struct trial *trial)
{
    if (is_by_wrk(trial) || trial->duration_us <= 0 || trial->latency_max_ns < 0)
        return 1;
    return 1 + fmin((double)trial->latency_max_ns / 1e3 / (double)trial->duration_us, 1);
}

__attribute__((format(printf, 2, 3))) static bool refuse(struct trial *trial, const char *format,
                                                         ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(trial->reason, sizeof trial->reason, format, arguments);
    va_end(arguments);
    return false;
}

double gate_others(const struct trial *trial)
{
    if (trial->steady_own_cpus_busy_us < 0 || trial->steady_wall_us <= 0 ||
        trial->steady_server_user_us < 0 || trial->steady_generator_cpu_us < 0)
        return NAN;
    int64_t ours_us = trial->steady_server_user_us + trial->steady_server_system_us +
                      trial->steady_generator_cpu_us + trial->steady_harness_cpu_us;
    if (trial->steady_crowd_cpu_us > 0) /* unknown: there were no bad clients */
        ours_us += trial->steady_crowd_cpu_us;
    return (double)(trial->steady_own_cpus_busy_us - ours_us) / (double)trial->steady_wall_us;
}

/* What /proc/stat shows comes in ticks of 10 ms, so one more than the share is not told from none.
 */
static bool had_its_cpus(struct trial *trial)
{
    static const double share = 0.01, others_most = 0.25;
    static const int64_t tick_us = 10000;
    const int64_t steal_us = trial->window_machine_steal_us;
    const double total_us = (double)trial->window_machine_total_us;
    if (trial->pinned == 0)
        return refuse(trial, "a task could run on CPUs that are not its own");
    if (steal_us > tick_us && total_us > 0 && (double)steal_us > share * total_us)
        return refuse(trial, "the host took %.1f %% of the CPU time (steal)",
                      100 * (double)steal_us / total_us);
    if (gate_others(trial) > others_most)
        return refuse(trial, "other work took %.0f %% of a CPU", 100 * gate_others(trial));
    return true;
}

double gate_lateness(const struct trial *trial)
{
    const struct workload_facts *facts = facts_of(trial);
    if (!facts->open_loop || trial->latency_p99_ns <= 0 || trial->on_time_p99_ns < 0)
        return NAN;
    double whole_ns =
        facts->unit == LEVEL_BOUND_US ? (double)trial->level * 1e3 : (double)trial->latency_p99_ns;
    return (double)(trial->latency_p99_ns - trial->on_time_p99_ns) / whole_ns;
}

static bool had_a_punctual_generator(struct trial *trial)
{
    bool timed = workload_find(trial->workload) != WORKLOAD_SYSCALLS;
    if (timed && gate_lateness(trial) > GATE_LATENESS_MOST)
        return refuse(trial, "the generator was late (p99 %.0f us, %.0f without its lateness)",
                      (double)trial->latency_p99_ns / 1e3, (double)trial->on_time_p99_ns / 1e3);
    return true;
}

static bool answered_rightly(struct trial *trial)
{
    if (trial->probe_before_ok != 1 || trial->probe_after_ok != 1)
        return refuse(trial, "wrong answer to the probe");
    if (trial_errors(trial) != 0)
        return refuse(trial, "errors: %" PRId64, trial_errors(trial));
    if (trial->requests <= 0)
        return refuse(trial, "answered nothing");
    /* c10kit-load looks at every byte itself. */
    if (is_by_wrk(trial) && trial->bytes != trial->requests * trial->response_bytes)
        return refuse(trial, "%" PRId64 " bytes are not %" PRId64 " answers of %" PRId64,
                      trial->bytes, trial->requests, trial->response_bytes);
    if (trial->server_exit_status != 0)
        return refuse(trial, "server ended with status %" PRId64, trial->server_exit_status);
    return true;
}

static bool served_everybody(struct trial *trial)
{
    if (trial->established != TRIAL_UNKNOWN && !facts_of(trial)->churn) {
        if (trial->established < trial->connections)
            return refuse(trial, "%" PRId64 " of %" PRId64 " connections", trial->established,
                          trial->connections);
        if (trial->served < trial->connections)
            return refuse(trial, "served %" PRId64 " of %" PRId64 " connections", trial->served,
                          trial->connections);
    }
    double little = gate_little(trial);
    if (isnan(little) || little > gate_little_ceiling(trial) + little_tolerance)
        return refuse(trial, "latencies contradict throughput (X R / c = %.2f)", little);
    if (little < gate_little_floor(trial) - little_tolerance)
        return refuse(trial, "left clients waiting (X R / c = %.2f)", little);
    return true;
}

/* Past the peak nobody keeps up, and to see that is what such a level is for. */
static bool is_overload(const struct trial *trial)
{
    enum workload workload = workload_find(trial->workload);
    return workload < WORKLOAD_COUNT && workload_is_overload(workload, (unsigned)trial->level);
}

bool gate_kept_up(const struct trial *trial)
{
    static const double owed_share = 0.01, owed_us = 10000;
    double owed = (double)(trial->offered - trial->answered_of_offered) / (double)trial->offered;
    return owed <= fmax(owed_share, owed_us / (double)trial->duration_us);
}

static bool kept_the_rate(struct trial *trial)
{
    double achieved = (double)trial->answered_of_offered / (double)trial->offered;
    if (trial->offered <= 0)
        return refuse(trial, "nothing was due");
    if (trial->starved > 0)
        return refuse(trial, "left %" PRId64 " of %" PRId64 " connections without any answer",
                      trial->starved, trial->connections);
    /* The search for a capacity has asked this of the rate twice; what the last window adds is what
     * an answer costs there. */
    bool asked = facts_of(trial)->unit == LEVEL_BOUND_US;
    if (!is_overload(trial) && !asked && !gate_kept_up(trial))
        return refuse(trial, "answered %.1f %% of what was due", 100 * achieved);
    return true;
}

static bool kept_idle(struct trial *trial)
{
    if (facts_of(trial)->unit == LEVEL_IDLE && trial->level > 0 && trial->idle_open < trial->level)
        return refuse(trial, "holds %" PRId64 " of %" PRId64 " idle connections",
                      trial->idle_open > 0 ? trial->idle_open : 0, trial->level);
    return true;
}

static bool lost_nothing(struct trial *trial)
{
    if (trial->listen_overflows > 0 || trial->listen_drops > 0)
        return refuse(trial, "accept queue overflowed");
    /* A tail loss probe (RFC 8985) is sent after milliseconds without an acknowledgement: with CPUs
     * that are full it tells of scheduling, not of loss. */
    int64_t again = trial->retransmitted_segments - trial->loss_probes;
    if (facts_of(trial)->unit == LEVEL_CLIENT && trial->level > 0)
        again = 0; /* a bad client's window is asked after, which counts as sending again */
    if (trial->retransmitted_segments > 0 && again > 0)
        return refuse(trial, "segments sent again: %" PRId64, again);
    return true;
}

static bool kept_up(struct trial *trial)
{
    if (!facts_of(trial)->open_loop)
        return strcmp(trial->workload, "memory") == 0 || served_everybody(trial);
    return kept_the_rate(trial);
}

bool gate_is_empty(const struct trial *trial)
{
    return trial->failure[0] || trial->requests == 0;
}

bool gate_gives_up(size_t trials, size_t empty)
{
    static const size_t tries = 3;
    return trials >= tries && empty == trials;
}

void gate_judge(struct trial *trial)
{
    trial->reason[0] = '\0';
    trial->valid = trial->spoilt = 0;
    double little = gate_little(trial);
    trial->little_ppm = isnan(little) ? TRIAL_UNKNOWN : llround(little * 1e6);
    if (trial->failure[0]) {
        trial->valid = refuse(trial, "%s", trial->failure);
        trial->spoilt = trial->disturbed == 1;
    } else if (!kept_idle(trial) ||
               !answered_rightly(trial)) /* which no other work on the machine can bring about */
        trial->valid = 0;
    else if (!had_its_cpus(trial) || !had_a_punctual_generator(trial))
        trial->spoilt = 1;
    else
        trial->valid = kept_up(trial) && (is_overload(trial) || lost_nothing(trial));
}

/* Memory is read beside a trickle of requests. */
static bool has_a_rate(const char *workload)
{
    enum workload found = workload_find(workload);
    return found == WORKLOAD_MEMORY || (found < WORKLOAD_COUNT && workload_facts(found)->open_loop);
}

const char *gate_limited_by(const char *workload, double server_cpu_percent,
                            double generator_cpu_percent)
{
    if (server_cpu_percent >= 95)
        return "server";
    if (has_a_rate(workload))
        return "rate";
    if (generator_cpu_percent >= 95 && server_cpu_percent < 90)
        return "generator";
    return "concurrency";
}
