/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/claims/claims.h"
#include "tests/claims/fixture.h"

static void e1_asks_what_stays_at_the_default_and_ignored(void **state)
{
    (void)state;
    assert_finding(&claim_e1, "none stay 260/260\n ignore stay 260/260\n loop stay 0/260",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_e1, "none stay 260/260\n ignore stay 0/260\n loop stay 0/260",
                      FINDING_DEPENDS, "ignored none does");
    assert_finding(&claim_e1, "none stay 259/260\n ignore stay 0/260\n loop stay 0/260",
                   FINDING_REFUTED);
    assert_finding(&claim_e1, "none stay 260/260\n ignore stay 3/260\n loop stay 0/260",
                   FINDING_UNDECIDED);
    assert_finding(&claim_e1, "none stay 260/260\n ignore stay 0/260\n loop stay 1/260",
                   FINDING_UNDECIDED);
    assert_finding(&claim_e1, "none stay 260/260", FINDING_UNDECIDED);
}

#define ALL(WAY, FEW, TEN, MANY)                                                                   \
    WAY "@1 zombies 0 0\n " WAY "@2 zombies " FEW "\n" WAY "@5 zombies " FEW "\n" WAY              \
        "@10 zombies " TEN "\n" WAY "@20 zombies " MANY "\n" WAY "@50 zombies " MANY "\n" WAY      \
        "@100 zombies " MANY "\n" WAY "@200 zombies " MANY "\n"

static void e2_asks_for_a_loop_that_leaves_none_and_a_single_call_that_does(void **state)
{
    (void)state;
    assert_finding(&claim_e2, ALL("loop", "0 0", "0 0", "0 0") ALL("once", "0 0", "0 4", "15 17"),
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_e2,
                      ALL("loop", "0 0", "0 0", "0 0") ALL("once", "0 0", "0 0", "15 17"),
                      FINDING_DEPENDS, "fewer than 20");
    assert_finding(&claim_e2, ALL("loop", "0 0", "0 0", "0 0") ALL("once", "0 0", "0 0", "0 0"),
                   FINDING_REFUTED);
    assert_finding(&claim_e2, ALL("loop", "0 0", "0 0", "0 1") ALL("once", "0 1", "4 4", "15 17"),
                   FINDING_REFUTED);
    assert_finding(&claim_e2, ALL("loop", "0 0", "0 0", "0 0"), FINDING_UNDECIDED);
}

static void e3_asks_whether_sa_restart_makes_a_difference(void **state)
{
    (void)state;
    assert_finding(&claim_e3, "plain interrupted 118/120\n restart interrupted 117/120",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_e3,
                      "plain interrupted 118/120\n restart interrupted 0/120\n"
                      "restart-timeout interrupted 118/120",
                      FINDING_DEPENDS, "unless the listener has a time-out");
    assert_finding_on(&claim_e3,
                      "plain interrupted 118/120\n restart interrupted 0/120\n"
                      "restart-timeout interrupted 0/120",
                      FINDING_DEPENDS, "SA_RESTART");
    assert_finding(&claim_e3, "plain interrupted 1/120\n restart interrupted 0/120",
                   FINDING_REFUTED);
    assert_finding(&claim_e3, "plain interrupted 60/120\n restart interrupted 0/120",
                   FINDING_UNDECIDED);
    assert_finding(&claim_e3, "plain interrupted 0/120\n restart interrupted 118/120",
                   FINDING_UNDECIDED);
    assert_finding(&claim_e3, "plain interrupted 118/120", FINDING_UNDECIDED);
}

#define OWED                                                                                       \
    "zombie status_kept 5/5\n zombie entry_stays 5/5\n zombie gone_when_waited_for 5/5\n"          \
    "zombie holds_memory 0/5\n"
#define RESTART(CALL, SHARE) CALL " begun_again_restart " SHARE "\n"
#define BUT_READ(SHARE)                                                                            \
    RESTART("recv", SHARE)                                                                         \
    RESTART("waitpid", SHARE)                                                                      \
    RESTART("sem_wait", SHARE)                                                                     \
    RESTART("recv-timeout", SHARE)                                                                 \
    RESTART("poll", SHARE)                                                                         \
    RESTART("select", SHARE) RESTART("epoll_wait", SHARE) RESTART("nanosleep", SHARE)

static void e4_asks_what_is_owed_and_which_calls_begin_again(void **state)
{
    (void)state;
    assert_finding(&claim_e4, OWED BUT_READ("5/5") RESTART("read", "5/5"), FINDING_CONFIRMED);
    assert_finding_on(&claim_e4, OWED BUT_READ("0/5") RESTART("read", "5/5"), FINDING_DEPENDS,
                      "read begin again; recv, waitpid");
    assert_finding(&claim_e4, OWED BUT_READ("0/5") RESTART("read", "0/5"), FINDING_REFUTED);
    assert_finding(&claim_e4, BUT_READ("5/5") RESTART("read", "5/5") "zombie status_kept 4/5\n",
                   FINDING_REFUTED);
    assert_finding_on(&claim_e4, OWED BUT_READ("5/5") RESTART("read", "4/5"), FINDING_UNDECIDED,
                      "read");
    assert_finding_on(&claim_e4, OWED BUT_READ("5/5"), FINDING_UNDECIDED, "read was not tried");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(e1_asks_what_stays_at_the_default_and_ignored),
        cmocka_unit_test(e2_asks_for_a_loop_that_leaves_none_and_a_single_call_that_does),
        cmocka_unit_test(e3_asks_whether_sa_restart_makes_a_difference),
        cmocka_unit_test(e4_asks_what_is_owed_and_which_calls_begin_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
