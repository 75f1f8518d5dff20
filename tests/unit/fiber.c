/* SPDX-License-Identifier: MIT */
#include "lib/fiber.h"
#include "tests/unit/dice.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/seccomp.h>

enum { STACK = 65536, CALLS = 400, ROUNDS = 20000, CHANGES = 1000 };

/* The address sanitizer makes calls of its own. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#if defined SANITIZED || defined __SANITIZE_ADDRESS__
static const bool SANITIZER_CALLS = true;
#else
static const bool SANITIZER_CALLS = false;
#endif

static struct fibers fibers;

struct call {
    struct fiber *fiber;
    unsigned waits, waited;
    const void *stack;
    bool ended;
};

/* Waits as often as it is told, and looks whether what lies on its stack stays as it was. */
static void wait_often(void *argument)
{
    struct call *call = argument;
    unsigned char mark[512];

    call->fiber = fiber_self(&fibers);
    call->stack = mark;
    memset(mark, (int)((uintptr_t)call / sizeof *call), sizeof mark);
    while (call->waited < call->waits) {
        fiber_wait(&fibers);
        for (size_t i = 1; i < sizeof mark; i++)
            assert_int_equal(mark[i], mark[0]);
        call->waited++;
    }
    call->ended = true;
}

static void a_call_that_does_not_wait_has_ended_when_it_was_started(void **state)
{
    struct call call = {.waits = 0};

    (void)state;
    fibers_init(&fibers, STACK, wait_often);
    assert_true(fiber_start(&fibers, &call));
    assert_true(call.ended);
    fibers_finish(&fibers);
}

static void a_call_goes_on_where_it_waited(void **state)
{
    struct call call = {.waits = 2};

    (void)state;
    fibers_init(&fibers, STACK, wait_often);
    assert_true(fiber_start(&fibers, &call));
    assert_int_equal(call.waited, 0);
    fiber_resume(&fibers, call.fiber);
    assert_int_equal(call.waited, 1);
    assert_false(call.ended);
    fiber_resume(&fibers, call.fiber);
    assert_true(call.ended);
    fibers_finish(&fibers);
}

static void calls_that_wait_side_by_side_keep_their_stacks(void **state)
{
    static struct call calls[CALLS];
    struct dice dice = dice_new();

    (void)state;
    fibers_init(&fibers, STACK, wait_often);
    memset(calls, 0, sizeof calls);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct call *call = &calls[dice_below(&dice, CALLS)];

        if (call->fiber && !call->ended) {
            fiber_resume(&fibers, call->fiber);
            continue;
        }
        *call = (struct call){.waits = (unsigned)dice_below(&dice, 9)};
        assert_true(fiber_start(&fibers, call));
    }
    for (size_t i = 0; i < CALLS; i++)
        while (calls[i].fiber && !calls[i].ended)
            fiber_resume(&fibers, calls[i].fiber);
    fibers_finish(&fibers);
}

static void the_next_call_has_the_stack_of_one_that_ended(void **state)
{
    struct call first = {.waits = 1}, second = {.waits = 1};

    (void)state;
    fibers_init(&fibers, STACK, wait_often);
    assert_true(fiber_start(&fibers, &first));
    fiber_resume(&fibers, first.fiber);
    assert_true(fiber_start(&fibers, &second));
    assert_ptr_equal(first.stack, second.stack);
    fiber_resume(&fibers, second.fiber);
    fibers_finish(&fibers);
}

static void of_many_stacks_that_are_free_few_are_kept(void **state)
{
    static struct call calls[CALLS];

    (void)state;
    fibers_init(&fibers, STACK, wait_often);
    for (size_t i = 0; i < CALLS; i++) {
        calls[i] = (struct call){.waits = 1};
        assert_true(fiber_start(&fibers, &calls[i]));
    }
    for (size_t i = 0; i < CALLS; i++)
        fiber_resume(&fibers, calls[i].fiber);
    assert_int_equal(fibers.spares, FIBER_SPARES);
    fibers_finish(&fibers);
}

static void without_memory_nothing_is_called(void **state)
{
    struct call call = {.waits = 0};

    (void)state;
    fibers_init(&fibers, (size_t)1 << 50, wait_often);
    assert_false(fiber_start(&fibers, &call));
    assert_false(call.ended);
    fibers_finish(&fibers);
}

static void change_often(void *argument)
{
    for (unsigned i = 0; i < CHANGES; i++)
        fiber_wait(&fibers);
    *(bool *)argument = true;
}

/* In a process that the kernel kills at the first call other than read, write and exit. */
static void changing_stacks_makes_no_system_call(void **state)
{
    pid_t child;
    int status;

    (void)state;
    if (SANITIZER_CALLS)
        skip();
    child = fork();
    if (child == 0) {
        static bool ended;

        fibers_init(&fibers, STACK, change_often);
        if (!fiber_start(&fibers, &ended) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
            _exit(2);
        while (!ended)
            fiber_resume(&fibers, fiber_self(&fibers));
        (void)syscall(SYS_exit, 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Frames of far less than a page, so that none can step over the guard; each is looked into from
   the one below it, so that none can be spared. */
static unsigned need_more_below(unsigned depth, const volatile unsigned *above)
{
    volatile unsigned here = depth;

    return depth > 0 ? need_more_below(depth - 1, &here) + *above : 0;
}

static void need_more_later(void *argument)
{
    struct call *call = argument;

    call->fiber = fiber_self(&fibers);
    fiber_wait(&fibers);
    call->waited = need_more_below(STACK, &call->waits);
}

/* The stacks that were made later lie below the first: without a guard it would run into them. */
static void run_out_of_stack(void)
{
    static struct call calls[CALLS];

    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would have it be a finding */
    fibers_init(&fibers, STACK, need_more_later);
    for (size_t i = 0; i < CALLS; i++)
        (void)fiber_start(&fibers, &calls[i]);
    fiber_resume(&fibers, calls[0].fiber);
}

static void who_needs_more_stack_meets_the_guard(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        run_out_of_stack();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_does_not_wait_has_ended_when_it_was_started),
        cmocka_unit_test(a_call_goes_on_where_it_waited),
        cmocka_unit_test(calls_that_wait_side_by_side_keep_their_stacks),
        cmocka_unit_test(the_next_call_has_the_stack_of_one_that_ended),
        cmocka_unit_test(of_many_stacks_that_are_free_few_are_kept),
        cmocka_unit_test(without_memory_nothing_is_called),
        cmocka_unit_test(changing_stacks_makes_no_system_call),
        cmocka_unit_test(who_needs_more_stack_meets_the_guard),
    };

    return cmocka_run_group_tests_name("fiber", tests, NULL, NULL) > 0;
}
