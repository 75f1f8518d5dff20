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

/* The first `count` of the set as "0-2,5". False: there are fewer, or the text is too short. */
static bool write_first(const cpu_set_t *set, unsigned count, char text[CPUS_TEXT_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    for (int cpu = 0, last; cpu < CPU_SETSIZE && count > 0; cpu = last + 1) {
        last = cpu;
        if (!CPU_ISSET((size_t)cpu, set))
            continue;
        for (count--; count > 0 && last + 1 < CPU_SETSIZE && CPU_ISSET((size_t)last + 1, set);
             count--)
            last++;
        int wrote = snprintf(text + used, CPUS_TEXT_SIZE - used, last > cpu ? "%s%d-%d" : "%s%d",
                             used ? "," : "", cpu, last);
        if (wrote < 0 || (size_t)wrote >= CPUS_TEXT_SIZE - used)
            return false;
        used += (size_t)wrote;
    }
    return count == 0;
}

unsigned cpus_count(const char *list)
{
    cpu_set_t set;
    return parse(list, &set) ? (unsigned)CPU_COUNT(&set) : 0;
}

unsigned cpus_common(const char *one, const char *other)
{
    cpu_set_t first, second, both;
    if (!parse(one, &first) || !parse(other, &second))
        return 0;
    CPU_AND(&both, &first, &second);
    return (unsigned)CPU_COUNT(&both);
}

bool cpus_first(const char *list, unsigned count, char first[CPUS_TEXT_SIZE])
{
    cpu_set_t set;
    return parse(list, &set) && write_first(&set, count, first);
}

/* What the command line says of the two, or all; where all cannot be written, the first. */
static void choose_for_scaling(struct cpus *cpus, const cpu_set_t *allowed)
{
    const struct {
        const char *said;
        char *chosen;
    } both[] = {{cpus->server, cpus->scaling_server}, {cpus->load, cpus->scaling_load}};
    for (size_t i = 0; i < sizeof both / sizeof *both; i++)
        if (*both[i].said)
            snprintf(both[i].chosen, CPUS_TEXT_SIZE, "%s", both[i].said);
        else if (!write_first(allowed, (unsigned)CPU_COUNT(allowed), both[i].chosen))
            write_first(allowed, 1, both[i].chosen);
}

static void choose_for_crowd(struct cpus *cpus, const cpu_set_t *allowed)
{
    cpu_set_t server, load, taken, left, cores;
    parse(cpus->server, &server);
    parse(cpus->load, &load);
    CPU_OR(&taken, &server, &load);
    CPU_AND(&left, allowed, &taken);
    CPU_XOR(&left, allowed, &left);
    CPU_ZERO(&cores);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &taken)) {
            cpu_set_t core = core_of(cpu);
            CPU_OR(&cores, &cores, &core);
        }
    if (CPU_COUNT(&left) > 0)
        snprintf(cpus->crowd, sizeof cpus->crowd, "%d", first_apart(&left, &cores, -1));
    else
        memcpy(cpus->crowd, cpus->load, sizeof cpus->crowd);
}

void cpus_choose(struct cpus *cpus)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    choose_for_scaling(cpus, &allowed);
    int server = last_of(&allowed);
    cpu_set_t core = core_of(server);
    if (!cpus->server[0])
        snprintf(cpus->server, sizeof cpus->server, "%d", server);
    if (!cpus->load[0])
        snprintf(cpus->load, sizeof cpus->load, "%d", first_apart(&allowed, &core, server));
    choose_for_crowd(cpus, &allowed);
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
