/* SPDX-License-Identifier: MIT */
#include "bench/machine/footprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/loop.h"
#include "bench/machine/sockdiag.h"
#include "bench/base/text.h"

enum { PAUSE_MS = 10, PAGE_BYTES = 4096 };

/* The one number in a file, or -1. */
static int64_t number_in(const char *group, const char *file)
{
    char *path = text_format("%s/%s", group, file);
    char *text = text_read(path);
    int64_t number = text ? strtoll(text, NULL, 10) : -1;
    free(text);
    free(path);
    return number;
}

/* `kernel` is there since Linux 5.18; before, its parts. */
static int64_t kernel_in_stat(const char *stat)
{
    static const char *const parts[] = {"kernel_stack", "pagetables", "percpu", "slab"};
    int64_t bytes = text_field(stat, "kernel");
    if (bytes >= 0)
        return bytes;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int64_t part = text_field(stat, parts[i]);
        if (part >= 0)
            bytes = (bytes < 0 ? 0 : bytes) + part;
    }
    return bytes;
}

int64_t footprint_kernel_of(const char *group, const char **source)
{
    int64_t kernel = number_in(group, "memory.kmem.usage_in_bytes");
    int64_t sockets = number_in(group, "memory.kmem.tcp.usage_in_bytes");
    *source = "cgroup1";
    if (kernel < 0) {
        char *path = text_format("%s/memory.stat", group);
        char *stat = text_read(path);
        kernel = stat ? kernel_in_stat(stat) : -1;
        sockets = stat ? text_field(stat, "sock") : -1;
        *source = "cgroup2";
        free(stat);
        free(path);
    }
    return kernel < 0 ? -1 : kernel + (sockets > 0 ? sockets : 0);
}

/* "TCP 2304 ...": the size of one socket; the file lists them for everybody to read. */
static int64_t socket_bytes(void)
{
    char *text = text_read_trimmed("/proc/net/protocols");
    int64_t bytes = text_field(text, "TCP");
    free(text);
    return bytes > 0 ? bytes : 0;
}

static int64_t kernel_in_proc(const struct footprint_place *place,
                              const struct sockdiag_memory *sockets)
{
    return meter_kernel_bytes(&place->meter) + sockets->bytes + sockets->sockets * socket_bytes();
}

struct footprint footprint_read(const void *argument)
{
    const struct footprint_place *place = argument;
    const char *group = place->memory_group ? place->memory_group : place->meter.group;
    struct footprint footprint = {.kernel_bytes = -1};
    struct sockdiag_memory sockets;
    sockdiag_weigh(place->port, &sockets); /* all 0 where the kernel does not tell */
    if (group)
        footprint.kernel_bytes = footprint_kernel_of(group, &footprint.source);
    if (footprint.kernel_bytes < 0) {
        footprint.kernel_bytes = kernel_in_proc(place, &sockets);
        footprint.source = "proc";
    }
    struct meter_memory memory = meter_memory(&place->meter);
    footprint.user_bytes = memory.pss_kib * 1024;
    footprint.processes = memory.processes;
    footprint.pending = sockets.pending;
    return footprint;
}

static bool is_near(int64_t a, int64_t b, int64_t processes)
{
    return llabs(a - b) < PAGE_BYTES * (processes > 1 ? processes : 1);
}

bool footprint_settle(struct footprint (*read)(const void *), const void *argument,
                      uint64_t limit_ms, struct footprint *settled)
{
    const int64_t end_us = meter_clock_us() + (int64_t)limit_ms * 1000;
    struct footprint before = read(argument);
    for (;;) {
        loop_pause(PAUSE_MS);
        *settled = read(argument);
        bool rests = settled->pending == 0 && settled->processes == before.processes &&
                     is_near(settled->user_bytes, before.user_bytes, before.processes) &&
                     is_near(settled->kernel_bytes, before.kernel_bytes, before.processes);
        if (rests || meter_clock_us() >= end_us || loop_interrupted())
            return rests;
        before = *settled;
    }
}
