/* SPDX-License-Identifier: MIT */
#include "bench/record/trial.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* The one list of fields: writing and reading both follow it. */
#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(struct trial, name)                                                        \
    }
static const struct {
    const char *name;
    size_t at;
} numbers[] = {
    NUMBER(number),
    NUMBER(attempt),
    NUMBER(block),
    NUMBER(level),
    NUMBER(connections),
    NUMBER(valid),
    NUMBER(spoilt),
    NUMBER(server_cpus),
    NUMBER(load_cpus),
    NUMBER(shared_cpus),
    NUMBER(crowd_shared_cpus),
    NUMBER(started_unix_ms),
    NUMBER(environment_padding_bytes),
    NUMBER(ready_us),
    NUMBER(probe_before_ok),
    NUMBER(probe_after_ok),
    NUMBER(response_bytes),
    NUMBER(duration_us),
    NUMBER(requests),
    NUMBER(bytes),
    NUMBER(errors_connect),
    NUMBER(errors_read),
    NUMBER(errors_write),
    NUMBER(errors_status),
    NUMBER(errors_timeout),
    NUMBER(errors_body),
    NUMBER(errors_closed),
    NUMBER(unfinished),
    NUMBER(rate_rps),
    NUMBER(peak_rps),
    NUMBER(offered),
    NUMBER(answered_of_offered),
    NUMBER(capacity_low_rps),
    NUMBER(capacity_high_rps),
    NUMBER(capacity_steps),
    NUMBER(disturbed),
    NUMBER(lateness_p99_ns),
    NUMBER(on_time_p99_ns),
    NUMBER(service_p99_ns),
    NUMBER(longest_wait_ns),
    NUMBER(idle_open),
    NUMBER(latency_mean_ns),
    NUMBER(latency_p99_ns),
    NUMBER(latency_max_ns),
    NUMBER(latency_samples),
    NUMBER(little_ppm),
    NUMBER(window_server_user_us),
    NUMBER(window_server_system_us),
    NUMBER(window_generator_user_us),
    NUMBER(window_generator_system_us),
    NUMBER(window_machine_busy_us),
    NUMBER(window_machine_steal_us),
    NUMBER(window_machine_total_us),
    NUMBER(window_wall_us),
    NUMBER(steady_wall_us),
    NUMBER(steady_server_user_us),
    NUMBER(steady_server_system_us),
    NUMBER(steady_generator_cpu_us),
    NUMBER(steady_generator_wait_us),
    NUMBER(steady_machine_busy_us),
    NUMBER(steady_own_cpus_busy_us),
    NUMBER(steady_harness_cpu_us),
    NUMBER(steady_crowd_cpu_us),
    NUMBER(pinned),
    NUMBER(memory_steady_kib),
    NUMBER(memory_peak_kib),
    NUMBER(processes),
    NUMBER(memory_user_bytes),
    NUMBER(memory_kernel_bytes),
    NUMBER(syscalls),
    NUMBER(counted_requests),
    NUMBER(established),
    NUMBER(served),
    NUMBER(served_min),
    NUMBER(served_max),
    NUMBER(starved),
    NUMBER(jain_ppm),
    NUMBER(listen_overflows),
    NUMBER(listen_drops),
    NUMBER(retransmitted_segments),
    NUMBER(loss_probes),
    NUMBER(life_requests),
    NUMBER(life_voluntary_switches),
    NUMBER(life_involuntary_switches),
    NUMBER(life_cpu_us),
    NUMBER(server_exit_status),
};

#define TEXT(name)                                                                                 \
    {                                                                                              \
#name, offsetof(struct trial, name), sizeof((struct trial *)0)->name                       \
    }
static const struct {
    const char *name;
    size_t at, size;
} texts[] = {
    TEXT(model),      TEXT(workload),      TEXT(failure), TEXT(reason),
    TEXT(cpu_source), TEXT(memory_source), TEXT(setting),
};

enum { NUMBERS = sizeof numbers / sizeof *numbers, TEXTS = sizeof texts / sizeof *texts };

static int64_t *number_at(struct trial *trial, size_t i)
{
    return (int64_t *)(void *)((char *)trial + numbers[i].at);
}

void trial_init(struct trial *trial)
{
    *trial = (struct trial){0};
    for (size_t i = 0; i < NUMBERS; i++)
        *number_at(trial, i) = TRIAL_UNKNOWN;
    trial->valid = trial->spoilt = 0;
}

void trial_fail(struct trial *trial, const char *format, ...)
{
    if (trial->failure[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(trial->failure, sizeof trial->failure, format, arguments);
    va_end(arguments);
}

json_t *trial_to_json(const struct trial *trial)
{
    json_t *object = json_object();
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = (const char *)trial + texts[i].at;
        json_object_set_new(object, texts[i].name, *text ? json_string(text) : json_null());
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        int64_t number = *(const int64_t *)(const void *)((const char *)trial + numbers[i].at);
        json_object_set_new(object, numbers[i].name,
                            number == TRIAL_UNKNOWN ? json_null() : json_integer(number));
    }
    return object;
}

bool trial_from_json(struct trial *trial, const json_t *object)
{
    trial_init(trial);
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = json_string_value(json_object_get(object, texts[i].name));
        snprintf((char *)trial + texts[i].at, texts[i].size, "%s", text ? text : "");
    }
    for (size_t i = 0; i < NUMBERS; i++) {
        const json_t *number = json_object_get(object, numbers[i].name);
        if (json_is_integer(number))
            *number_at(trial, i) = json_integer_value(number);
    }
    return trial->model[0] && trial->workload[0] && trial->level >= 0;
}

int64_t trial_errors(const struct trial *trial)
{
    int64_t ours = trial->errors_body > 0 ? trial->errors_body : 0; /* wrk counts none of these */
    ours += trial->errors_closed > 0 ? trial->errors_closed : 0;
    return trial->errors_connect + trial->errors_read + trial->errors_write + trial->errors_status +
           trial->errors_timeout + ours;
}
