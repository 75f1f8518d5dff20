/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_SUBJECT_H
#define BENCH_LAB_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct experiment;

/* A process for what an experiment does to a process: signals, forks, an end by force. Its signals
 * are at their defaults and none is blocked; it ends with its parent. */

/* Memory that subjects share with the experiment, zeroed, kept until the experiment's end. */
void *subject_memory(struct experiment *, size_t size);

/* Starts act(memory) in a subject, which exits with status 0 when that returns. */
pid_t subject_start(struct experiment *, void (*act)(void *memory), void *memory);

/* Waits for its end, at most so long, and then kills it. Returns its status as waitpid(2) has it;
 * `hung`, where it is not NULL, is set to whether it had to be killed. */
int subject_wait(pid_t, unsigned limit_ms, bool *hung);

/* Both. */
int subject_run(struct experiment *, void (*act)(void *memory), void *memory, unsigned limit_ms,
                bool *hung);

/* Whether it waits in the kernel for something to come. */
bool subject_sleeps(pid_t);

/* How many children of that process have ended and are not waited for. */
unsigned subject_zombies(pid_t);

#endif
