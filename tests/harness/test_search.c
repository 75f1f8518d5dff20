/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/run/search.h"

/* A server that keeps up to a sharp limit, a generator that reaches to another one. */
struct world {
    double limit, reach;
    int lies; /* so many answers at or beyond the limit are "holds" all the same */
    int asked;
};

static enum search_answer ask(void *argument, double rate)
{
    struct world *world = argument;
    world->asked++;
    if (rate > world->reach)
        return SEARCH_UNKNOWN;
    if (rate <= world->limit)
        return SEARCH_HOLDS;
    return world->lies-- > 0 ? SEARCH_HOLDS : SEARCH_FAILS;
}

static struct search_result search(struct world world, double guess)
{
    struct search_result result;
    search_rate(ask, &world, guess, &result);
    assert_int_equal(result.steps, world.asked);
    return result;
}

static void the_limit_lies_between_low_and_high(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        double limit = 7000 * pow(1.2, i);
        struct search_result found = search((struct world){.limit = limit, .reach = 1e9}, 100000);
        assert_true(found.low <= limit && limit < found.high);
        assert_true(found.high <= found.low * 1.05);
        assert_true(found.steps <= 24);
    }
}

static void a_lucky_answer_does_not_stand(void **state)
{
    (void)state;
    struct search_result found =
        search((struct world){.limit = 60000, .reach = 1e9, .lies = 1}, 100000);
    assert_true(found.low <= 60000);
}

static void a_generator_at_its_end_leaves_the_top_open(void **state)
{
    (void)state;
    struct search_result found = search((struct world){.limit = 1e9, .reach = 90000}, 100000);
    assert_true(found.low > 90000 / 1.05 && found.low <= 90000);
    assert_true(found.high == 0);
}

static void a_generator_that_is_late_at_first_is_asked_for_less(void **state)
{
    (void)state;
    struct search_result found = search((struct world){.limit = 50000, .reach = 60000}, 100000);
    assert_true(found.low > 50000 / 1.05 && found.low <= 50000);
    assert_true(found.high > 50000 && found.high <= found.low * 1.05);
}

static void a_generator_that_is_late_throughout_finds_nothing_out(void **state)
{
    (void)state;
    struct search_result found = search((struct world){.limit = 50000, .reach = 0}, 100000);
    assert_true(found.low == 0 && found.blind);
    found = search((struct world){.limit = 0, .reach = 90000}, 100000);
    assert_true(found.low == 0 && !found.blind);
}

static void a_good_guess_takes_few_questions(void **state)
{
    (void)state;
    for (int percent = 71; percent <= 110; percent++) {
        struct search_result found =
            search((struct world){.limit = 1000 * percent, .reach = 1e9}, 100000);
        assert_true(found.steps <= 7);
    }
}

static void who_fails_at_a_sixteenth_is_not_asked_further(void **state)
{
    (void)state;
    struct search_result found = search((struct world){.limit = 5000, .reach = 1e9}, 100000);
    assert_true(found.low == 0);
    assert_true(found.steps <= 6);
}

static void where_nothing_holds_nothing_is_found(void **state)
{
    (void)state;
    struct search_result found = search((struct world){.limit = 0, .reach = 1e9}, 100000);
    assert_true(found.low == 0);
    assert_true(found.steps <= 24);
}

/* ---- One window ---- */

enum { BOUND_US = 5000 };

/* 10 000 due, all answered, p99 well under the bound. */
static struct search_window good_window(void)
{
    return (struct search_window){
        .offered = 10000, .answered = 10000, .p99_ns = 1000000, .on_time_p99_ns = 900000};
}

static void a_rate_holds_up_to_the_bound_and_with_99_percent_answered(void **state)
{
    (void)state;
    struct search_window window = good_window();
    window.p99_ns = BOUND_US * 1000;
    window.answered = 9900;
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_HOLDS);
}

static void a_late_generator_under_the_bound_is_none_of_its_business(void **state)
{
    (void)state;
    struct search_window window = good_window();
    window.on_time_p99_ns = 1000;
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_HOLDS);
}

static void a_server_over_the_bound_by_itself_fails(void **state)
{
    (void)state;
    struct search_window window = good_window();
    window.p99_ns = BOUND_US * 1000 + 1;
    window.on_time_p99_ns = BOUND_US * 1000 + 1;
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_FAILS);
    window.on_time_p99_ns = -1; /* too few samples to tell */
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_FAILS);
}

static void over_the_bound_by_the_generators_lateness_alone_nobody_knows(void **state)
{
    (void)state;
    struct search_window window = good_window();
    window.p99_ns = BOUND_US * 1000 + 1;
    window.on_time_p99_ns = BOUND_US * 1000;
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_UNKNOWN);
    window.answered = 9000; /* those may be missing for the same reason */
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_UNKNOWN);
}

/* p99 is under the bound, so lateness has not made a difference: what is missing is. */
static void requests_and_clients_left_out_under_the_bound_are_a_failure(void **state)
{
    (void)state;
    struct search_window window = good_window();
    window.answered = 9899;
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_FAILS);
    window = good_window();
    window.starved = 1;
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_FAILS);
    window = good_window();
    window.offered = window.answered = 0;
    assert_int_equal(search_judge(&window, BOUND_US), SEARCH_FAILS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_holds_up_to_the_bound_and_with_99_percent_answered),
        cmocka_unit_test(a_late_generator_under_the_bound_is_none_of_its_business),
        cmocka_unit_test(a_server_over_the_bound_by_itself_fails),
        cmocka_unit_test(over_the_bound_by_the_generators_lateness_alone_nobody_knows),
        cmocka_unit_test(requests_and_clients_left_out_under_the_bound_are_a_failure),
        cmocka_unit_test(the_limit_lies_between_low_and_high),
        cmocka_unit_test(a_lucky_answer_does_not_stand),
        cmocka_unit_test(a_generator_at_its_end_leaves_the_top_open),
        cmocka_unit_test(a_generator_that_is_late_at_first_is_asked_for_less),
        cmocka_unit_test(a_generator_that_is_late_throughout_finds_nothing_out),
        cmocka_unit_test(a_good_guess_takes_few_questions),
        cmocka_unit_test(who_fails_at_a_sixteenth_is_not_asked_further),
        cmocka_unit_test(where_nothing_holds_nothing_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
