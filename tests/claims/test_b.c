/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/claims/claims.h"
#include "tests/claims/fixture.h"

#define OTHERS_ANSWER                                                                              \
    "fork answered 8/8\n thread answered 8/8\n polling-list answered 8/8\n select answered 8/8\n"  \
    "poll answered 8/8\n epoll-lt answered 8/8\n epoll-et answered 8/8\n"

static void b1_asks_that_only_the_iterative_server_keeps_silent(void **state)
{
    (void)state;
    assert_finding(&claim_b1, OTHERS_ANSWER "libuv answered 8/8\n iterative answered 0/8\n",
                   FINDING_CONFIRMED);
    assert_finding(&claim_b1, OTHERS_ANSWER "libuv answered 8/8\n iterative answered 1/8\n",
                   FINDING_REFUTED);
    assert_finding_on(&claim_b1, OTHERS_ANSWER "libuv answered 7/8\n iterative answered 0/8\n",
                      FINDING_UNDECIDED, "1 of 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b1_asks_that_only_the_iterative_server_keeps_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
