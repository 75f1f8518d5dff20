/* SPDX-License-Identifier: MIT */
#include "bench/run/attempt.h"

#include <string.h>

enum { CHEAP_PROCESSES = 8 /* reading the memory of so few costs the window under 1 ms */ };

struct attempt_reading attempt_read(const struct attempt *attempt, pid_t pid)
{
    static const struct cpu_time none = {TRIAL_UNKNOWN, TRIAL_UNKNOWN};
    struct meter generator = {attempt->load_group, pid};
    return (struct attempt_reading){.clock_us = meter_clock_us(),
                                    .harness_us = meter_own_cpu_us(),
                                    .generator_wait_us = meter_wait_us(generator.pid),
                                    .server = meter_cpu(&attempt->server_meter),
                                    .generator = meter_cpu(&generator),
                                    .crowd = attempt->crowd.pid ? meter_cpu(&attempt->crowd) : none,
                                    .machine = meter_machine(),
                                    .own_cpus_us = meter_own_cpus_us(&attempt->cpus),
                                    .net = netns_count()};
}

/* A meter that was lost on the way (a process that ended, without a control group) goes down. */
static int64_t difference(int64_t from, int64_t to)
{
    return from < 0 || to < from ? TRIAL_UNKNOWN : to - from;
}

void attempt_note_steady(struct trial *trial, const struct attempt_reading *from,
                         const struct attempt_reading *to)
{
    trial->steady_wall_us = difference(from->clock_us, to->clock_us);
    trial->steady_server_user_us = difference(from->server.user_us, to->server.user_us);
    trial->steady_server_system_us = difference(from->server.system_us, to->server.system_us);
    trial->steady_generator_cpu_us = difference(from->generator.user_us + from->generator.system_us,
                                                to->generator.user_us + to->generator.system_us);
    trial->steady_generator_wait_us = difference(from->generator_wait_us, to->generator_wait_us);
    trial->steady_machine_busy_us = difference(from->machine.busy_us, to->machine.busy_us);
    trial->steady_own_cpus_busy_us = difference(from->own_cpus_us, to->own_cpus_us);
    trial->steady_harness_cpu_us = difference(from->harness_us, to->harness_us);
    trial->steady_crowd_cpu_us = difference(from->crowd.user_us + from->crowd.system_us,
                                            to->crowd.user_us + to->crowd.system_us);
}

void attempt_note_window(struct trial *trial, const struct attempt_reading *from,
                         const struct attempt_reading *to)
{
    trial->window_wall_us = difference(from->clock_us, to->clock_us);
    trial->window_server_user_us = difference(from->server.user_us, to->server.user_us);
    trial->window_server_system_us = difference(from->server.system_us, to->server.system_us);
    trial->window_generator_user_us = difference(from->generator.user_us, to->generator.user_us);
    trial->window_generator_system_us =
        difference(from->generator.system_us, to->generator.system_us);
    trial->window_machine_busy_us = difference(from->machine.busy_us, to->machine.busy_us);
    trial->window_machine_steal_us = difference(from->machine.steal_us, to->machine.steal_us);
    trial->window_machine_total_us = difference(from->machine.total_us, to->machine.total_us);
}

void attempt_note_losses(struct trial *trial, const struct netns_counters *from)
{
    struct netns_counters to = netns_count();
    trial->listen_overflows = difference(from->listen_overflows, to.listen_overflows);
    trial->listen_drops = difference(from->listen_drops, to.listen_drops);
    trial->retransmitted_segments =
        difference(from->retransmitted_segments, to.retransmitted_segments);
    trial->loss_probes = difference(from->loss_probes, to.loss_probes);
}

void attempt_note_pinning(struct attempt *attempt, pid_t pid)
{
    const struct cpus *cpus = &attempt->cpus;
    struct meter generator = {attempt->load_group, pid};
    attempt->trial->pinned = meter_is_pinned(&attempt->server_meter, cpus->server) &&
                             meter_is_pinned(&generator, cpus->load) &&
                             (!attempt->crowd.pid || meter_is_pinned(&attempt->crowd, cpus->crowd));
}

void attempt_note_memory(struct attempt *attempt)
{
    struct meter_memory memory = meter_memory(&attempt->server_meter);
    attempt->trial->memory_steady_kib = attempt->trial->memory_peak_kib = memory.pss_kib;
    attempt->trial->processes = memory.processes;
}

void attempt_note_peak(struct attempt *attempt)
{
    struct trial *trial = attempt->trial;
    if (trial->processes > CHEAP_PROCESSES)
        return;
    struct meter_memory memory = meter_memory(&attempt->server_meter);
    if (memory.pss_kib > trial->memory_peak_kib)
        trial->memory_peak_kib = memory.pss_kib;
}

void attempt_note_early_end(struct attempt *attempt)
{
    const struct child *server = &attempt->server;
    const char *said = server->errors.used ? server->errors.at : "it says nothing";
    if (server->exited)
        trial_fail(attempt->trial, "server ended by itself (status %d, signal %d): %.*s",
                   (int)server->exit_status, server->exit_signal, (int)strcspn(said, "\n"), said);
}
