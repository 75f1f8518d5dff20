/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/claims/claims.h"
#include "tests/claims/fixture.h"

#define NONE_LOST                                                                                  \
    "pselect lost_shutdowns 0/10000\n self-pipe lost_shutdowns 0/10000\n"                          \
    "sigwait-thread lost_shutdowns 0/10000\n flag lost_shutdowns 40/10000\n"
#define MERGED "signalfd seen_standard 300/1000\n signalfd seen_realtime 1000/1000\n"
#define OTHERS_SLOWER                                                                              \
    "self-pipe notice_us 12 12.1 12\n sigwait-thread notice_us 20 20.1 20\n"                       \
    "flag notice_us 5 5.1 5\n"

static void a8_asks_for_a_signalfd_that_loses_nothing_and_is_not_beaten(void **state)
{
    (void)state;
    assert_finding(&claim_a8,
                   NONE_LOST MERGED OTHERS_SLOWER "signalfd lost_shutdowns 0/10000\n"
                                                  "signalfd notice_us 10 10.1 10\n"
                                                  "pselect notice_us 10 10 10.1\n",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_a8,
                      NONE_LOST MERGED OTHERS_SLOWER "signalfd lost_shutdowns 0/10000\n"
                                                     "signalfd notice_us 10 10.1 10\n"
                                                     "pselect notice_us 8 8 8.1\n",
                      FINDING_DEPENDS, "pselect");
    assert_finding(&claim_a8,
                   NONE_LOST MERGED OTHERS_SLOWER "signalfd lost_shutdowns 0/10000\n"
                                                  "signalfd notice_us 10 10.1 10\n"
                                                  "pselect notice_us 5 10 15\n",
                   FINDING_UNDECIDED);
}

static void a8_is_refuted_by_a_lost_shutdown_or_by_signals_that_are_not_merged(void **state)
{
    (void)state;
    assert_finding(&claim_a8, NONE_LOST MERGED "signalfd lost_shutdowns 1/10000\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a8,
                   NONE_LOST "signalfd lost_shutdowns 0/10000\n signalfd seen_standard 1000/1000\n"
                             "signalfd seen_realtime 1000/1000\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a8,
                   NONE_LOST "signalfd lost_shutdowns 0/10000\n signalfd seen_standard 300/1000\n"
                             "signalfd seen_realtime 999/1000\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a8, NONE_LOST, FINDING_UNDECIDED);
}

static void a9_tells_a_reset_from_one_that_only_system_v_does(void **state)
{
    (void)state;
    assert_finding(&claim_a9,
                   "signal handled_second 0/4\n sysv_signal handled_second 0/4\n"
                   "sigaction handled_second 4/4",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_a9,
                      "signal handled_second 4/4\n sysv_signal handled_second 0/4\n"
                      "sigaction handled_second 4/4",
                      FINDING_DEPENDS, "System V");
    assert_finding(&claim_a9,
                   "signal handled_second 4/4\n sysv_signal handled_second 4/4\n"
                   "sigaction handled_second 4/4",
                   FINDING_REFUTED);
    assert_finding(&claim_a9,
                   "signal handled_second 4/4\n sysv_signal handled_second 0/4\n"
                   "sigaction handled_second 3/4",
                   FINDING_UNDECIDED);
    assert_finding(&claim_a9, "signal handled_second 4/4", FINDING_UNDECIDED);
}

static void a10_asks_for_a_flag_that_hangs_and_cures_that_do_not(void **state)
{
    (void)state;
    assert_finding(&claim_a10, "flag hung 3/10000\n pselect hung 0/10000\n signalfd hung 0/10000",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_a10,
                      "flag hung 3/10000\n pselect hung 1/10000\n signalfd hung 0/10000",
                      FINDING_DEPENDS, "signalfd mends it, pselect does not");
    assert_finding(&claim_a10, "flag hung 3/10000\n pselect hung 1/10000\n signalfd hung 1/10000",
                   FINDING_REFUTED);
    assert_finding(&claim_a10, "flag hung 0/10000\n pselect hung 0/10000\n signalfd hung 0/10000",
                   FINDING_UNDECIDED);
    assert_finding(&claim_a10, "flag hung 3/10000", FINDING_UNDECIDED);
}

#define FIRST_AFTER_FIN "fin@1 sigpipe 5/5\n fin@1 failed 5/5\n"
#define FIRST_AFTER_RST "rst@1 sigpipe 5/5\n rst@1 failed 5/5\n"
#define NOT_AFTER_FIN   "fin@1 sigpipe 0/5\n fin@1 failed 0/5\n"
#define NOT_AFTER_RST   "rst@1 sigpipe 0/5\n rst@1 failed 5/5\n"

static void a11_asks_which_write_raises_the_signal(void **state)
{
    (void)state;
    assert_finding(&claim_a11, FIRST_AFTER_FIN FIRST_AFTER_RST, FINDING_CONFIRMED);
    assert_finding(&claim_a11, NOT_AFTER_FIN NOT_AFTER_RST, FINDING_REFUTED);
    assert_finding_on(&claim_a11,
                      NOT_AFTER_FIN NOT_AFTER_RST "fin@2 sigpipe 5/5\n fin@2 failed 5/5\n"
                                                  "rst@3 sigpipe 5/5\n rst@3 failed 5/5\n",
                      FINDING_DEPENDS, "after FIN the second raises it, after RST the third");
    assert_finding_on(&claim_a11, NOT_AFTER_FIN FIRST_AFTER_RST, FINDING_DEPENDS, "after FIN none");
    assert_finding(&claim_a11, FIRST_AFTER_FIN, FINDING_UNDECIDED);
}

static void a12_asks_where_a_clean_up_runs_twice(void **state)
{
    (void)state;
    assert_finding_on(&claim_a12,
                      "handler twice 4/4\n after-loop twice 0/4\n servers twice 0/76\n"
                      "servers in_order 76/76",
                      FINDING_DEPENDS, "where it is done");
    assert_finding(&claim_a12,
                   "handler twice 4/4\n after-loop twice 0/4\n servers twice 1/76\n"
                   "servers in_order 75/76",
                   FINDING_CONFIRMED);
    assert_finding(&claim_a12,
                   "handler twice 0/4\n after-loop twice 0/4\n servers twice 0/76\n"
                   "servers in_order 76/76",
                   FINDING_REFUTED);
    assert_finding_on(&claim_a12,
                      "handler twice 4/4\n after-loop twice 0/4\n servers twice 0/76\n"
                      "servers in_order 74/76",
                      FINDING_UNDECIDED, "2 of 76");
    assert_finding(&claim_a12, "handler twice 4/4", FINDING_UNDECIDED);
}

#define FOUR_IN_ORDER                                                                              \
    "HUP in_order 57/57\n INT in_order 57/57\n QUIT in_order 57/57\n TERM in_order 57/57\n"

static void a13_is_refuted_by_a_signal_beyond_the_five(void **state)
{
    (void)state;
    assert_finding(&claim_a13, FOUR_IN_ORDER "ABRT in_order 0/57\n PIPE killed_by_it 3/3",
                   FINDING_REFUTED);
    assert_finding(&claim_a13, FOUR_IN_ORDER "ABRT in_order 57/57\n PIPE killed_by_it 0/3",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_a13, FOUR_IN_ORDER "ABRT in_order 0/57\n PIPE killed_by_it 0/3",
                      FINDING_DEPENDS, "ABRT");
    assert_finding_on(&claim_a13,
                      "HUP in_order 57/57\n INT in_order 56/57\n QUIT in_order 57/57\n"
                      "TERM in_order 57/57\n ABRT in_order 0/57\n PIPE killed_by_it 3/3",
                      FINDING_UNDECIDED, "SIGINT");
    assert_finding(&claim_a13, FOUR_IN_ORDER, FINDING_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a8_asks_for_a_signalfd_that_loses_nothing_and_is_not_beaten),
        cmocka_unit_test(a8_is_refuted_by_a_lost_shutdown_or_by_signals_that_are_not_merged),
        cmocka_unit_test(a9_tells_a_reset_from_one_that_only_system_v_does),
        cmocka_unit_test(a10_asks_for_a_flag_that_hangs_and_cures_that_do_not),
        cmocka_unit_test(a11_asks_which_write_raises_the_signal),
        cmocka_unit_test(a12_asks_where_a_clean_up_runs_twice),
        cmocka_unit_test(a13_is_refuted_by_a_signal_beyond_the_five),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
