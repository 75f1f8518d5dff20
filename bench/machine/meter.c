/* SPDX-License-Identifier: MIT */
#include "bench/machine/meter.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench/machine/cpus.h"
#include "bench/base/text.h"

static int64_t microseconds(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static int64_t ticks_to_us(int64_t ticks)
{
    return ticks * (1000000 / sysconf(_SC_CLK_TCK));
}

static size_t children_of(pid_t pid, pid_t **pids)
{
    char *path = text_format("/proc/%d/task/%d/children", (int)pid, (int)pid);
    char *text = text_read_trimmed(path);
    size_t count = 1;
    *pids = text_allocate(strlen(text) / 2 + 2, sizeof **pids);
    (*pids)[0] = pid;
    for (char *at = text, *end; *at; at = end + strspn(end, " ")) {
        (*pids)[count] = (pid_t)strtol(at, &end, 10);
        if (end == at)
            break;
        count++;
    }
    free(text);
    free(path);
    return count;
}

size_t meter_processes(const struct meter *meter, pid_t **pids)
{
    return meter->group ? cgroup_pids(meter->group, pids) : children_of(meter->pid, pids);
}

/* Fields 14 to 17 of proc(5)'s stat: own and waited-for children's user and system time. */
static struct cpu_time cpu_of_process(pid_t pid)
{
    struct cpu_time time = {0, 0};
    char *path = text_format("/proc/%d/stat", (int)pid);
    char *text = text_read_trimmed(path);
    const char *at = strrchr(text, ')');
    long long user, system, child_user, child_system;
    if (at && sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %lld %lld",
                     &user, &system, &child_user, &child_system) == 4) {
        time.user_us = ticks_to_us(user + child_user);
        time.system_us = ticks_to_us(system + child_system);
    }
    free(text);
    free(path);
    return time;
}

struct cpu_time meter_cpu(const struct meter *meter)
{
    if (meter->group)
        return cgroup_cpu(meter->group);
    struct cpu_time sum = {0, 0};
    pid_t *pids;
    size_t count = meter_processes(meter, &pids);
    for (size_t i = 0; i < count; i++) {
        struct cpu_time one = cpu_of_process(pids[i]);
        sum.user_us += one.user_us;
        sum.system_us += one.system_us;
    }
    free(pids);
    return sum;
}

/* Second number of schedstat: ns spent waiting on a run queue. */
static int64_t wait_of_thread(const char *path)
{
    char *text = text_read_trimmed(path);
    const char *second = strchr(text, ' ');
    int64_t wait_us = second ? strtoll(second, NULL, 10) / 1000 : -1;
    free(text);
    return wait_us;
}

int64_t meter_wait_us(pid_t pid)
{
    glob_t threads;
    int64_t wait_us = -1;
    char *pattern = text_format("/proc/%d/task/*/schedstat", (int)pid);
    if (glob(pattern, 0, NULL, &threads) == 0) {
        wait_us = 0;
        for (size_t i = 0; i < threads.gl_pathc; i++)
            wait_us += wait_of_thread(threads.gl_pathv[i]);
    }
    globfree(&threads);
    free(pattern);
    return wait_us;
}

struct meter_memory meter_memory(const struct meter *meter)
{
    pid_t *pids;
    struct meter_memory memory = {0, (int64_t)meter_processes(meter, &pids)};
    for (int64_t i = 0; i < memory.processes; i++) {
        char *path = text_format("/proc/%d/smaps_rollup", (int)pids[i]);
        char *text = text_read(path);
        int64_t pss_kib = text ? text_field(text, "Pss") : 0;
        memory.pss_kib += pss_kib > 0 ? pss_kib : 0;
        free(text);
        free(path);
    }
    free(pids);
    return memory;
}

int64_t meter_kernel_bytes(const struct meter *meter)
{
    static const int64_t stack_bytes = 16384; /* of a thread, on x86-64 and arm64 */
    pid_t *pids;
    size_t count = meter_processes(meter, &pids);
    int64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        char *path = text_format("/proc/%d/status", (int)pids[i]);
        char *text = text_read(path);
        int64_t tables_kib = text ? text_field(text, "VmPTE") : -1;
        int64_t threads = text ? text_field(text, "Threads") : -1;
        bytes +=
            (tables_kib > 0 ? tables_kib * 1024 : 0) + (threads > 0 ? threads : 0) * stack_bytes;
        free(text);
        free(path);
    }
    free(pids);
    return bytes;
}

/* Without a control group: the threads of the process itself. */
static size_t threads_of(const struct meter *meter, pid_t **tids)
{
    if (meter->group)
        return cgroup_tids(meter->group, tids);
    glob_t found;
    char *pattern = text_format("/proc/%d/task/*", (int)meter->pid);
    size_t count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    *tids = text_allocate(count, sizeof **tids);
    for (size_t i = 0; i < count; i++)
        (*tids)[i] = (pid_t)strtol(strrchr(found.gl_pathv[i], '/') + 1, NULL, 10);
    globfree(&found);
    free(pattern);
    return count;
}

bool meter_is_pinned(const struct meter *meter, const char *cpus)
{
    pid_t *tids;
    size_t count = threads_of(meter, &tids);
    bool pinned = true;
    for (size_t i = 0; i < count && pinned; i++)
        pinned = cpus_hold(cpus, tids[i]);
    free(tids);
    return pinned;
}

/* proc(5): user nice system idle iowait irq softirq steal, in ticks. */
struct meter_machine meter_machine(void)
{
    struct meter_machine machine = {-1, -1, -1};
    char *text = text_read_trimmed("/proc/stat");
    long long user, nice, system, idle, iowait, irq, softirq, steal;
    if (sscanf(text, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle,
               &iowait, &irq, &softirq, &steal) == 8) {
        machine.busy_us = ticks_to_us(user + nice + system + irq + softirq);
        machine.steal_us = ticks_to_us(steal);
        machine.total_us = machine.busy_us + machine.steal_us + ticks_to_us(idle + iowait);
    }
    free(text);
    return machine;
}

int64_t meter_own_cpus_us(const struct cpus *cpus)
{
    int64_t busy_us = -1;
    char *text = text_read_trimmed("/proc/stat");
    for (char *line = strstr(text, "\ncpu"); line; line = strstr(line + 1, "\ncpu")) {
        int cpu;
        long long user, nice, system, irq, softirq;
        if (sscanf(line, "\ncpu%d %lld %lld %lld %*d %*d %lld %lld", &cpu, &user, &nice, &system,
                   &irq, &softirq) == 6 &&
            (cpus_has(cpus->server, cpu) || cpus_has(cpus->load, cpu) ||
             cpus_has(cpus->crowd, cpu)))
            busy_us =
                (busy_us < 0 ? 0 : busy_us) + ticks_to_us(user + nice + system + irq + softirq);
    }
    free(text);
    return busy_us;
}

struct meter_children meter_children(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (struct meter_children){microseconds(usage.ru_utime) + microseconds(usage.ru_stime),
                                   usage.ru_nvcsw, usage.ru_nivcsw};
}

int64_t meter_own_cpu_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

int64_t meter_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
