/* SPDX-License-Identifier: MIT */
#include "bench/machine/cpus.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"

/* "0-2,5": the kernel's own way of writing a set, cpuset(7). */
static bool parse(const char *list, cpu_set_t *set)
{
    CPU_ZERO(set);
    for (const char *at = list; *at;) {
        char *end;
        unsigned long first = strtoul(at, &end, 10), last = first;
        if (end == at)
            return false;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        if (last >= CPU_SETSIZE || (*end && *end != ','))
            return false;
        for (unsigned long cpu = first; cpu <= last; cpu++)
            CPU_SET(cpu, set);
        at = end + (*end == ',');
    }
    return CPU_COUNT(set) > 0;
}

static cpu_set_t core_of(int cpu)
{
    cpu_set_t set;
    char *path = text_format("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    char *list = text_read_trimmed(path);
    if (!parse(list, &set))
        CPU_SET((size_t)cpu, &set);
    free(list);
    free(path);
    return set;
}

static int last_of(const cpu_set_t *set)
{
    int last = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, set))
            last = cpu;
    return last;
}

/* The first in `set` outside `core`; failing that the first but `server`; failing that `server`. */
static int first_apart(const cpu_set_t *set, const cpu_set_t *core, int server)
{
    int second_choice = server;
    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--)
        if (CPU_ISSET((size_t)cpu, set) && cpu != server)
            second_choice = cpu;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, set) && !CPU_ISSET((size_t)cpu, core))
            return cpu;
    return second_choice;
}

void cpus_choose(struct cpus *cpus)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    int server = last_of(&allowed);
    cpu_set_t core = core_of(server);
    if (!cpus->server[0])
        snprintf(cpus->server, sizeof cpus->server, "%d", server);
    if (!cpus->load[0])
        snprintf(cpus->load, sizeof cpus->load, "%d", first_apart(&allowed, &core, server));
    cpus->shared = strcmp(cpus->server, cpus->load) == 0;
    cpus->allowed = CPU_COUNT(&allowed);
}

bool cpus_has(const char *list, int cpu)
{
    cpu_set_t set;
    return parse(list, &set) && CPU_ISSET((size_t)cpu, &set);
}

bool cpus_hold(const char *list, pid_t task)
{
    cpu_set_t set, allowed, both;
    CPU_ZERO(&allowed);
    if (!parse(list, &set))
        return false;
    if (sched_getaffinity(task, sizeof allowed, &allowed) < 0)
        return errno == ESRCH;
    CPU_AND(&both, &set, &allowed);
    return CPU_EQUAL(&both, &allowed);
}

bool cpus_pin(const char *list)
{
    cpu_set_t set;
    return parse(list, &set) && sched_setaffinity(0, sizeof set, &set) == 0;
}
