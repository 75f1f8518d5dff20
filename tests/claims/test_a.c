/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/claims/claims.h"
#include "tests/claims/fixture.h"

#define PACE_KEPT                                                                                  \
    "rate@100 throughput_rps 100 100\n rate@1000 throughput_rps 1000 1000\n"                       \
    "rate@10000 throughput_rps 9999 9999\n rate@0 cpu_percent 0.01 0.01\n"

static void a1_asks_for_every_rate(void **state)
{
    (void)state;
    assert_finding(&claim_a1,
                   PACE_KEPT "rate@100 cpu_percent 0.1 0.1\n rate@1000 cpu_percent 1 1\n"
                             "rate@10000 cpu_percent 1.9 1.91\n",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_a1,
                      PACE_KEPT "rate@100 cpu_percent 0.1 0.1\n rate@1000 cpu_percent 1 1\n"
                                "rate@10000 cpu_percent 9 9.1\n",
                      FINDING_DEPENDS, "at 1000 a second, over it at 10000");
    assert_finding(&claim_a1,
                   PACE_KEPT "rate@100 cpu_percent 3 3.1\n rate@1000 cpu_percent 9 9\n"
                             "rate@10000 cpu_percent 40 40\n",
                   FINDING_REFUTED);
    assert_finding_on(&claim_a1,
                      PACE_KEPT "rate@100 cpu_percent 0.1 0.1\n rate@1000 cpu_percent 0.2 0.2\n"
                                "rate@10000 cpu_percent 1.5 2.5\n",
                      FINDING_UNDECIDED, "at 10000");
}

static void a1_needs_no_rate_between_two_that_are_sure(void **state)
{
    (void)state;
    assert_finding_on(&claim_a1,
                      PACE_KEPT "rate@100 cpu_percent 0.1 0.1\n rate@1000 cpu_percent 1.5 2.5\n"
                                "rate@10000 cpu_percent 9 9\n",
                      FINDING_DEPENDS, "at 100 a second, over it at 10000");
    assert_finding_on(&claim_a1,
                      PACE_KEPT "rate@100 cpu_percent 1.5 2.5\n rate@1000 cpu_percent 9 9\n"
                                "rate@10000 cpu_percent 40 40\n",
                      FINDING_DEPENDS, "at 0 a second, over it at 1000");
    assert_finding_on(&claim_a1,
                      "rate@0 cpu_percent 1.5 2.5\n rate@100 cpu_percent 1.5 2.5\n"
                      "rate@1000 cpu_percent 1.5 2.5\n rate@10000 cpu_percent 9 9\n",
                      FINDING_UNDECIDED, "at 0 messages");
}

static void a1_believes_no_rate_that_was_not_kept(void **state)
{
    (void)state;
    assert_finding_on(&claim_a1,
                      "rate@0 cpu_percent 0 0\n rate@100 cpu_percent 0.1 0.1\n"
                      "rate@100 throughput_rps 80 80.1\n",
                      FINDING_UNDECIDED, "pace at 100/s");
}

#define SPINS "idle-1@0 cpu_percent 99 99.5\n loaded-1@0 cpu_percent 99 99.5\n"

static void a2_looks_at_every_short_sleep(void **state)
{
    (void)state;
    assert_finding(&claim_a2,
                   SPINS "idle-1@100 cpu_percent 95 95.1\n loaded-1000@1000 cpu_percent 97 97.1\n"
                         "idle-1@10000 cpu_percent 1 1\n",
                   FINDING_CONFIRMED);
    assert_finding(&claim_a2,
                   SPINS "idle-1@100 cpu_percent 3 3.1\n loaded-1000@1000 cpu_percent 20 20.1\n",
                   FINDING_REFUTED);
    assert_finding_on(&claim_a2,
                      SPINS "idle-1@100 cpu_percent 3 3.1\n idle-1000@10 cpu_percent 97 97.1\n",
                      FINDING_DEPENDS, "10 µs with 1000 of them burns a CPU, one of 100 µs with 1");
    assert_finding(&claim_a2, SPINS "idle-1@100 cpu_percent 80 96\n", FINDING_UNDECIDED);
    assert_finding(&claim_a2, SPINS, FINDING_UNDECIDED);
}

static void a2_wants_the_spinning_one_to_spin(void **state)
{
    (void)state;
    assert_finding_on(&claim_a2, "idle-1@0 cpu_percent 60 70\n idle-1@100 cpu_percent 3 3.1\n",
                      FINDING_UNDECIDED, "without any sleep");
}

static void a3_asks_for_both_the_cpu_and_the_response_time(void **state)
{
    (void)state;
    assert_finding(&claim_a3,
                   "polling@0 cpu_percent 99 99\n polling@500000 cpu_percent 2 2.1\n"
                   "epoll latency_p50_us 40 44\n polling@500000 latency_p50_us 250000 260000\n",
                   FINDING_CONFIRMED);
    assert_finding(&claim_a3,
                   "polling@0 cpu_percent 99 99\n polling@500000 cpu_percent 20 20.1\n"
                   "epoll latency_p50_us 40 44\n polling@500000 latency_p50_us 250000 260000\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a3,
                   "polling@0 cpu_percent 99 99\n polling@500000 cpu_percent 2 2.1\n"
                   "epoll latency_p50_us 40 44\n polling@500000 latency_p50_us 80 90\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a3,
                   "polling@0 cpu_percent 99 99\n polling@500000 cpu_percent 2 30\n"
                   "epoll latency_p50_us 40 44\n polling@500000 latency_p50_us 250000 260000\n",
                   FINDING_UNDECIDED);
    assert_finding(&claim_a3, "", FINDING_UNDECIDED);
}

#define BULK_GAINS "bulk-cork segments 500 501\n bulk-nodelay segments 3000 3010\n"
#define REPLY_GAINS                                                                                \
    "reply-default latency_p50_us 41000 41100\n reply-nodelay latency_p50_us 30 30.1\n"

static void a4_asks_for_both_gains_and_looks_at_a_cork_that_is_lifted(void **state)
{
    (void)state;
    assert_finding(&claim_a4, BULK_GAINS REPLY_GAINS "reply-cork latency_p50_us 60 61\n",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_a4, BULK_GAINS REPLY_GAINS "reply-cork latency_p50_us 30 30.1\n",
                      FINDING_DEPENDS, "lifted");
    assert_finding(&claim_a4,
                   REPLY_GAINS "reply-cork latency_p50_us 30 30.1\n"
                               "bulk-cork segments 500 501\n"
                               "bulk-nodelay segments 500 501\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a4,
                   BULK_GAINS "reply-default latency_p50_us 30 30.1\n"
                              "reply-nodelay latency_p50_us 30 30.1\n"
                              "reply-cork latency_p50_us 30 30.1\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a4, BULK_GAINS REPLY_GAINS "reply-cork latency_p50_us 20 60\n",
                   FINDING_UNDECIDED);
}

static void a5_wants_the_armed_one_to_spin_and_the_other_to_rest(void **state)
{
    (void)state;
    assert_finding(&claim_a5,
                   "armed idle_returns_per_s 90000 91000\n oneshot idle_returns_per_s 0 0\n",
                   FINDING_CONFIRMED);
    assert_finding(&claim_a5,
                   "armed idle_returns_per_s 90000 91000\n oneshot idle_returns_per_s 9000 9010\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a5, "armed idle_returns_per_s 1 1.1\n oneshot idle_returns_per_s 0 0\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a5,
                   "armed idle_returns_per_s 90000 91000\n oneshot idle_returns_per_s 50 150\n",
                   FINDING_UNDECIDED);
}

#define QUICK_IS_QUICK                                                                             \
    "urgent-quick-reader notice_p50_us 30 30.1\n second-quick-reader notice_p50_us 25 26\n"        \
    "urgent-quick-reader lost 0/80\n urgent-slow-reader lost 0/80\n"                               \
    "second-slow-reader notice_p50_us 25 26\n"

static void a6_asks_both_readers_and_for_both_events_of_a_pair(void **state)
{
    (void)state;
    assert_finding(&claim_a6,
                   QUICK_IS_QUICK "urgent-slow-reader notice_p50_us 30 31\n"
                                  "urgent-pair lost 0/200\n",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_a6,
                      QUICK_IS_QUICK "urgent-slow-reader notice_p50_us 30 31\n"
                                     "urgent-pair lost 100/200\n",
                      FINDING_DEPENDS, "distance");
    assert_finding_on(&claim_a6,
                      QUICK_IS_QUICK "urgent-slow-reader notice_p50_us 30000 31000\n"
                                     "urgent-pair lost 0/200\n",
                      FINDING_DEPENDS, "full queue");
    assert_finding(&claim_a6,
                   QUICK_IS_QUICK "urgent-slow-reader notice_p50_us 30 3000\n"
                                  "urgent-pair lost 0/200\n",
                   FINDING_UNDECIDED);
}

static void a6_is_refuted_when_the_urgent_byte_is_late_or_lost_even_so(void **state)
{
    (void)state;
    assert_finding(&claim_a6,
                   "urgent-quick-reader notice_p50_us 300 310\n urgent-quick-reader lost 0/80\n"
                   "second-quick-reader notice_p50_us 25 26\n urgent-slow-reader lost 0/80\n"
                   "second-slow-reader notice_p50_us 25 26\n urgent-pair lost 100/200\n"
                   "urgent-slow-reader notice_p50_us 30000 31000\n",
                   FINDING_REFUTED);
    assert_finding(&claim_a6,
                   "urgent-quick-reader lost 3/80\n urgent-slow-reader lost 3/80\n"
                   "urgent-pair lost 100/200\n",
                   FINDING_REFUTED);
}

#define EVENTFD                                                                                    \
    "eventfd wake_p50_us 20 20.1\n eventfd messages_per_s 900000 910000\n"                         \
    "eventfd message_cpu_us 1 1.01\n"
#define STREAMS                                                                                    \
    "socketpair wake_p50_us 22 22.1\n socketpair messages_per_s 500000 510000\n"                   \
    "socketpair message_cpu_us 2 2.01\n signal wake_p50_us 25 25.1\n"                              \
    "signal messages_per_s 300000 310000\n signal message_cpu_us 3 3.01\n"

static void a7_asks_whether_another_bell_is_better_in_anything(void **state)
{
    (void)state;
    assert_finding(&claim_a7,
                   EVENTFD STREAMS "pipe wake_p50_us 20 20.1\n pipe messages_per_s 800000 810000\n"
                                   "pipe message_cpu_us 1.1 1.11\n",
                   FINDING_CONFIRMED);
    assert_finding_on(&claim_a7,
                      EVENTFD STREAMS
                      "pipe wake_p50_us 15 15.1\n pipe messages_per_s 800000 810000\n"
                      "pipe message_cpu_us 1.1 1.11\n",
                      FINDING_DEPENDS, "pipe is better in wake-up");
    assert_finding(&claim_a7,
                   EVENTFD STREAMS
                   "pipe wake_p50_us 15 15.1\n pipe messages_per_s 2000000 2010000\n"
                   "pipe message_cpu_us 0.5 0.51\n",
                   FINDING_REFUTED);
    assert_finding_on(&claim_a7,
                      EVENTFD STREAMS "pipe wake_p50_us 15 25\n pipe messages_per_s 800000 810000\n"
                                      "pipe message_cpu_us 1.1 1.11\n",
                      FINDING_UNDECIDED, "pipe may be better in wake-up");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a1_asks_for_every_rate),
        cmocka_unit_test(a1_needs_no_rate_between_two_that_are_sure),
        cmocka_unit_test(a1_believes_no_rate_that_was_not_kept),
        cmocka_unit_test(a2_looks_at_every_short_sleep),
        cmocka_unit_test(a2_wants_the_spinning_one_to_spin),
        cmocka_unit_test(a3_asks_for_both_the_cpu_and_the_response_time),
        cmocka_unit_test(a4_asks_for_both_gains_and_looks_at_a_cork_that_is_lifted),
        cmocka_unit_test(a5_wants_the_armed_one_to_spin_and_the_other_to_rest),
        cmocka_unit_test(a6_asks_both_readers_and_for_both_events_of_a_pair),
        cmocka_unit_test(a6_is_refuted_when_the_urgent_byte_is_late_or_lost_even_so),
        cmocka_unit_test(a7_asks_whether_another_bell_is_better_in_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
