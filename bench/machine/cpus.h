/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_CPUS_H
#define BENCH_MACHINE_CPUS_H

#include <stdbool.h>
#include <sys/types.h>

enum { CPUS_TEXT_SIZE = 64 };

/* Which CPUs the server and the load get, as lists like "1" or "2-3,7". */
struct cpus {
    char server[CPUS_TEXT_SIZE], load[CPUS_TEXT_SIZE];
    /* Of the workload scaling: the server gets the first ones of its list, the load all of its. */
    char scaling_server[CPUS_TEXT_SIZE], scaling_load[CPUS_TEXT_SIZE];
    /* Of the bad clients; empty, where a trial has none. */
    char crowd[CPUS_TEXT_SIZE];
    bool shared; /* there is one CPU only */
    int allowed; /* how many CPUs this process might use when they were chosen */
};

/* Fills what is empty: the server gets the last CPU that this process may use, the load the first
 * that shares no core with it (interrupts mostly go to the first). For scaling, what is empty is
 * all that this process may use. The crowd gets the first that neither has, on a core of its own if
 * there is one; where they have all, the load's. */
void cpus_choose(struct cpus *);

/* Whether the list names this CPU. */
bool cpus_has(const char *list, int cpu);

/* How many the list names; 0 for one that cannot be read. */
unsigned cpus_count(const char *list);

/* How many both lists name. */
unsigned cpus_common(const char *one, const char *other);

/* The first `count` of the list. False where it has not so many, or they cannot be written. */
bool cpus_first(const char *list, unsigned count, char first[CPUS_TEXT_SIZE]);

/* Whether the task (0: the calling one) may run on these CPUs only. True for one that is gone. */
bool cpus_hold(const char *list, pid_t task);

/* Pins the calling process. False when the list is wrong or holds none that it may use. */
bool cpus_pin(const char *list);

#endif
