/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_FOOTPRINT_H
#define BENCH_MACHINE_FOOTPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/machine/meter.h"

/* What a server holds in memory: its own pages, and what the kernel holds for it. */
struct footprint {
    int64_t user_bytes;   /* sum of the proportional set sizes (Pss) of its processes */
    int64_t kernel_bytes; /* page tables, kernel stacks, sockets and other kernel objects */
    int64_t processes;
    int64_t pending;    /* connections that it has not accepted yet */
    const char *source; /* of kernel_bytes: "cgroup1", "cgroup2" or "proc"; a constant */
};

struct footprint_place {
    struct meter meter;
    const char *memory_group; /* from cgroup_make_memory(), or NULL */
    uint16_t port;
};

/*
 * The place is a struct footprint_place. Kernel memory comes from the first of these that is there:
 * the version 1 memory group (memory.kmem.usage_in_bytes and memory.kmem.tcp.usage_in_bytes), the
 * meter's own group (`kernel` and `sock` in memory.stat, version 2), or /proc: page tables, kernel
 * stacks, TCP socket objects and what sock_diag tells of their queues, without the descriptors'
 * objects and the rest. Some 30 us per process.
 */
struct footprint footprint_read(const void *place);

/*
 * Reads until all connections are accepted and two readings after each other differ by less than a
 * page for each process: what was allocated late has then arrived. False when that is not so within
 * the limit: `settled` then holds the last one.
 */
bool footprint_settle(struct footprint (*read)(const void *), const void *argument,
                      uint64_t limit_ms, struct footprint *settled);

/* The kernel's bytes in a control group of either version, and which it is; -1: it counts none. */
int64_t footprint_kernel_of(const char *group, const char **source);

#endif
