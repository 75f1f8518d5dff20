/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/claims/claims.h"
#include "bench/lab/source.h"
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

/* A metric's two values that are close together, so that intervals are narrow. */
#define COST(cell, us) cell " cpu_us_per_request " us " " us "\n"

static void b2_asks_for_every_number_of_clients(void **state)
{
    (void)state;
    assert_finding(&claim_b2,
                   COST("epoll-lt@1", "10") COST("thread@1", "11") COST("fork@1", "12")
                       COST("epoll-lt@64", "7") COST("thread@64", "9") COST("fork@64", "10"),
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_b2,
                      COST("epoll-lt@1", "10") COST("thread@1", "8") COST("fork@1", "12")
                          COST("epoll-lt@64", "7") COST("thread@64", "9") COST("fork@64", "10"),
                      FINDING_DEPENDS,
                      "a thread for each costs more from 64 on; a process for "
                      "each costs more from 1 on");
    assert_finding(&claim_b2,
                   COST("epoll-lt@1", "10") COST("thread@1", "8") COST("fork@1", "8")
                       COST("epoll-lt@64", "7") COST("thread@64", "7") COST("fork@64", "7"),
                   FINDING_REFUTED);
    assert_finding(
        &claim_b2,
        COST("epoll-lt@1", "10") "thread@1 cpu_us_per_request 8 16\n" COST("fork@1", "12"),
        FINDING_UNDECIDED);
    assert_finding(&claim_b2, "", FINDING_UNDECIDED);
}

#define WITH_NONE                                                                                  \
    COST("select@0", "10") COST("poll@0", "10") COST("epoll-lt@0", "10") COST("epoll-et@0", "10")

static void b3_asks_who_looks_at_the_silent(void **state)
{
    (void)state;
    assert_finding(&claim_b3,
                   WITH_NONE COST("select@900", "20") COST("poll@900", "11")
                       COST("epoll-lt@900", "10") COST("epoll-et@900", "10"),
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_b3,
                      WITH_NONE COST("select@900", "20") COST("poll@900", "18")
                          COST("epoll-lt@900", "10") COST("epoll-et@900", "10"),
                      FINDING_DEPENDS, "holds for epoll-lt and epoll-et, not for poll");
    assert_finding_on(&claim_b3,
                      WITH_NONE COST("select@900", "20") COST("poll@900", "18")
                          COST("epoll-lt@900", "10") "epoll-et@900 cpu_us_per_request 9 16\n",
                      FINDING_DEPENDS, "for epoll-lt, not for poll; undecided for epoll-et");
    assert_finding(&claim_b3,
                   WITH_NONE COST("select@900", "20") COST("poll@900", "20")
                       COST("epoll-lt@900", "20") COST("epoll-et@900", "20"),
                   FINDING_REFUTED);
    assert_finding(&claim_b3,
                   WITH_NONE COST("select@900", "11") COST("poll@900", "9")
                       COST("epoll-lt@900", "9") COST("epoll-et@900", "9"),
                   FINDING_REFUTED);
    assert_finding(&claim_b3, WITH_NONE, FINDING_UNDECIDED);
}

static void b4_asks_for_every_number_of_silent_connections(void **state)
{
    (void)state;
    assert_finding(&claim_b4,
                   COST("epoll-lt@0", "10") COST("poll@0", "11") COST("epoll-lt@900", "10")
                       COST("poll@900", "20"),
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_b4,
                      COST("epoll-lt@0", "10") COST("poll@0", "10") COST("epoll-lt@900", "10")
                          COST("poll@900", "20"),
                      FINDING_DEPENDS, "ahead from 900 on");
    assert_finding_on(&claim_b4,
                      COST("epoll-lt@0", "10") COST("poll@0", "11") COST("epoll-lt@900", "15")
                          COST("poll@900", "20"),
                      FINDING_DEPENDS, "grows with the silent connections too");
    assert_finding(&claim_b4,
                   COST("epoll-lt@0", "10") COST("poll@0", "10") COST("epoll-lt@900", "10")
                       COST("poll@900", "10"),
                   FINDING_REFUTED);
    assert_finding(&claim_b4,
                   COST("epoll-lt@0", "10") COST("poll@0", "11")
                       COST("epoll-lt@900", "10") "poll@900 cpu_us_per_request 8 16\n",
                   FINDING_UNDECIDED);
    assert_finding(&claim_b4, "", FINDING_UNDECIDED);
}

#define LONGER "epoll-lt source_lines 90\n epoll-et source_lines 127\n"

static void b5_asks_for_every_work_and_way_to_drain(void **state)
{
    (void)state;
    assert_finding(&claim_b5,
                   LONGER COST("epoll-lt@64", "10") COST("epoll-et@64", "9")
                       COST("epoll-et-eagain@64", "9"),
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_b5,
                      LONGER COST("epoll-lt@64", "10") COST("epoll-et@64", "9")
                          COST("epoll-et-eagain@64", "11"),
                      FINDING_DEPENDS, "1 of 2 trials (epoll-et@64)");
    assert_finding_on(
        &claim_b5,
        "epoll-lt source_lines 127\n epoll-et source_lines 127\n" COST("epoll-lt@64", "10")
            COST("epoll-et@64", "9") COST("epoll-et-eagain@64", "9"),
        FINDING_DEPENDS, "not longer");
    assert_finding(&claim_b5,
                   LONGER COST("epoll-lt@64", "10") COST("epoll-et@64", "10")
                       COST("epoll-et-eagain@64", "11"),
                   FINDING_REFUTED);
    assert_finding(&claim_b5, LONGER, FINDING_UNDECIDED);
}

static void b6_asks_that_only_edge_triggered_hangs(void **state)
{
    (void)state;
    assert_finding(&claim_b6,
                   "level hung 0/8\n epoll-lt hung 0/8\n edge hung 8/8\n"
                   "epoll-et-no-drain hung 8/8\n",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_b6,
                      "level hung 0/8\n epoll-lt hung 0/8\n edge hung 8/8\n"
                      "epoll-et-no-drain hung 4/8\n",
                      FINDING_DEPENDS, "50 %");
    assert_finding(&claim_b6,
                   "level hung 0/8\n epoll-lt hung 0/8\n edge hung 0/8\n"
                   "epoll-et-no-drain hung 0/8\n",
                   FINDING_REFUTED);
    assert_finding_on(&claim_b6,
                      "level hung 1/8\n epoll-lt hung 0/8\n edge hung 8/8\n"
                      "epoll-et-no-drain hung 8/8\n",
                      FINDING_UNDECIDED, "level-triggered hangs");
    assert_finding(&claim_b6, "level hung 0/8\n epoll-lt hung 0/8\n", FINDING_UNDECIDED);
}

#define IDLE(cell, percent) cell " cpu_percent " percent " " percent "\n"
#define QUIET               IDLE("on-demand@1", "0") IDLE("on-demand@64", "0") IDLE("on-demand@1000", "0.1")

static void b7_asks_for_much_cpu_and_little(void **state)
{
    (void)state;
    assert_finding(&claim_b7,
                   QUIET IDLE("always@1", "99") IDLE("always@64", "99") IDLE("always@1000", "99"),
                   FINDING_CONFIRMED);
    assert_finding_on(
        &claim_b7, QUIET IDLE("always@1", "0.5") IDLE("always@64", "50") IDLE("always@1000", "99"),
        FINDING_DEPENDS, "number of connections");
    assert_finding(&claim_b7,
                   QUIET IDLE("always@1", "0") IDLE("always@64", "0") IDLE("always@1000", "0.1"),
                   FINDING_REFUTED);
    assert_finding(&claim_b7,
                   QUIET IDLE("always@1", "5") IDLE("always@64", "99") IDLE("always@1000", "99"),
                   FINDING_UNDECIDED);
    assert_finding_on(&claim_b7,
                      IDLE("on-demand@1", "20") IDLE("always@1", "99") IDLE("always@64", "99"),
                      FINDING_UNDECIDED, "not idle");
}

#define SWITCHES(cell, calls) cell " epoll_ctl_per_request " calls " " calls "\n"
#define NONE_SWITCHES         SWITCHES("at-once", "0") SWITCHES("epoll-et", "0") SWITCHES("libuv", "0.01")

static void b8_asks_who_switches_and_what_it_costs(void **state)
{
    (void)state;
    assert_finding(&claim_b8,
                   SWITCHES("at-once", "2") SWITCHES("epoll-et", "2") SWITCHES("libuv", "2"),
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_b8,
                      SWITCHES("at-once", "0") SWITCHES("epoll-et", "0") SWITCHES("libuv", "2"),
                      FINDING_DEPENDS, "some switch");
    assert_finding_on(&claim_b8, NONE_SWITCHES COST("switch", "7") COST("at-once", "7"),
                      FINDING_DEPENDS, "taste");
    assert_finding(&claim_b8, NONE_SWITCHES COST("switch", "9") COST("at-once", "7"),
                   FINDING_REFUTED);
    assert_finding_on(&claim_b8,
                      NONE_SWITCHES "switch cpu_us_per_request 6 9\n" COST("at-once", "7"),
                      FINDING_UNDECIDED, "noise");
    assert_finding(&claim_b8, COST("switch", "9") COST("at-once", "7"), FINDING_UNDECIDED);
}

#define QUEUES                                                                                     \
    "backlog@1 connected_clients 2 2\n backlog@2 connected_clients 3 3\n"                          \
    "backlog@8 connected_clients 9 9\n backlog@64 connected_clients 65 65\n"                       \
    "backlog@128 connected_clients 129 129\n capped@512 connected_clients 129 129\n"
#define LONG_QUEUES                                                                                \
    "backlog@256 connected_clients 257 257\n backlog@1024 connected_clients 1025 1025\n"           \
    "backlog@4096 connected_clients 4097 4097\n"
#define CAPPED_QUEUES                                                                              \
    "backlog@256 connected_clients 129 129\n backlog@1024 connected_clients 129 129\n"             \
    "backlog@4096 connected_clients 129 129\n"

static void b9_asks_for_each_part_of_what_is_said(void **state)
{
    (void)state;
    assert_finding(&claim_b9,
                   QUEUES CAPPED_QUEUES "kernel somaxconn 128 128\n"
                                        "half-open@8 half_open_clients 256 256\n",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_b9,
                      QUEUES LONG_QUEUES "kernel somaxconn 4096 4096\n"
                                         "half-open@8 half_open_clients 9 9\n",
                      FINDING_DEPENDS, "4096 by default, and a backlog of 8 bounds the SYN queue");
    assert_finding_on(&claim_b9,
                      QUEUES LONG_QUEUES "kernel somaxconn 4096 4096\n"
                                         "half-open@8 half_open_clients 256 256\n",
                      FINDING_DEPENDS, "leaves room for 256");
    assert_finding(&claim_b9,
                   QUEUES CAPPED_QUEUES "kernel somaxconn 4096 4096\n"
                                        "half-open@8 half_open_clients 9 9\n",
                   FINDING_REFUTED);
    assert_finding(&claim_b9, QUEUES LONG_QUEUES, FINDING_UNDECIDED);
}

#define COUNTED(arm) arm " listen_overflows 8 8\n" arm " listen_drops 8 8\n"
#define ALL_COUNTED                                                                                \
    COUNTED("full-at-syn")                                                                         \
    COUNTED("full-at-syn-abort") COUNTED("full-at-ack") COUNTED("full-at-ack-abort")
#define AT_SYN(connected, reset)                                                                   \
    "full-at-syn connected_unheard " connected "\n full-at-syn-abort reset " reset "\n"
#define AT_ACK(connected, reset)                                                                   \
    "full-at-ack connected_unheard " connected "\n full-at-ack reset 0/8\n"                        \
    "full-at-ack-abort reset " reset "\n"

static void b10_asks_when_the_queue_became_full(void **state)
{
    (void)state;
    assert_finding(&claim_b10, ALL_COUNTED AT_SYN("8/8", "8/8") AT_ACK("8/8", "8/8"),
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_b10, ALL_COUNTED AT_SYN("0/8", "0/8") AT_ACK("8/8", "8/8"),
                      FINDING_DEPENDS, "whose SYN comes later");
    assert_finding_on(&claim_b10, ALL_COUNTED AT_SYN("8/8", "8/8") AT_ACK("0/8", "0/8"),
                      FINDING_DEPENDS, "only before the SYN");
    assert_finding(&claim_b10, ALL_COUNTED AT_SYN("0/8", "0/8") AT_ACK("8/8", "0/8"),
                   FINDING_REFUTED);
    assert_finding_on(&claim_b10,
                      "full-at-syn listen_overflows 0 0\n full-at-syn listen_drops 0 0\n" AT_SYN(
                          "8/8", "8/8") AT_ACK("8/8", "8/8"),
                      FINDING_DEPENDS, "not counted");
    assert_finding(&claim_b10, AT_SYN("8/8", "8/8") AT_ACK("8/8", "8/8"), FINDING_UNDECIDED);
}

static void lines_of_source_are_counted_without_comments(void **state)
{
    (void)state;
    assert_int_equal(source_lines("int a; /* one\n two */\n\n// three\nchar *b = \"/* */\";\n"), 2);
    assert_int_equal(source_lines("/* x */ int a;\n  \n}\n"), 2);
    assert_int_equal(source_lines("char c = '\"';\n/* \" */\nint d;"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b1_asks_that_only_the_iterative_server_keeps_silent),
        cmocka_unit_test(b2_asks_for_every_number_of_clients),
        cmocka_unit_test(b3_asks_who_looks_at_the_silent),
        cmocka_unit_test(b4_asks_for_every_number_of_silent_connections),
        cmocka_unit_test(b5_asks_for_every_work_and_way_to_drain),
        cmocka_unit_test(b6_asks_that_only_edge_triggered_hangs),
        cmocka_unit_test(b7_asks_for_much_cpu_and_little),
        cmocka_unit_test(b8_asks_who_switches_and_what_it_costs),
        cmocka_unit_test(b9_asks_for_each_part_of_what_is_said),
        cmocka_unit_test(b10_asks_when_the_queue_became_full),
        cmocka_unit_test(lines_of_source_are_counted_without_comments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
