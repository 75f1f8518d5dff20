/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAUNCH_H
#define BENCH_LAUNCH_H

/* The argument vector that runs `command` (NULL-ended) in a control group (NULL: none) on these
 * CPUs, by way of c10kit-launch. The array is the caller's to free; the strings stay theirs. */
char **launch_command(const char *group, const char *cpus, char *const command[]);

#endif
