/* SPDX-License-Identifier: MIT */
#include "lib/conn.h"
#include "lib/http.h"
#include "tests/unit/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define UPLOAD  "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"
#define BAD     "GET / HTTP/1.1\r\n\r\n"

enum { HEARD = 20000, SECOND_MS = 1000, HOUR_MS = 3600 * SECOND_MS, MANY = 20 };

static char heard[HEARD];

static void start(struct rig *rig, bool sockets)
{
    const struct protocol_settings settings = {13, 8192};

    http_protocol.prepare(&settings);
    rig_init(rig, &http_protocol);
    rig_open(rig, sockets);
}

static void is_not_due(struct rig *rig)
{
    assert_null(conns_due(&rig->conns));
}

/* Due in so many milliseconds, and not before. */
static void is_due_in(struct rig *rig, int64_t ms)
{
    rig_wait(rig, ms - 1);
    is_not_due(rig);
    rig_wait(rig, 1);
    assert_ptr_equal(conns_due(&rig->conns), rig->conn);
}

/* ---- Timers ---- */

static void a_trickle_does_not_renew_the_header_timer(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    for (int i = 0; i < 9; i++) {
        assert_true(rig_say_text(&rig, "G"));
        rig_wait(&rig, SECOND_MS);
        is_not_due(&rig);
    }
    is_due_in(&rig, RIG_HEADER_MS - 9 * SECOND_MS);
    rig_hear(&rig, heard, sizeof heard);
    assert_memory_equal(heard, "HTTP/1.1 408 ", 13);
    assert_int_equal(rig.conn->state, CONN_LINGERING);
    assert_int_equal(rig.counts[COUNT_CUT_OFF], 1);
    rig_finish(&rig);
}

static void a_new_head_behind_an_old_one_has_all_its_time(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    assert_true(rig_say_text(&rig, "GET"));
    rig_wait(&rig, RIG_HEADER_MS - SECOND_MS);
    assert_true(rig_say_text(&rig, &(REQUEST "GE")[3]));
    rig_hear(&rig, heard, sizeof heard);
    assert_int_equal(rig.conn->state, CONN_HEAD);
    is_due_in(&rig, RIG_HEADER_MS);
    rig_finish(&rig);
}

static void each_request_renews_the_idle_timer(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    for (int i = 0; i < 3; i++) {
        rig_wait(&rig, RIG_IDLE_MS - SECOND_MS);
        is_not_due(&rig);
        assert_true(rig_say_text(&rig, REQUEST));
        rig_hear(&rig, heard, sizeof heard);
    }
    is_due_in(&rig, RIG_IDLE_MS);
    assert_int_equal(rig.conn->state, CONN_CLOSED);
    rig_finish(&rig);
}

static void each_piece_of_a_body_renews_the_idle_timer(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    assert_true(rig_say_text(&rig, UPLOAD));
    for (int i = 0; i < 3; i++) {
        rig_wait(&rig, RIG_IDLE_MS - SECOND_MS);
        is_not_due(&rig);
        assert_true(rig_say_text(&rig, "x"));
    }
    is_due_in(&rig, RIG_IDLE_MS);
    rig_finish(&rig);
}

static void each_byte_taken_renews_the_idle_timer(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    assert_true(rig_say_text(&rig, REQUEST));
    for (int i = 0; i < 3; i++) {
        rig_wait(&rig, RIG_IDLE_MS - SECOND_MS);
        is_not_due(&rig);
        conn_sent(rig.conn, 1);
    }
    rig_wait(&rig, RIG_IDLE_MS - SECOND_MS);
    conn_sent(rig.conn, 0); /* nothing was taken */
    is_due_in(&rig, SECOND_MS);
    assert_int_equal(rig.counts[COUNT_CUT_OFF], 1);
    rig_finish(&rig);
}

static void what_comes_while_lingering_does_not_renew_its_timer(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    assert_true(rig_say_text(&rig, BAD));
    rig_hear(&rig, heard, sizeof heard);
    for (int i = 0; i < 4; i++) {
        rig_wait(&rig, RIG_DRAIN_MS / 5);
        assert_true(rig_say_text(&rig, REQUEST));
    }
    is_due_in(&rig, RIG_DRAIN_MS / 5);
    assert_int_equal(rig.conn->state, CONN_CLOSED);
    assert_int_equal(rig.counts[COUNT_CUT_OFF], 0);
    rig_finish(&rig);
}

static void without_timeouts_nobody_is_due(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig, &http_protocol);
    for (enum timer timer = 0; timer < TIMERS; timer++)
        rig.rules.timeout_ms[timer] = NEVER_MS;
    conns_init(&rig.conns, &rig.rules);
    rig_open(&rig, false);
    assert_int_equal(conns_wait_ms(&rig.conns), -1);
    rig_now_ms += HOUR_MS;
    conns_tick(&rig.conns);
    is_not_due(&rig);
    rig_finish(&rig);
}

/* ---- How long a loop may wait ---- */

static void a_loop_waits_for_the_soonest(void **state)
{
    struct rig rig;
    struct conn *second;

    (void)state;
    rig_init(&rig, &http_protocol);
    assert_int_equal(conns_wait_ms(&rig.conns), -1);
    start(&rig, false);
    assert_in_range(conns_wait_ms(&rig.conns), RIG_IDLE_MS, RIG_IDLE_MS + 1);
    rig_wait(&rig, SECOND_MS);
    assert_in_range(conns_wait_ms(&rig.conns), RIG_IDLE_MS - SECOND_MS,
                    RIG_IDLE_MS - SECOND_MS + 1);
    second = conns_open(&rig.conns, -1);
    assert_true(rig_say_text(&rig, "G"));
    assert_in_range(conns_wait_ms(&rig.conns), RIG_HEADER_MS, RIG_HEADER_MS + 1);
    rig_wait(&rig, RIG_HEADER_MS + SECOND_MS);
    assert_int_equal(conns_wait_ms(&rig.conns), 0);
    conn_close(second);
    rig_finish(&rig);
}

static void a_loop_that_stops_waits_no_longer_than_to_its_end(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    rig_stopping = true;
    conns_tick(&rig.conns);
    assert_in_range(conns_wait_ms(&rig.conns), RIG_DRAIN_MS, RIG_DRAIN_MS + 1);
    rig_finish(&rig);
}

static void a_wait_longer_than_an_int_is_cut(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig, &http_protocol);
    rig.rules.timeout_ms[TIMER_IDLE] = INT64_C(1) << 40;
    conns_init(&rig.conns, &rig.rules);
    rig_open(&rig, false);
    assert_int_equal(conns_wait_ms(&rig.conns), INT32_MAX);
    rig_finish(&rig);
}

/* ---- The process itself was stopped ---- */

static void be_suspended(struct rig *rig)
{
    (void)conns_wait_ms(&rig->conns);
    rig_now_ms += HOUR_MS;
    conns_tick(&rig->conns);
}

static void a_suspension_counts_against_nobody(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    for (int i = 0; i < 3; i++) {
        be_suspended(&rig);
        is_not_due(&rig);
        rig_wait(&rig, SECOND_MS);
    }
    is_due_in(&rig, RIG_IDLE_MS - 3 * SECOND_MS);
    rig_finish(&rig);
}

/* Where there is always too little CPU, clients must be cut off all the same. */
static void of_two_suspensions_in_a_row_the_second_counts(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    be_suspended(&rig);
    is_not_due(&rig);
    be_suspended(&rig);
    assert_ptr_equal(conns_due(&rig.conns), rig.conn);
    rig_finish(&rig);
}

static void a_wait_that_ends_a_little_late_is_no_suspension(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    rig_now_ms += conns_wait_ms(&rig.conns) + 20;
    conns_tick(&rig.conns);
    assert_ptr_equal(conns_due(&rig.conns), rig.conn);
    rig_finish(&rig);
}

static void a_long_wait_for_the_first_client_is_no_suspension(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig, &http_protocol);
    assert_int_equal(conns_wait_ms(&rig.conns), -1);
    rig_now_ms += HOUR_MS;
    conns_tick(&rig.conns);
    rig_open(&rig, false);
    is_due_in(&rig, RIG_IDLE_MS);
    rig_finish(&rig);
}

/* ---- Changing hands ---- */

static void who_changes_hands_keeps_his_time(void **state)
{
    struct rig rig;
    struct conns other;

    (void)state;
    start(&rig, false);
    conns_init(&other, &rig.rules);
    assert_true(rig_say_text(&rig, "GET"));
    rig_wait(&rig, 3 * SECOND_MS);
    atomic_fetch_add(&rig_resumptions, 1);
    conns_tick(&other); /* its clock is behind from now on */
    assert_int_equal(other.suspended_ms, 3 * SECOND_MS);
    conn_move(rig.conn, &other);
    assert_int_equal(rig.conns.count, 0);
    assert_int_equal(other.count, 1);
    assert_ptr_equal(rig.conn->session.date, other.date);
    is_not_due(&rig);
    rig_now_ms += RIG_HEADER_MS - 3 * SECOND_MS - 1;
    conns_tick(&other);
    assert_null(conns_due(&other));
    rig_now_ms++;
    conns_tick(&other);
    assert_ptr_equal(conns_due(&other), rig.conn);
    conn_move(rig.conn, &rig.conns);
    conns_finish(&other);
    rig_finish(&rig);
}

static void a_date_is_renewed_each_second(void **state)
{
    static const char START[] = "Date: Thu, 01 Jan 1970 00:16:";
    struct rig rig;
    char first[2];

    (void)state;
    start(&rig, false);
    for (int i = 0; i < 2; i++) {
        const char *date;

        assert_true(rig_say_text(&rig, REQUEST));
        rig_hear(&rig, heard, sizeof heard);
        date = strstr(heard, START);
        assert_non_null(date);
        first[i] = date[sizeof START];
        rig_wait(&rig, SECOND_MS);
    }
    assert_int_equal(first[0], '0'); /* 1 000 s are 16 min 40 s */
    assert_int_equal(first[1], '1');
    rig_finish(&rig);
}

/* ---- The server stops ---- */

static void tell_to_stop(struct rig *rig)
{
    rig_stopping = true;
    conns_tick(&rig->conns);
}

static void a_loop_lives_until_its_last_connection(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    assert_true(conns_live(&rig.conns));
    tell_to_stop(&rig);
    assert_true(conns_live(&rig.conns));
    conn_close(rig.conn);
    rig.conn = NULL;
    assert_false(conns_live(&rig.conns));
    rig_finish(&rig);
}

static void everybody_is_told_once(void **state)
{
    struct conn *others[MANY];
    struct rig rig;
    int told = 0;

    (void)state;
    start(&rig, false);
    assert_true(rig_say_text(&rig, "GET"));
    for (int i = 0; i < MANY; i++)
        others[i] = conns_open(&rig.conns, -1);
    tell_to_stop(&rig);
    for (struct conn *conn; (conn = conns_due(&rig.conns)); told++)
        assert_true(conn->told);
    assert_int_equal(told, MANY + 1);
    for (int i = 0; i < MANY; i++) {
        assert_true(others[i]->told);
        conn_close(others[i]);
    }
    assert_true(rig.conn->told);
    rig_finish(&rig);
}

/* Accepted by another thread before it saw the stop, and met behind it. */
static void who_comes_behind_the_stop_is_told_too(void **state)
{
    struct conn *late;
    struct rig rig;

    (void)state;
    start(&rig, false);
    tell_to_stop(&rig);
    while (conns_due(&rig.conns)) {
    }
    late = conns_open(&rig.conns, -1);
    while (conns_due(&rig.conns)) {
    }
    assert_true(late->told);
    conn_close(late);
    rig_finish(&rig);
}

static void an_idle_connection_ends_when_told(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, true);
    tell_to_stop(&rig);
    assert_ptr_equal(conns_due(&rig.conns), rig.conn);
    assert_int_equal(conn_turn(rig.conn), CONN_DONE);
    assert_int_equal(rig.conn->state, CONN_CLOSED);
    assert_int_equal(rig.counts[COUNT_CUT_OFF] + rig.counts[COUNT_FAILED], 0);
    rig_finish(&rig);
}

static void what_had_come_before_the_stop_is_answered(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, true);
    assert_int_equal(send(rig.peer, REQUEST, sizeof REQUEST - 1, MSG_NOSIGNAL), sizeof REQUEST - 1);
    rig_wait_readable(rig.conn->fd);
    tell_to_stop(&rig);
    assert_ptr_equal(conns_due(&rig.conns), rig.conn);
    assert_int_equal(conn_read(rig.conn), CONN_DRAINED);
    rig_hear(&rig, heard, sizeof heard);
    assert_non_null(strstr(heard, "\r\nConnection: close\r\n"));
    assert_int_equal(rig.conn->state, CONN_CLOSED); /* nothing was there to be read */
    rig_finish(&rig);
}

static void a_request_that_had_begun_is_answered(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    assert_true(rig_say_text(&rig, "GET"));
    tell_to_stop(&rig);
    assert_ptr_equal(conns_due(&rig.conns), rig.conn);
    conn_stop(rig.conn);
    assert_int_equal(rig.conn->state, CONN_HEAD);
    assert_true(rig_say_text(&rig, &REQUEST[3]));
    rig_hear(&rig, heard, sizeof heard);
    assert_non_null(strstr(heard, "\r\nConnection: close\r\n"));
    assert_int_equal(rig.conn->state, CONN_CLOSED); /* nothing was there to be read */
    rig_finish(&rig);
}

/* Nothing of a next request is there: see end() in lib/conn.c. */
static void a_close_that_was_not_announced_closes(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, false);
    assert_true(rig_say_text(&rig, REQUEST));
    tell_to_stop(&rig);
    assert_ptr_equal(conns_due(&rig.conns), rig.conn);
    rig_hear(&rig, heard, sizeof heard);
    assert_null(strstr(heard, "close"));
    assert_int_equal(rig.conn->state, CONN_CLOSED);
    rig_finish(&rig);
}

static void at_the_end_of_the_stop_everybody_is_cut_off(void **state)
{
    struct rig rig;
    struct conn *second;

    (void)state;
    start(&rig, false);
    assert_true(rig_say_text(&rig, "GET"));
    second = conns_open(&rig.conns, -1);
    tell_to_stop(&rig);
    while (conns_due(&rig.conns)) {
    }
    rig_wait(&rig, RIG_DRAIN_MS - 1);
    is_not_due(&rig);
    rig_wait(&rig, 1);
    while (conns_due(&rig.conns)) {
    }
    assert_int_equal(rig.conn->state, CONN_CLOSED);
    assert_int_equal(second->state, CONN_CLOSED);
    assert_int_equal(rig.counts[COUNT_CUT_OFF], 2);
    conn_close(second);
    rig_finish(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trickle_does_not_renew_the_header_timer),
        cmocka_unit_test(a_new_head_behind_an_old_one_has_all_its_time),
        cmocka_unit_test(each_request_renews_the_idle_timer),
        cmocka_unit_test(each_piece_of_a_body_renews_the_idle_timer),
        cmocka_unit_test(each_byte_taken_renews_the_idle_timer),
        cmocka_unit_test(what_comes_while_lingering_does_not_renew_its_timer),
        cmocka_unit_test(without_timeouts_nobody_is_due),
        cmocka_unit_test(a_loop_waits_for_the_soonest),
        cmocka_unit_test(a_loop_that_stops_waits_no_longer_than_to_its_end),
        cmocka_unit_test(a_wait_longer_than_an_int_is_cut),
        cmocka_unit_test(a_suspension_counts_against_nobody),
        cmocka_unit_test(of_two_suspensions_in_a_row_the_second_counts),
        cmocka_unit_test(a_wait_that_ends_a_little_late_is_no_suspension),
        cmocka_unit_test(a_long_wait_for_the_first_client_is_no_suspension),
        cmocka_unit_test(who_changes_hands_keeps_his_time),
        cmocka_unit_test(a_date_is_renewed_each_second),
        cmocka_unit_test(a_loop_lives_until_its_last_connection),
        cmocka_unit_test(everybody_is_told_once),
        cmocka_unit_test(who_comes_behind_the_stop_is_told_too),
        cmocka_unit_test(an_idle_connection_ends_when_told),
        cmocka_unit_test(what_had_come_before_the_stop_is_answered),
        cmocka_unit_test(a_request_that_had_begun_is_answered),
        cmocka_unit_test(a_close_that_was_not_announced_closes),
        cmocka_unit_test(at_the_end_of_the_stop_everybody_is_cut_off),
    };

    return cmocka_run_group_tests_name("conn: time", tests, NULL, NULL) > 0;
}
