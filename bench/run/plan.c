/* SPDX-License-Identifier: MIT */
#include "bench/run/plan.h"

#include <stdlib.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "bench/base/text.h"

enum { PADDING_LIMIT = 4096 /* a page */ };

void plan_init(struct plan *plan, size_t models, const struct plan_part *parts, size_t part_count)
{
    *plan = (struct plan){0};
    for (size_t part = 0; part < part_count; part++)
        plan->cell_count += models * parts[part].levels.count;
    plan->cells = text_allocate(plan->cell_count, sizeof *plan->cells);
    struct cell *next = plan->cells;
    for (size_t model = 0; model < models; model++)
        for (size_t part = 0; part < part_count; part++)
            for (size_t level = 0; level < parts[part].levels.count; level++)
                *next++ = (struct cell){model, parts[part].workload, parts[part].levels.of[level]};
}

void plan_keep(struct plan *plan, bool (*wanted)(const void *argument, const struct cell *),
               const void *argument)
{
    size_t kept = 0;
    for (size_t i = 0; i < plan->cell_count; i++)
        if (wanted(argument, &plan->cells[i]))
            plan->cells[kept++] = plan->cells[i];
    plan->cell_count = kept;
}

void plan_shuffle(struct plan *plan, unsigned blocks, uint64_t seed)
{
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(generator, seed);
    plan->blocks = blocks;
    free(plan->order);
    plan->order = text_allocate(blocks * plan->cell_count, sizeof *plan->order);
    for (unsigned block = 0; block < blocks && plan->cell_count > 0; block++) {
        size_t *order = plan->order + block * plan->cell_count;
        for (size_t i = 0; i < plan->cell_count; i++)
            order[i] = i;
        gsl_ran_shuffle(generator, order, plan->cell_count, sizeof *order);
    }
    free(plan->padding_bytes);
    plan->padding_bytes = text_allocate(plan_trials(plan), sizeof *plan->padding_bytes);
    for (size_t i = 0; i < plan_trials(plan); i++)
        plan->padding_bytes[i] = (unsigned)gsl_rng_uniform_int(generator, PADDING_LIMIT);
    gsl_rng_free(generator);
}

size_t plan_trials(const struct plan *plan)
{
    return plan->blocks * plan->cell_count;
}

const struct cell *plan_cell(const struct plan *plan, size_t trial)
{
    return &plan->cells[plan->order[trial]];
}

unsigned plan_connections(const struct cell *cell)
{
    return workload_connections(cell->workload, cell->level);
}

void plan_finish(struct plan *plan)
{
    free(plan->cells);
    free(plan->order);
    free(plan->padding_bytes);
    *plan = (struct plan){0};
}
