/* SPDX-License-Identifier: MIT */
#ifndef LIB_WORKERS_H
#define LIB_WORKERS_H

#include "lib/server.h"

#include <pthread.h>
#include <signal.h>

/* A fixed number of processes or threads that all do the same work: started, replaced when they
   crash, ended. What they wait for is the model's business. work() is given the worker's number,
   from 0, and must return once server_stopping() and its clients are served. */

enum { WORKERS_MOST = 1024 };

/* The option --workers, for a model's list of knobs. `what`: what a worker is, for --help;
   `variable`: the long that model.workers points to. Tried on one CPU: some, and one for each of
   many clients. */
#define WORKERS_KNOB(what, variable)                                                               \
    {                                                                                              \
        .name = "workers", .help = what "; 0: one for each CPU that the server may use",           \
        .value = &(variable), .min = 0, .max = WORKERS_MOST, .sweep = "2|4|16|64"                  \
    }

/* What the model's knob says; where that is 0, as many as the CPUs that this process may use. */
int workers_count(const struct model *model);

/* The CPU that worker number `index` would have to itself: those that this process may use, one
   after the other, and again from the first. */
int workers_cpu(int index);

/* Keeps the calling worker on that CPU, where that can be had. workers_cpu() then knows no other.
 */
void workers_pin(int index);

/* Starts the processes, prints the ready line, waits for the stop, and returns when all have ended.
   One that ends by itself is replaced by another of its number. Those that outlive the drain
   timeout are killed. Exits where one cannot be started at first. */
void workers_run_processes(int count, void (*work)(int index));

/* The same, and meanwhile calls duty() when the descriptor can be read. While that returns true,
   there is something left to do, and it is called again after 10 ms instead. */
void workers_run_processes_beside(int count, void (*work)(int index), int fd, bool (*duty)(void));

/* Starts the threads, which leave the signals that stop the server to the caller's. Exits where one
   cannot be started. */
void workers_start_threads(int count, void (*work)(int index));

/* pthread_cond_wait() for SERVER_NUDGE_MS at most: for a thread that must see the stop meanwhile,
   as no signal handler may signal a condition. */
void workers_wait_briefly(pthread_cond_t *condition, pthread_mutex_t *lock);

/* Blocks the signals that stop the server. Returns the mask that was, for epoll_pwait() and the
   like: blocked but in the wait, no signal can come between a look at what it tells and the wait.
 */
sigset_t workers_block_signals(void);

/* Waits until the server is told to stop, for a thread that has nothing else to do. */
void workers_wait_for_stop(void);

/* Interrupts the threads' waits until all have ended. The server must have been told to stop. */
void workers_end_threads(void);

#endif
