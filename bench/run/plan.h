/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_PLAN_H
#define BENCH_RUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/record/workload.h"

struct cell {
    size_t model; /* index into the catalogue */
    enum workload workload;
    unsigned level; /* of the workload, see workload_unit() */
};

/* A workload at its levels. */
struct plan_part {
    enum workload workload;
    struct workload_levels levels;
};

/* What is going to be measured, and in which order. Pure: same arguments, same plan. */
struct plan {
    struct cell *cells;
    size_t cell_count;
    unsigned blocks;
    size_t *order;           /* blocks x cell_count indices of cells, as they are run */
    unsigned *padding_bytes; /* of the server's environment, one per trial */
};

/* Every model x workload x level, in that order. */
void plan_init(struct plan *, size_t models, const struct plan_part *parts, size_t part_count);

/* Leaves out the cells that `wanted` does not hold for; before the order is drawn. */
void plan_keep(struct plan *, bool (*wanted)(const void *argument, const struct cell *),
               const void *argument);

/* Draws the order: each block is one random permutation of all cells (gsl_ran_shuffle, a
 * Fisher-Yates shuffle, driven by mt19937 with this seed). And the padding, 0 to 4095 bytes: where
 * the stack begins depends on the environment's size, and speed on where the stack begins
 * (Mytkowicz and others, "Producing wrong data without doing anything obviously wrong", ASPLOS
 * 2009); drawn anew for each trial, that is noise and no longer bias. */
void plan_shuffle(struct plan *, unsigned blocks, uint64_t seed);

size_t plan_trials(const struct plan *);
const struct cell *plan_cell(const struct plan *, size_t trial);

/* How many connections send requests in this cell. */
unsigned plan_connections(const struct cell *);

void plan_finish(struct plan *);

#endif
