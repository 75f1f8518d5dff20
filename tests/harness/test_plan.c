/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/run/plan.h"

static const struct plan_part both[] = {{WORKLOAD_KEEP_ALIVE, {{1, 8, 64}, 3}},
                                        {WORKLOAD_IDLE, {{0, 100}, 2}}};
enum { MODELS = 3, CELLS = MODELS * (3 + 2), BLOCKS = 4 };

static struct plan make(uint64_t seed)
{
    struct plan plan;
    plan_init(&plan, MODELS, both, 2);
    plan_shuffle(&plan, BLOCKS, seed);
    return plan;
}

static void cells_are_every_model_mode_and_level_once(void **state)
{
    (void)state;
    struct plan plan = make(1);
    assert_int_equal(plan.cell_count, CELLS);
    for (size_t i = 0; i < plan.cell_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(&plan.cells[i], &plan.cells[j], sizeof *plan.cells);
    plan_finish(&plan);
}

static void each_block_holds_every_cell_once(void **state)
{
    (void)state;
    struct plan plan = make(2);
    assert_int_equal(plan_trials(&plan), BLOCKS * CELLS);
    for (size_t block = 0; block < BLOCKS; block++) {
        unsigned seen[CELLS] = {0};
        for (size_t i = 0; i < CELLS; i++)
            seen[plan.order[block * CELLS + i]]++;
        for (size_t i = 0; i < CELLS; i++)
            assert_int_equal(seen[i], 1);
    }
    plan_finish(&plan);
}

static void the_same_seed_gives_the_same_order(void **state)
{
    (void)state;
    struct plan a = make(7), b = make(7), c = make(8);
    assert_memory_equal(a.order, b.order, BLOCKS * CELLS * sizeof *a.order);
    assert_memory_not_equal(a.order, c.order, BLOCKS * CELLS * sizeof *a.order);
    plan_finish(&a);
    plan_finish(&b);
    plan_finish(&c);
}

static void blocks_differ_in_their_order(void **state)
{
    (void)state;
    struct plan plan = make(3);
    assert_memory_not_equal(plan.order, plan.order + CELLS, CELLS * sizeof *plan.order);
    plan_finish(&plan);
}

static bool is_wanted(const void *argument, const struct cell *cell)
{
    return cell->model != *(const size_t *)argument || cell->workload == WORKLOAD_IDLE;
}

static void cells_that_are_not_wanted_are_in_no_block(void **state)
{
    (void)state;
    struct plan plan;
    const size_t model = 1;
    plan_init(&plan, MODELS, both, 2);
    plan_keep(&plan, is_wanted, &model);
    plan_shuffle(&plan, BLOCKS, 1);
    assert_int_equal(plan.cell_count, CELLS - 3);
    for (size_t i = 0; i < plan_trials(&plan); i++)
        assert_true(is_wanted(&model, plan_cell(&plan, i)));
    plan_finish(&plan);
}

/* Over many seeds each cell comes first about equally often: 1 800 draws over 18 cells, 100 each,
 * standard deviation 9.7. */
static void every_cell_comes_first_equally_often(void **state)
{
    (void)state;
    unsigned first[CELLS] = {0};
    for (uint64_t seed = 1; seed <= 100 * CELLS; seed++) {
        struct plan plan = make(seed);
        first[plan.order[0]]++;
        plan_finish(&plan);
    }
    for (size_t i = 0; i < CELLS; i++)
        assert_in_range(first[i], 50, 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_every_model_mode_and_level_once),
        cmocka_unit_test(each_block_holds_every_cell_once),
        cmocka_unit_test(the_same_seed_gives_the_same_order),
        cmocka_unit_test(blocks_differ_in_their_order),
        cmocka_unit_test(cells_that_are_not_wanted_are_in_no_block),
        cmocka_unit_test(every_cell_comes_first_equally_often),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
