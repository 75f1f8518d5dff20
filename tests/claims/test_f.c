/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/claims/claims.h"
#include "tests/claims/fixture.h"

#define MEMORY_AS_EXPECTED "fork user_bytes 60 61 62\n thread user_bytes 20 21 22\n"

static void f1_asks_who_sees_a_change_and_what_takes_more_memory(void **state)
{
    (void)state;
    assert_finding(&claim_f1,
                   MEMORY_AS_EXPECTED "child change_seen 0/6\n in-thread change_seen 6/6\n",
                   FINDING_CONFIRMED);
    assert_finding(&claim_f1,
                   MEMORY_AS_EXPECTED "child change_seen 1/6\n in-thread change_seen 6/6\n",
                   FINDING_REFUTED);
    assert_finding_on(&claim_f1,
                      "child change_seen 0/6\n in-thread change_seen 6/6\n"
                      "fork user_bytes 20 21 22\n thread user_bytes 60 61 62",
                      FINDING_DEPENDS, "what is counted");
    assert_finding(&claim_f1,
                   "child change_seen 0/6\n in-thread change_seen 6/6\n"
                   "fork user_bytes 20 60 22\n thread user_bytes 60 21 22",
                   FINDING_UNDECIDED);
    assert_finding(&claim_f1, "", FINDING_UNDECIDED);
}

#define FIRST(model, values)                                                                       \
    model "-cold first_answer_p50_us " values "\n" model "-loaded first_answer_p50_us " values "\n"
#define LONG_TIMES  "300 310 320"
#define SHORT_TIMES "90 95 91"

static void f2_asks_for_shorter_waits_of_processes_and_threads(void **state)
{
    (void)state;
    assert_finding(&claim_f2,
                   FIRST("fork", LONG_TIMES) FIRST("prefork", SHORT_TIMES)
                       FIRST("thread", LONG_TIMES) FIRST("prethread", SHORT_TIMES),
                   FINDING_CONFIRMED);
    assert_finding(&claim_f2,
                   FIRST("fork", SHORT_TIMES) FIRST("prefork", LONG_TIMES)
                       FIRST("thread", SHORT_TIMES) FIRST("prethread", LONG_TIMES),
                   FINDING_REFUTED);
    assert_finding_on(&claim_f2,
                      FIRST("fork", LONG_TIMES) FIRST("prefork", SHORT_TIMES)
                          FIRST("thread", SHORT_TIMES) FIRST("prethread", LONG_TIMES),
                      FINDING_DEPENDS, "processes, alone; processes, beside others");
    assert_finding(&claim_f2,
                   FIRST("fork", "90 310 91") FIRST("prefork", "95 93 320")
                       FIRST("thread", "80 182 81") FIRST("prethread", "120 125 61"),
                   FINDING_UNDECIDED);
}

static void f3_tells_on_which_write_the_signal_comes(void **state)
{
    (void)state;
    assert_finding(
        &claim_f3,
        "reset first_raised 8/8\n reset second_raised 8/8\n server-shut first_raised 0/8",
        FINDING_CONFIRMED);
    assert_finding(
        &claim_f3,
        "reset first_raised 0/8\n reset second_raised 0/8\n server-shut first_raised 0/8",
        FINDING_REFUTED);
    assert_finding_on(
        &claim_f3,
        "reset first_raised 0/8\n reset second_raised 8/8\n server-shut first_raised 8/8",
        FINDING_DEPENDS, "ECONNRESET");
    assert_finding(&claim_f3, "", FINDING_UNDECIDED);
}

#define LEFT(model, left, served)                                                                  \
    model " clients_left " left "\n" model " newcomer_served " served "\n"
#define NOBODY_LEFT(model)      LEFT(model, "0/5", "0/1")
#define ALL_BUT_ONE_LEFT(model) LEFT(model, "4/5", "1/1")

static void f4_asks_who_is_left_after_a_crash(void **state)
{
    (void)state;
    assert_finding(&claim_f4,
                   NOBODY_LEFT("thread") NOBODY_LEFT("prethread") NOBODY_LEFT("epoll-lt")
                       ALL_BUT_ONE_LEFT("fork") ALL_BUT_ONE_LEFT("prefork")
                           ALL_BUT_ONE_LEFT("epoll-exclusive"),
                   FINDING_CONFIRMED);
    /* One of its processes may have had them all. */
    assert_finding(&claim_f4,
                   NOBODY_LEFT("thread") NOBODY_LEFT("prethread") NOBODY_LEFT("epoll-lt")
                       ALL_BUT_ONE_LEFT("fork") ALL_BUT_ONE_LEFT("prefork")
                           LEFT("epoll-exclusive", "0/5", "1/1"),
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_f4,
                      NOBODY_LEFT("thread") NOBODY_LEFT("prethread") NOBODY_LEFT("epoll-lt")
                          ALL_BUT_ONE_LEFT("fork") ALL_BUT_ONE_LEFT("prefork")
                              LEFT("epoll-exclusive", "0/5", "0/1"),
                      FINDING_DEPENDS, "is not alone");
    assert_finding_on(&claim_f4,
                      NOBODY_LEFT("thread") NOBODY_LEFT("prethread") NOBODY_LEFT("epoll-lt")
                          NOBODY_LEFT("fork") ALL_BUT_ONE_LEFT("prefork")
                              ALL_BUT_ONE_LEFT("epoll-exclusive"),
                      FINDING_DEPENDS, "is not alone");
    assert_finding(&claim_f4,
                   ALL_BUT_ONE_LEFT("thread") NOBODY_LEFT("prethread") NOBODY_LEFT("epoll-lt")
                       NOBODY_LEFT("fork") ALL_BUT_ONE_LEFT("prefork")
                           ALL_BUT_ONE_LEFT("epoll-exclusive"),
                   FINDING_REFUTED);
    assert_finding(&claim_f4, NOBODY_LEFT("thread"), FINDING_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f1_asks_who_sees_a_change_and_what_takes_more_memory),
        cmocka_unit_test(f2_asks_for_shorter_waits_of_processes_and_threads),
        cmocka_unit_test(f3_tells_on_which_write_the_signal_comes),
        cmocka_unit_test(f4_asks_who_is_left_after_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
