/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_CGROUP_H
#define BENCH_MACHINE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Control groups (version 2) as exact meters: cpu.stat counts every task that ever was in the
 * group, also a child that lived for less than a tick. No controller has to be enabled. */

struct cpu_time {
    int64_t user_us, system_us; /* TRIAL_UNKNOWN when not measurable */
};

/* Makes the run's own group, under the harness's. False, with the reason said once, when none can
 * be made: the meters then fall back to /proc. */
bool cgroup_init(void);

/* Removes it, with the groups inside and whatever runs in them. */
void cgroup_finish(void);
bool cgroup_available(void);

/* A new group inside the run's; NULL when there are none. The caller's to cgroup_remove(). */
char *cgroup_make(const char *name);

/*
 * The same in the version 1 hierarchy of the memory controller, where there is one: it counts what
 * the kernel holds for its processes. NULL when there is none, or when memory is version 2's: then
 * the groups of cgroup_make() count it. Only for trials that measure memory: counting costs time.
 * The caller's to cgroup_remove().
 */
char *cgroup_make_memory(const char *name);

/* Both as c10kit-launch wants them, parted by a comma; either may be NULL. NULL for none; the
 * caller's to free. */
char *cgroup_join(const char *group, const char *memory_group);

/* Kills what is still inside and removes the group. NULL is allowed. */
void cgroup_remove(char *group);

struct cpu_time cgroup_cpu(const char *group);

/* Its processes. Returns how many; the array is the caller's to free. */
size_t cgroup_pids(const char *group, pid_t **pids);

/* The same of its threads. */
size_t cgroup_tids(const char *group, pid_t **tids);

#endif
