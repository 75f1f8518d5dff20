/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/claims/claims.h"
#include "tests/claims/fixture.h"

#define ECHO(model, first, always)                                                                 \
    model "-writes-first finished " first "\n" model "-reads-always finished " always "\n"

static void d4_asks_who_gets_everything_back(void **state)
{
    (void)state;
    assert_finding(&claim_d4,
                   ECHO("thread", "0/4", "4/4") ECHO("epoll-lt", "0/4", "4/4")
                       ECHO("epoll-et", "0/4", "4/4") ECHO("libuv", "0/4", "4/4"),
                   FINDING_CONFIRMED);
    assert_finding(&claim_d4,
                   ECHO("thread", "4/4", "4/4") ECHO("epoll-lt", "4/4", "4/4")
                       ECHO("epoll-et", "4/4", "4/4") ECHO("libuv", "4/4", "4/4"),
                   FINDING_REFUTED);
    assert_finding(&claim_d4,
                   ECHO("thread", "4/4", "4/4") ECHO("epoll-lt", "0/4", "4/4")
                       ECHO("epoll-et", "0/4", "4/4") ECHO("libuv", "0/4", "4/4"),
                   FINDING_DEPENDS);
    assert_finding(&claim_d4, ECHO("thread", "0/4", "4/4"), FINDING_UNDECIDED);
}

#define ALL_BUT_LIBUV(metric)                                                                      \
    "fork " metric " 8/8\n thread " metric " 8/8\n polling-list " metric " 8/8\n select " metric   \
    " 8/8\n poll " metric " 8/8\n epoll-lt " metric " 8/8\n epoll-et " metric " 8/8\n"

static void d5_asks_that_only_the_naive_server_loses_answers(void **state)
{
    (void)state;
#define MODELS ALL_BUT_LIBUV("answered") "iterative answered 8/8\n"
    assert_finding(&claim_d5, MODELS "libuv answered 8/8\n naive answered 0/16", FINDING_CONFIRMED);
    assert_finding(&claim_d5, MODELS "libuv answered 8/8\n naive answered 16/16", FINDING_REFUTED);
    assert_finding_on(&claim_d5, MODELS "libuv answered 7/8\n naive answered 0/16", FINDING_DEPENDS,
                      "libuv");
    assert_finding(&claim_d5, MODELS "libuv answered 8/8", FINDING_UNDECIDED);
#undef MODELS
}

static void d8_asks_who_cuts_off_clients_that_asked_in_time(void **state)
{
    (void)state;
    assert_finding(&claim_d8, ALL_BUT_LIBUV("answered") "libuv answered 40/40", FINDING_CONFIRMED);
    assert_finding_on(&claim_d8, ALL_BUT_LIBUV("answered") "libuv answered 0/40", FINDING_DEPENDS,
                      "libuv and 0 others");
    assert_finding(&claim_d8,
                   "fork answered 0/8\n thread answered 0/8\n polling-list answered 7/8\n"
                   "select answered 0/8\n poll answered 0/8\n epoll-lt answered 0/8\n"
                   "epoll-et answered 0/8\n libuv answered 0/8",
                   FINDING_REFUTED);
    assert_finding(&claim_d8, ALL_BUT_LIBUV("answered"), FINDING_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d4_asks_who_gets_everything_back),
        cmocka_unit_test(d5_asks_that_only_the_naive_server_loses_answers),
        cmocka_unit_test(d8_asks_who_cuts_off_clients_that_asked_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
