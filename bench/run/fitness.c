/* SPDX-License-Identifier: MIT */
#include "bench/run/fitness.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/io_uring.h>
#include <linux/perf_event.h>

#include "bench/machine/cgroup.h"
#include "bench/base/loop.h"
#include "bench/machine/meter.h"
#include "bench/base/say.h"
#include "bench/base/text.h"

enum { SHORT_LOOK_MS = 50, TICK_US = 10000 /* what /proc/stat counts in */ };

/* Intel's driver has a switch of its own, and it means the opposite. */
static int read_turbo(void)
{
    char *off = text_read_trimmed("/sys/devices/system/cpu/intel_pstate/no_turbo");
    char *on = text_read_trimmed("/sys/devices/system/cpu/cpufreq/boost");
    int turbo = *off ? *off == '0' : *on ? *on == '1' : -1;
    free(off);
    free(on);
    return turbo;
}

static bool share_a_core(const struct cpus *cpus)
{
    static const char format[] = "/sys/devices/system/cpu/cpu%s/topology/thread_siblings_list";
    char *path_of_server = text_format(format, cpus->server);
    char *path_of_load = text_format(format, cpus->load);
    char *server = text_read_trimmed(path_of_server), *load = text_read_trimmed(path_of_load);
    bool same = *server && strcmp(server, load) == 0;
    free(server);
    free(load);
    free(path_of_server);
    free(path_of_load);
    return same;
}

static bool try_control_group(void)
{
    char *group = cgroup_available() ? cgroup_make("server") : NULL;
    bool tells = group && cgroup_cpu(group).user_us >= 0;
    cgroup_remove(group);
    return tells;
}

/* What the call left us with: 0, or why it failed. */
static int error_of(long fd)
{
    int error = fd < 0 ? errno : 0;
    if (fd >= 0)
        close((int)fd);
    return error;
}

/* Counting system calls costs a trial 0.1 us each this way, and a hundred with ptrace. */
static int try_tracepoint(void)
{
    char *id = text_read_trimmed("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id");
    struct perf_event_attr event = {.type = PERF_TYPE_TRACEPOINT,
                                    .size = sizeof event,
                                    .config = strtoull(id, NULL, 10),
                                    .disabled = 1};
    int error = *id ? error_of(syscall(SYS_perf_event_open, &event, 0, -1, -1, 0)) : ENOENT;
    free(id);
    return error;
}

static int try_io_uring(void)
{
    struct io_uring_params params = {0};
    return error_of(syscall(SYS_io_uring_setup, 1, &params));
}

/* Of what was wanted, at least so much: one tick more or less is how they were counted. */
static double steal_percent(int64_t before_us, int64_t after_us, double wanted_us)
{
    if (before_us < 0 || wanted_us <= 0)
        return NAN;
    return 100 * fmax((double)(after_us - before_us - TICK_US), 0) / wanted_us;
}

/* Steal shows only on a CPU that wants to run, so it is read around the spinning. */
static void look_for_hiccups(struct doctor_facts *facts, const cpu_set_t *where, unsigned spin_ms)
{
    int64_t before_us = meter_machine().steal_us;
    facts->hiccups = text_allocate((size_t)CPU_COUNT(where), sizeof *facts->hiccups);
    for (int cpu = 0; cpu < CPU_SETSIZE && !loop_interrupted(); cpu++) {
        if (!CPU_ISSET((size_t)cpu, where))
            continue;
        say_progress("looking for hiccups on CPU %d", cpu);
        facts->hiccup_count += hiccups_look(&facts->hiccups[facts->hiccup_count], cpu, spin_ms);
    }
    say_progress_end();
    facts->steal_percent = steal_percent(before_us, meter_machine().steal_us,
                                         1e3 * spin_ms * (double)facts->hiccup_count);
}

void fitness_gather(struct doctor_facts *facts, json_t *manifest, const struct cpus *cpus,
                    const cpu_set_t *where, unsigned spin_ms)
{
    char *load = text_read_trimmed("/proc/loadavg"); /* before we make some ourselves */
    *facts = (struct doctor_facts){
        .manifest = manifest,
        .cpus = *cpus,
        .same_core = !cpus->shared && share_a_core(cpus),
        .cpu_stat = try_control_group(),
        .load = strtod(load, NULL),
        .turbo = read_turbo(),
        .tracepoint_error = try_tracepoint(),
        .io_uring_error = try_io_uring(),
        .clock_source =
            text_read_trimmed("/sys/devices/system/clocksource/clocksource0/current_clocksource")};
    free(load);
    look_for_hiccups(facts, where, spin_ms);
}

void fitness_release(struct doctor_facts *facts)
{
    free(facts->clock_source);
    free(facts->hiccups);
    *facts = (struct doctor_facts){0};
}

json_t *fitness_to_json(json_t *manifest, const struct cpus *cpus)
{
    cpu_set_t where;
    struct doctor_facts facts;
    struct doctor_findings findings;
    CPU_ZERO(&where);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (cpus_has(cpus->server, cpu) || cpus_has(cpus->load, cpu))
            CPU_SET((size_t)cpu, &where);
    fitness_gather(&facts, manifest, cpus, &where, SHORT_LOOK_MS);
    doctor_examine(&findings, &facts);
    json_t *object = doctor_to_json(&findings, &facts);
    doctor_findings_finish(&findings);
    fitness_release(&facts);
    return object;
}
