/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RECORD_TRIAL_H
#define BENCH_RECORD_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

enum {
    TRIAL_NAME_SIZE = 32,
    TRIAL_TEXT_SIZE = 200,
    TRIAL_SETTING_SIZE = 64,
    TRIAL_UNKNOWN = -1 /* null in the record: not measured, or not measurable here */
};

/*
 * One attempted trial, as it stands in trials.jsonl. All numbers are whole, with their unit in the
 * name; results/README.md says what each is. Three spans of time occur: the window (from just
 * before the generator starts to just after it ends), the steady part (inside the window, all
 * processes started and none ended) and the life (of the server, probes and warm-up included).
 */
struct trial {
    char model[TRIAL_NAME_SIZE], workload[TRIAL_NAME_SIZE];
    char failure[TRIAL_TEXT_SIZE]; /* why there is no measurement; empty when there is */
    char reason[TRIAL_TEXT_SIZE];  /* why it is not valid; empty when it is */
    char cpu_source[TRIAL_NAME_SIZE], memory_source[TRIAL_NAME_SIZE];
    char setting[TRIAL_SETTING_SIZE]; /* "--interval=10": what the server was told; or empty */
    int64_t number, attempt, block, level, connections, valid;
    int64_t spoilt; /* 1: the environment was not as it has to be; the server is not to blame */
    int64_t server_cpus, load_cpus, shared_cpus; /* how many; shared: both may use them */
    int64_t crowd_shared_cpus; /* of the bad clients' CPUs: how many the load may use, too */
    int64_t started_unix_ms, environment_padding_bytes, ready_us, probe_before_ok, probe_after_ok,
        response_bytes;
    int64_t duration_us, requests, bytes;
    int64_t errors_connect, errors_read, errors_write, errors_status, errors_timeout;
    int64_t errors_body, errors_closed, unfinished; /* c10kit-load's */
    int64_t rate_rps, peak_rps, offered, answered_of_offered;
    int64_t capacity_low_rps, capacity_high_rps, capacity_steps;
    int64_t disturbed; /* 1: the generator could not ask in time, at whatever rate */
    int64_t lateness_p99_ns, on_time_p99_ns, service_p99_ns, longest_wait_ns, idle_open;
    int64_t latency_mean_ns, latency_p99_ns, latency_max_ns, latency_samples, little_ppm;
    int64_t window_server_user_us, window_server_system_us;
    int64_t window_generator_user_us, window_generator_system_us;
    int64_t window_machine_busy_us, window_machine_steal_us, window_machine_total_us,
        window_wall_us;
    int64_t steady_wall_us, steady_server_user_us, steady_server_system_us;
    int64_t steady_generator_cpu_us, steady_generator_wait_us, steady_machine_busy_us,
        steady_own_cpus_busy_us, steady_harness_cpu_us, steady_crowd_cpu_us;
    int64_t pinned; /* 1: every task could run on its own CPUs only */
    int64_t memory_steady_kib, memory_peak_kib, processes;
    int64_t memory_user_bytes, memory_kernel_bytes;
    int64_t syscalls, counted_requests; /* in the window in which calls were counted */
    int64_t established, served, served_min, served_max, starved, jain_ppm;
    int64_t listen_overflows, listen_drops, retransmitted_segments, loss_probes;
    int64_t life_requests, life_voluntary_switches, life_involuntary_switches, life_cpu_us;
    int64_t server_exit_status;
    bool replaced; /* not in the record's line: it was spoilt, and a later attempt took its place */
};

/* Every number unknown, every text empty. */
void trial_init(struct trial *);

/* The first failure is the one that counts. */
__attribute__((format(printf, 2, 3))) void trial_fail(struct trial *, const char *format, ...);

json_t *trial_to_json(const struct trial *);
bool trial_from_json(struct trial *, const json_t *);

int64_t trial_errors(const struct trial *);

#endif
