/* SPDX-License-Identifier: MIT */
#include "lib/deadlines.h"
#include "tests/unit/dice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { CLIENTS = 40, OPERATIONS = 200000 };

static const int64_t TIMEOUT_MS[TIMERS] = {
    [TIMER_IDLE] = 60000, [TIMER_HEADER] = 10000, [TIMER_DRAIN] = 5000};

static void nobody_is_due_at_first(void **state)
{
    struct deadlines deadlines;

    (void)state;
    deadlines_init(&deadlines, TIMEOUT_MS);
    assert_null(deadlines_soonest(&deadlines));
    for (enum timer timer = 0; timer < TIMERS; timer++)
        assert_null(deadlines_oldest(&deadlines, timer));
}

static void who_starts_first_is_due_first(void **state)
{
    struct deadlines deadlines;
    struct deadline a, b;

    (void)state;
    deadlines_init(&deadlines, TIMEOUT_MS);
    deadline_none(&a);
    deadline_none(&b);
    deadlines_start(&deadlines, &a, TIMER_IDLE, 100);
    deadlines_start(&deadlines, &b, TIMER_IDLE, 100);
    assert_ptr_equal(deadlines_soonest(&deadlines), &a);
    assert_int_equal(a.at_ms, 60100);
    deadlines_clear(&a);
    assert_ptr_equal(deadlines_soonest(&deadlines), &b);
}

static void starting_anew_puts_a_deadline_off(void **state)
{
    struct deadlines deadlines;
    struct deadline a, b;

    (void)state;
    deadlines_init(&deadlines, TIMEOUT_MS);
    deadline_none(&a);
    deadline_none(&b);
    deadlines_start(&deadlines, &a, TIMER_IDLE, 0);
    deadlines_start(&deadlines, &b, TIMER_IDLE, 1);
    deadlines_start(&deadlines, &a, TIMER_IDLE, 2);
    assert_ptr_equal(deadlines_oldest(&deadlines, TIMER_IDLE), &b);
    deadlines_start(&deadlines, &a, TIMER_HEADER, 3);
    assert_ptr_equal(deadlines_soonest(&deadlines), &a);
    assert_int_equal(a.at_ms, 10003);
}

static void who_comes_from_elsewhere_goes_where_he_belongs(void **state)
{
    struct deadlines deadlines;
    struct deadline a, b, between, last, first;
    struct deadline *const order[] = {&first, &a, &between, &b, &last};

    (void)state;
    deadlines_init(&deadlines, TIMEOUT_MS);
    deadline_none(&a);
    deadline_none(&b);
    deadlines_start(&deadlines, &a, TIMER_IDLE, 100);
    deadlines_start(&deadlines, &b, TIMER_IDLE, 200);
    deadlines_insert(&deadlines, &between, TIMER_IDLE, 60100);
    deadlines_insert(&deadlines, &last, TIMER_IDLE, NEVER_MS);
    deadlines_insert(&deadlines, &first, TIMER_IDLE, -1);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        assert_ptr_equal(deadlines_soonest(&deadlines), order[i]);
        deadlines_clear(order[i]);
    }
    assert_null(deadlines_soonest(&deadlines));
}

static void without_a_timeout_nobody_is_due(void **state)
{
    static const int64_t NONE_MS[TIMERS] = {NEVER_MS, NEVER_MS, NEVER_MS};
    struct deadlines deadlines;
    struct deadline a;

    (void)state;
    deadlines_init(&deadlines, NONE_MS);
    deadline_none(&a);
    deadlines_start(&deadlines, &a, TIMER_IDLE, INT64_MAX - 1);
    assert_true(a.at_ms == NEVER_MS);
    assert_ptr_equal(deadlines_oldest(&deadlines, TIMER_IDLE), &a);
}

static void a_renewed_deadline_stays_in_place_while_it_is_due_at_the_same_time(void **state)
{
    struct deadlines deadlines;
    struct deadline a, b;

    (void)state;
    deadlines_init(&deadlines, TIMEOUT_MS);
    deadline_none(&a);
    deadline_none(&b);
    deadlines_renew(&deadlines, &a, TIMER_IDLE, 100); /* ran on none: it is started */
    deadlines_start(&deadlines, &b, TIMER_IDLE, 100);
    deadlines_renew(&deadlines, &a, TIMER_IDLE, 100);
    assert_ptr_equal(deadlines_oldest(&deadlines, TIMER_IDLE), &a);
    deadlines_renew(&deadlines, &a, TIMER_IDLE, 101);
    assert_ptr_equal(deadlines_oldest(&deadlines, TIMER_IDLE), &b);
    assert_true(a.at_ms == b.at_ms + 1);
}

static void what_never_is_due_is_renewed_into_its_list(void **state)
{
    static const int64_t NONE_MS[TIMERS] = {NEVER_MS, NEVER_MS, NEVER_MS};
    struct deadlines deadlines;
    struct deadline a;

    (void)state;
    deadlines_init(&deadlines, NONE_MS);
    deadline_none(&a);
    deadlines_renew(&deadlines, &a, TIMER_HEADER, 0);
    assert_ptr_equal(deadlines_oldest(&deadlines, TIMER_HEADER), &a);
}

static void a_clear_deadline_may_be_cleared(void **state)
{
    struct deadlines deadlines;
    struct deadline a;

    (void)state;
    deadlines_init(&deadlines, TIMEOUT_MS);
    deadline_none(&a);
    deadlines_clear(&a);
    deadlines_start(&deadlines, &a, TIMER_DRAIN, 0);
    deadlines_clear(&a);
    deadlines_clear(&a);
    assert_null(deadlines_soonest(&deadlines));
}

/* ---- Against a model that looks at everybody ---- */

struct model {
    int64_t at_ms;
    enum timer timer; /* TIMERS: none runs */
    int started;      /* the operation that started it */
};

static int model_oldest(const struct model *models, enum timer timer)
{
    int oldest = -1;

    for (int i = 0; i < CLIENTS; i++)
        if (models[i].timer == timer && (oldest < 0 || models[i].started < models[oldest].started))
            oldest = i;
    return oldest;
}

static int64_t model_soonest_ms(const struct model *models)
{
    int64_t soonest_ms = NEVER_MS;

    for (int i = 0; i < CLIENTS; i++)
        if (models[i].timer != TIMERS && models[i].at_ms < soonest_ms)
            soonest_ms = models[i].at_ms;
    return soonest_ms;
}

static void hold_against(const struct deadlines *deadlines, const struct deadline *all,
                         const struct model *models)
{
    const struct deadline *soonest = deadlines_soonest(deadlines);

    for (enum timer timer = 0; timer < TIMERS; timer++) {
        int oldest = model_oldest(models, timer);

        assert_ptr_equal(deadlines_oldest(deadlines, timer), oldest < 0 ? NULL : &all[oldest]);
    }
    assert_true((soonest ? soonest->at_ms : NEVER_MS) == model_soonest_ms(models));
}

static void random_operations_agree_with_a_model(void **state)
{
    struct dice dice = dice_new();
    struct deadlines deadlines;
    struct deadline all[CLIENTS];
    struct model models[CLIENTS];
    int64_t now_ms = 0;

    (void)state;
    deadlines_init(&deadlines, TIMEOUT_MS);
    for (int i = 0; i < CLIENTS; i++) {
        deadline_none(&all[i]);
        models[i].timer = TIMERS;
    }
    for (int i = 0; i < OPERATIONS; i++) {
        size_t client = dice_below(&dice, CLIENTS);
        enum timer timer = (enum timer)dice_below(&dice, TIMERS + 1);

        now_ms += (int64_t)dice_below(&dice, 3) * (int64_t)dice_below(&dice, 2000);
        models[client] = (struct model){NEVER_MS, timer, i};
        if (timer == TIMERS) {
            deadlines_clear(&all[client]);
        } else {
            models[client].at_ms = now_ms + TIMEOUT_MS[timer];
            deadlines_start(&deadlines, &all[client], timer, now_ms);
        }
        hold_against(&deadlines, all, models);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_due_at_first),
        cmocka_unit_test(who_starts_first_is_due_first),
        cmocka_unit_test(starting_anew_puts_a_deadline_off),
        cmocka_unit_test(who_comes_from_elsewhere_goes_where_he_belongs),
        cmocka_unit_test(without_a_timeout_nobody_is_due),
        cmocka_unit_test(a_renewed_deadline_stays_in_place_while_it_is_due_at_the_same_time),
        cmocka_unit_test(what_never_is_due_is_renewed_into_its_list),
        cmocka_unit_test(a_clear_deadline_may_be_cleared),
        cmocka_unit_test(random_operations_agree_with_a_model),
    };

    return cmocka_run_group_tests_name("deadlines", tests, NULL, NULL) > 0;
}
