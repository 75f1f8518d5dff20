/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_TURNS_H
#define BENCH_LAB_TURNS_H

#include <stddef.h>

#include "bench/lab/figures.h"
#include "bench/lab/service.h"

/*
 * Servers compared within a repeat: all of them stand side by side, each with clients of its own,
 * and one after the other they are driven for some ms, over and over, while the clients of the
 * others are stopped. A virtual machine's CPU is slower for seconds and faster for seconds; taking
 * turns, all servers have the same share of both, and the ratio of their costs has far less spread
 * than between windows one after the other. What a turn cannot show is waiting: a request that was
 * under way when its client was stopped counts among the answers, but its time means nothing, so no
 * latency is noted.
 */
struct arm {
    char cell[FIGURE_NAME_SIZE]; /* what it is noted under */
    const char *model;
    const char *const *arguments; /* NULL: none */
    struct generator_order order; /* closed loop; times and port are filled in */
    struct service service;
    double throughput_rps, cpu_us_per_request; /* in its turns */
};

struct turns {
    unsigned each_ms; /* that each arm is driven for, all its turns together */
    unsigned turn_ms; /* 0: 25. All clients should be answered more than once in a turn: else each
                         finds its own part of the server cold every time. */
};

/* All arms' servers; they stay where they are until turns_stop(). */
void turns_start(struct experiment *, struct arm *, size_t count);
void turns_stop(struct experiment *, struct arm *, size_t count);

/* Drives them. Notes throughput_rps and cpu_us_per_request under the arms' cells. */
void turns_drive(struct experiment *, struct arm *, size_t count, struct turns);

/* All three. */
void turns_try(struct experiment *, struct arm *, size_t count, struct turns);

#endif
