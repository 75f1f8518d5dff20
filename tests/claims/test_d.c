/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "bench/claims/claims.h"
#include "tests/claims/fixture.h"

#define HERD(accept_all, accept_exclusive, recv_all)                                               \
    "accept-alone eagain 0/9\n accept-all eagain " accept_all                                      \
    "\n accept-exclusive eagain " accept_exclusive                                                 \
    "\n recv-alone eagain 0/9\n recv-all eagain " recv_all "\n"

static void d1_asks_whether_accept_and_recv_said_eagain(void **state)
{
    (void)state;
    assert_finding(&claim_d1, HERD("1/9", "0/9", "3/9"), FINDING_CONFIRMED);
    assert_finding(&claim_d1, HERD("0/9", "1/9", "0/9") "corrupt-datagram eagain 5/5",
                   FINDING_CONFIRMED);
    assert_finding(&claim_d1, HERD("0/9", "0/9", "0/9") "corrupt-datagram eagain 0/5",
                   FINDING_REFUTED);
    assert_finding_on(&claim_d1, HERD("0/9", "0/9", "3/9"), FINDING_DEPENDS, "only recv");
    assert_finding_on(&claim_d1, HERD("2/9", "0/9", "0/9"), FINDING_DEPENDS, "only accept");
    assert_finding(&claim_d1, "accept-all eagain 1/9\n recv-all eagain 1/9", FINDING_UNDECIDED);
}

#define SERVER(name, bytes, served, right)                                                         \
    name " user_bytes " bytes "\n" name " others_served " served "\n" name " all_right " right "\n"
#define FAULTY    "hoards user_bytes 9000000\n hoards all_right 1/1\n"
#define FORGETFUL "forgets partial_sends 9/900\n forgets all_right 0/1\n"

static void d2_asks_for_partial_writes_and_a_bound(void **state)
{
    (void)state;
    const char *const good = FAULTY FORGETFUL SERVER("poll", "36864 40960", "20/20", "2/2")
        SERVER("libuv", "0 45056", "20/20", "2/2");
    assert_finding(&claim_d2, good, FINDING_CONFIRMED);
    assert_finding_on(&claim_d2,
                      FAULTY FORGETFUL SERVER("poll", "36864 180000", "20/20", "2/2")
                          SERVER("libuv", "0 45056", "20/20", "2/2"),
                      FINDING_DEPENDS, "poll and 0 of 1 others");
    assert_finding_on(&claim_d2,
                      FAULTY FORGETFUL SERVER("poll", "36864", "19/20", "2/2")
                          SERVER("libuv", "0 45056", "20/20", "1/2"),
                      FINDING_DEPENDS, "poll and 1 of 1 others");
    assert_finding(&claim_d2,
                   FAULTY "forgets partial_sends 0/900\n forgets all_right 1/1\n" SERVER(
                       "poll", "36864", "20/20", "2/2"),
                   FINDING_REFUTED);
    assert_finding(&claim_d2,
                   FORGETFUL "hoards user_bytes 9000\n" SERVER("poll", "36864", "20/20", "2/2"),
                   FINDING_REFUTED);
    assert_finding(&claim_d2, FAULTY FORGETFUL, FINDING_UNDECIDED);
    assert_finding(&claim_d2, SERVER("poll", "36864", "20/20", "2/2"), FINDING_UNDECIDED);
}

#define MESSAGES(once, drained)                                                                    \
    "once message_back " once "\n until-eagain message_back " drained "\n"

static void d3_asks_who_hangs_and_how_long_the_others_wait(void **state)
{
    (void)state;
    assert_finding(&claim_d3,
                   MESSAGES("0/6", "6/6") "until-eagain latency_p99_us 9000 8000 9500\n"
                                          "budget latency_p99_us 1000 1100 1050\n",
                   FINDING_CONFIRMED);
    assert_finding(&claim_d3,
                   MESSAGES("6/6", "6/6") "until-eagain latency_p99_us 9000 8000 9500\n"
                                          "budget latency_p99_us 1000 1100 1050\n",
                   FINDING_REFUTED);
    assert_finding_on(&claim_d3,
                      MESSAGES("0/6", "6/6") "until-eagain latency_p99_us 1000 1010 1005\n"
                                             "budget latency_p99_us 1000 1020 1000\n",
                      FINDING_DEPENDS, "busy client");
    assert_finding(&claim_d3,
                   MESSAGES("0/6", "6/6") "until-eagain latency_p99_us 9000 800 2000\n"
                                          "budget latency_p99_us 1000 1100 1050\n",
                   FINDING_UNDECIDED);
    assert_finding(&claim_d3, MESSAGES("0/6", "5/6"), FINDING_UNDECIDED);
    assert_finding(&claim_d3, "budget latency_p99_us 1000 1100 1050\n", FINDING_UNDECIDED);
}

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

static void d6_asks_whose_log_tells_all_ends_apart(void **state)
{
    (void)state;
    assert_finding(&claim_d6, "thread told_apart 9/9\n epoll-lt told_apart 9/9", FINDING_CONFIRMED);
    assert_finding(&claim_d6, "thread told_apart 8/9\n epoll-lt told_apart 0/9", FINDING_REFUTED);
    assert_finding_on(&claim_d6,
                      "thread told_apart 9/9\n epoll-lt told_apart 8/9\n libuv told_apart 9/9",
                      FINDING_DEPENDS, "epoll-lt and of 0 of 2 others");
    assert_finding(&claim_d6, "logged cpu_us_per_request 9", FINDING_UNDECIDED);
}

#define HELD(cell, idle, head, body, answering)                                                    \
    cell " idle_held " idle "\n" cell " head_held " head "\n" cell " body_held " body "\n" cell    \
         " answering_held " answering "\n"
#define ALL_HELD(cell) HELD(cell, "2/2", "2/2", "2/2", "2/2")
#define TIMED(cell, head_us, answering_us, slowest_us)                                             \
    HELD(cell, "0/2", "0/2", "0/2", "0/2")                                                         \
    cell " idle_us 401000 402000\n" cell " head_us " head_us "\n" cell                             \
         " body_us 401000 402000\n" cell " answering_us " answering_us "\n" cell                   \
         " others_slowest_us " slowest_us "\n"

static void d7_asks_what_ends_without_timers_and_when_with_them(void **state)
{
    (void)state;
#define UNTIMED ALL_HELD("thread-untimed") ALL_HELD("epoll-lt-untimed")
    const char *const kept = TIMED("thread", "400000 410000", "790000 810000", "900 1100");
    char text[4096];
    snprintf(text, sizeof text, "%s%s", UNTIMED, kept);
    assert_finding(&claim_d7, text, FINDING_CONFIRMED);
    snprintf(text, sizeof text, "%s%s%s", UNTIMED, kept,
             TIMED("poll", "400000 600000", "790000 810000", "900 1100"));
    assert_finding_on(&claim_d7, text, FINDING_DEPENDS, "poll and 0 of 1 others");
    snprintf(text, sizeof text, "%s%s%s", UNTIMED, kept,
             TIMED("poll", "400000 410000", "790000 210000", "900 1100"));
    assert_finding_on(&claim_d7, text, FINDING_DEPENDS, "poll");
    snprintf(text, sizeof text, "%s%s", UNTIMED,
             TIMED("poll", "400000 410000", "790000 810000", "51000 52000"));
    assert_finding_on(&claim_d7, text, FINDING_DEPENDS, "poll");
    snprintf(text, sizeof text, "%s%s%s", ALL_HELD("thread-untimed"),
             HELD("epoll-lt-untimed", "0/2", "2/2", "1/2", "2/2"), kept);
    assert_finding(&claim_d7, text, FINDING_REFUTED);
    assert_finding(&claim_d7, kept, FINDING_UNDECIDED);
    assert_finding(&claim_d7, UNTIMED, FINDING_UNDECIDED);
#undef UNTIMED
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

#define MODEL(name, family, lines, calls)                                                          \
    name " family = " family "\n" name " source_lines " lines "\n" name " kinds_of_call " calls    \
         "\n" name " throughput_rps 90000 91000\n"
#define THREAD MODEL("thread", "blocking", "115", "11")

static void d9_asks_who_takes_no_more_than_threads(void **state)
{
    (void)state;
    assert_finding(&claim_d9,
                   "shared source_lines 600\n" THREAD MODEL("libuv", "library", "200", "5")
                       MODEL("epoll-lt", "readiness", "90", "12"),
                   FINDING_CONFIRMED);
    assert_finding(&claim_d9,
                   "shared source_lines 20\n" THREAD MODEL("libuv", "library", "200", "5")
                       MODEL("epoll-lt", "readiness", "90", "6"),
                   FINDING_REFUTED);
    assert_finding_on(&claim_d9,
                      "shared source_lines 600\n" THREAD MODEL("libuv", "library", "200", "5")
                          MODEL("epoll-lt", "readiness", "90", "6"),
                      FINDING_DEPENDS, "1 of 2 event-driven models");
    assert_finding_on(&claim_d9,
                      "shared source_lines 600\n thread source_lines 116\n"
                      "thread family = blocking\n thread kinds_of_call = not counted\n"
                      "poll source_lines 90\n poll family = readiness\n poll throughput_rps 1 1\n"
                      "poll kinds_of_call = not counted",
                      FINDING_DEPENDS, "no more lines (kinds of call were not counted) than");
    assert_finding_on(&claim_d9, "thread family = blocking\n thread throughput_rps 90000 91000",
                      FINDING_UNDECIDED, "source tree");
    assert_finding(&claim_d9, "shared source_lines 600\n" THREAD, FINDING_UNDECIDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d1_asks_whether_accept_and_recv_said_eagain),
        cmocka_unit_test(d2_asks_for_partial_writes_and_a_bound),
        cmocka_unit_test(d3_asks_who_hangs_and_how_long_the_others_wait),
        cmocka_unit_test(d4_asks_who_gets_everything_back),
        cmocka_unit_test(d5_asks_that_only_the_naive_server_loses_answers),
        cmocka_unit_test(d6_asks_whose_log_tells_all_ends_apart),
        cmocka_unit_test(d7_asks_what_ends_without_timers_and_when_with_them),
        cmocka_unit_test(d8_asks_who_cuts_off_clients_that_asked_in_time),
        cmocka_unit_test(d9_asks_who_takes_no_more_than_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
