/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_METER_H
#define BENCH_MACHINE_METER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/machine/cgroup.h"
#include "bench/machine/cpus.h"

/* Readings of CPU time, memory and switches. */

/* A server or a generator: everything in its control group, or, without one, the process and its
 * living children. */
struct meter {
    const char *group; /* NULL without */
    pid_t pid;
};

/* Their ids, for the caller to free, and how many there are. */
size_t meter_processes(const struct meter *, pid_t **pids);

struct cpu_time meter_cpu(const struct meter *);

/* How long the process's living threads were ready to run and had no CPU, in us; -1 when the
 * kernel does not tell. */
int64_t meter_wait_us(pid_t pid);

struct meter_memory {
    int64_t pss_kib, processes;
};

/* Sum of the proportional set sizes (a page shared by k processes counts 1/k in each; RSS would
 * count it again for every fork). Some 30 us per process: not for the timed window. */
struct meter_memory meter_memory(const struct meter *);

/* What the kernel holds for its processes alone: page tables, and a stack for each thread. */
int64_t meter_kernel_bytes(const struct meter *);

/* Whether each of its threads may run on these CPUs only. About 1 us per thread. */
bool meter_is_pinned(const struct meter *, const char *cpus);

struct meter_machine {
    int64_t busy_us, steal_us, total_us; /* all CPUs together, since boot */
};
struct meter_machine meter_machine(void);

/* How busy the CPUs of server, load and bad clients were, together, since boot; ticks of 10 ms. -1:
 * not told. */
int64_t meter_own_cpus_us(const struct cpus *);

/* What all children that this process has waited for have used, with theirs. */
struct meter_children {
    int64_t cpu_us, voluntary_switches, involuntary_switches;
};
struct meter_children meter_children(void);

int64_t meter_own_cpu_us(void);
int64_t meter_clock_us(void); /* monotonic */

#endif
