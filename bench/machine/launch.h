/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_LAUNCH_H
#define BENCH_MACHINE_LAUNCH_H

/* The argument vector that runs `command` (NULL-ended) in a control group (NULL: none; or
 * cgroup_join()) on these CPUs, with so many bytes more in its environment, by way of
 * c10kit-launch. The array is the caller's to free; the strings stay theirs, and the padding's is
 * good until the next call. */
char **launch_command(const char *group, const char *cpus, unsigned padding_bytes,
                      char *const command[]);

#endif
