/* SPDX-License-Identifier: MIT */
#include "lib/conn.h"
#include "lib/http.h"
#include "tests/unit/rig.h"
#include "tests/unit/state_table.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define REQUEST   "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST      "GET / HTTP/1.0\r\n\r\n"
#define LAST_HEAD "HEAD / HTTP/1.0\r\n\r\n"
#define BAD       "GET / HTTP/1.1\r\n\r\n"
#define UPLOAD    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"

enum {
    BODY_SIZE = 40000, /* more than two buffers: an answer is taken in several pieces */
    FLOOD = 9 << 20,   /* more than a conversation that lingers will take */
    HEARD = 20000
};

static struct state_table table; /* of the page */

/* ---- The table ---- */

static void every_pair_is_as_the_page_has_it(void **state)
{
    (void)state;
    for (enum conn_state from = 0; from < CONN_STATES; from++)
        for (enum conn_event event = 0; event < CONN_EVENTS; event++)
            if (conn_next(from, event) != table.next[from][event])
                fail_msg("%s on %s: conn_next() says %d, the page %d", conn_state_name(from),
                         conn_event_name(event), (int)conn_next(from, event),
                         (int)table.next[from][event]);
}

static void every_timer_is_as_the_page_has_it(void **state)
{
    (void)state;
    for (enum conn_state each = 0; each < CONN_CLOSED; each++)
        assert_int_equal(conn_timer(each), table.timer[each]);
    assert_int_equal(table.timer[CONN_CLOSED], TIMERS);
}

static void nothing_leads_out_of_closed(void **state)
{
    (void)state;
    for (enum conn_event event = 0; event < CONN_EVENTS; event++)
        if (table.next[CONN_CLOSED][event] != CONN_STATES)
            assert_int_equal(table.next[CONN_CLOSED][event], CONN_CLOSED);
}

/* ---- Every pair that can happen, driven ---- */

enum act { ACT_SAY, ACT_HEAR, ACT_EOF, ACT_FAIL, ACT_WAIT, ACT_STOP, ACT_FLOOD };
enum halves { BOTH_HALVES, PURE_HALF }; /* what a model with sockets would never do */

static const struct drive {
    enum conn_state from;
    enum conn_event event;
    const char *before;    /* what the client said until then */
    enum act act;          /* what leads to the event */
    const char *said;      /* by ACT_SAY */
    enum conn_count count; /* what is counted by it; CONN_COUNTS: nothing */
    enum halves halves;
} drives[] = {
    {CONN_IDLE, EVENT_IDLE, "", ACT_SAY, "", CONN_COUNTS, PURE_HALF},
    {CONN_IDLE, EVENT_HEAD, "", ACT_SAY, "GET ", CONN_COUNTS, BOTH_HALVES},
    {CONN_IDLE, EVENT_BODY, "", ACT_SAY, UPLOAD, CONN_COUNTS, BOTH_HALVES},
    {CONN_IDLE, EVENT_ANSWER, "", ACT_SAY, REQUEST, CONN_COUNTS, BOTH_HALVES},
    {CONN_IDLE, EVENT_EOF, "", ACT_EOF, "", CONN_COUNTS, BOTH_HALVES},
    {CONN_IDLE, EVENT_FAILURE, "", ACT_FAIL, "", COUNT_FAILED, BOTH_HALVES},
    {CONN_IDLE, EVENT_TIMEOUT, "", ACT_WAIT, "", COUNT_CUT_OFF, BOTH_HALVES},
    {CONN_IDLE, EVENT_STOP, "", ACT_STOP, "", CONN_COUNTS, BOTH_HALVES},

    {CONN_HEAD, EVENT_HEAD, "GET", ACT_SAY, " / ", CONN_COUNTS, BOTH_HALVES},
    {CONN_HEAD, EVENT_BODY, "G", ACT_SAY, &UPLOAD[1], CONN_COUNTS, BOTH_HALVES},
    {CONN_HEAD, EVENT_ANSWER, "G", ACT_SAY, &REQUEST[1], CONN_COUNTS, BOTH_HALVES},
    {CONN_HEAD, EVENT_EOF, "GET", ACT_EOF, "", COUNT_FAILED, BOTH_HALVES},
    {CONN_HEAD, EVENT_FAILURE, "GET", ACT_FAIL, "", COUNT_FAILED, BOTH_HALVES},
    {CONN_HEAD, EVENT_TIMEOUT, "GET", ACT_WAIT, "", COUNT_CUT_OFF, BOTH_HALVES},
    {CONN_HEAD, EVENT_STOP, "GET", ACT_STOP, "", CONN_COUNTS, BOTH_HALVES},

    {CONN_BODY, EVENT_BODY, UPLOAD, ACT_SAY, "hell", CONN_COUNTS, BOTH_HALVES},
    {CONN_BODY, EVENT_ANSWER, UPLOAD, ACT_SAY, "hello", CONN_COUNTS, BOTH_HALVES},
    {CONN_BODY, EVENT_EOF, UPLOAD, ACT_EOF, "", COUNT_FAILED, BOTH_HALVES},
    {CONN_BODY, EVENT_FAILURE, UPLOAD, ACT_FAIL, "", COUNT_FAILED, BOTH_HALVES},
    {CONN_BODY, EVENT_TIMEOUT, UPLOAD, ACT_WAIT, "", COUNT_CUT_OFF, BOTH_HALVES},
    {CONN_BODY, EVENT_STOP, UPLOAD, ACT_STOP, "", CONN_COUNTS, BOTH_HALVES},

    {CONN_ANSWERING, EVENT_IDLE, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", ACT_HEAR, "", CONN_COUNTS,
     BOTH_HALVES},
    {CONN_ANSWERING, EVENT_HEAD, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET", ACT_HEAR, "", CONN_COUNTS,
     BOTH_HALVES},
    {CONN_ANSWERING, EVENT_BODY, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" UPLOAD, ACT_HEAR, "",
     CONN_COUNTS, BOTH_HALVES},
    {CONN_ANSWERING, EVENT_ANSWER, REQUEST, ACT_HEAR, "", CONN_COUNTS, BOTH_HALVES},
    {CONN_ANSWERING, EVENT_CLOSE, LAST_HEAD, ACT_HEAR, "", CONN_COUNTS, BOTH_HALVES},
    {CONN_ANSWERING, EVENT_LINGER, BAD, ACT_HEAR, "", CONN_COUNTS, BOTH_HALVES},
    {CONN_ANSWERING, EVENT_EOF, REQUEST, ACT_EOF, "", CONN_COUNTS, PURE_HALF},
    {CONN_ANSWERING, EVENT_FAILURE, REQUEST, ACT_FAIL, "", COUNT_FAILED, BOTH_HALVES},
    {CONN_ANSWERING, EVENT_TIMEOUT, REQUEST, ACT_WAIT, "", COUNT_CUT_OFF, BOTH_HALVES},
    {CONN_ANSWERING, EVENT_STOP, REQUEST, ACT_STOP, "", CONN_COUNTS, BOTH_HALVES},

    {CONN_LINGERING, EVENT_CLOSE, BAD, ACT_FLOOD, "", CONN_COUNTS, PURE_HALF},
    {CONN_LINGERING, EVENT_EOF, BAD, ACT_EOF, "", CONN_COUNTS, BOTH_HALVES},
    {CONN_LINGERING, EVENT_FAILURE, BAD, ACT_FAIL, "", CONN_COUNTS, BOTH_HALVES},
    {CONN_LINGERING, EVENT_TIMEOUT, BAD, ACT_WAIT, "", CONN_COUNTS, BOTH_HALVES},
    {CONN_LINGERING, EVENT_STOP, BAD, ACT_STOP, "", CONN_COUNTS, BOTH_HALVES},

    {CONN_CLOSED, EVENT_EOF, LAST_HEAD, ACT_EOF, "", CONN_COUNTS, PURE_HALF},
    {CONN_CLOSED, EVENT_FAILURE, LAST_HEAD, ACT_FAIL, "", CONN_COUNTS, PURE_HALF},
    {CONN_CLOSED, EVENT_STOP, LAST_HEAD, ACT_STOP, "", CONN_COUNTS, PURE_HALF},
};

enum { DRIVES = sizeof drives / sizeof *drives };

static void end_input(struct rig *rig)
{
    if (rig->peer < 0) {
        conn_eof(rig->conn);
        return;
    }
    assert_int_equal(shutdown(rig->peer, SHUT_WR), 0);
    rig_wait_readable(rig->conn->fd);
    assert_int_equal(conn_read(rig->conn), CONN_MORE);
}

/* An RST, where there are sockets; whoever writes into it learns of it too. */
static void break_connection(struct rig *rig)
{
    const struct linger at_once = {1, 0};

    if (rig->peer < 0) {
        conn_failed(rig->conn);
        return;
    }
    assert_int_equal(setsockopt(rig->peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(rig->peer);
    rig->peer = -1;
    rig_wait_readable(rig->conn->fd);
    if (conn_want(rig->conn) == CONN_WRITE)
        assert_int_equal(conn_write(rig->conn), CONN_DONE);
    else
        assert_int_equal(conn_read(rig->conn), CONN_DONE);
}

static void run_out_of_time(struct rig *rig)
{
    static const int64_t TIMEOUT_MS[TIMERS] = {RIG_IDLE_MS, RIG_HEADER_MS, RIG_DRAIN_MS};
    int64_t whole_ms = TIMEOUT_MS[table.timer[rig->conn->state]];

    rig_wait(rig, whole_ms - 1);
    assert_null(conns_due(&rig->conns));
    rig_wait(rig, 1);
    assert_ptr_equal(conns_due(&rig->conns), rig->conn);
    assert_null(conns_due(&rig->conns));
}

static void flood(struct rig *rig)
{
    for (int len = 0; len < FLOOD && conn_want(rig->conn) == CONN_READ; len += CONN_BUFFER) {
        struct room room = conn_room(rig->conn);

        assert_int_equal(room.size, CONN_BUFFER);
        conn_received(rig->conn, room.size);
    }
}

static void act(struct rig *rig, const struct drive *drive)
{
    char heard[HEARD];

    switch (drive->act) {
    case ACT_SAY:
        assert_true(rig_say_text(rig, drive->said));
        break;
    case ACT_HEAR:
        assert_true(rig_hear(rig, heard, sizeof heard) > 0);
        break;
    case ACT_EOF:
        end_input(rig);
        break;
    case ACT_FAIL:
        break_connection(rig);
        break;
    case ACT_WAIT:
        run_out_of_time(rig);
        break;
    case ACT_STOP:
        conn_stop(rig->conn);
        break;
    case ACT_FLOOD:
        flood(rig);
        break;
    }
}

/* A state that lies behind an answer is come to by hearing it. */
static void come_to(struct rig *rig, const struct drive *drive)
{
    char heard[HEARD];

    if (*drive->before)
        assert_true(rig_say_text(rig, drive->before));
    while (drive->from > CONN_ANSWERING && conn_want(rig->conn) == CONN_WRITE)
        rig_hear(rig, heard, sizeof heard);
    assert_int_equal(rig->conn->state, drive->from);
}

/* What --trace must print: a line for each change, none where the state stays. */
static void check_trace(const struct drive *drive, const char *trace, int fd)
{
    enum conn_state next = table.next[drive->from][drive->event];
    char line[128] = "";

    if (next != drive->from)
        snprintf(line, sizeof line, "trace: %d/%d: %s -> %s on %s\n", (int)getpid(), fd,
                 conn_state_name(drive->from), conn_state_name(next),
                 conn_event_name(drive->event));
    assert_string_equal(trace, line);
}

static void check_after(const struct rig *rig, const struct drive *drive, const uint64_t *before)
{
    static const enum conn_want WANTS[CONN_STATES] = {
        [CONN_ANSWERING] = CONN_WRITE, [CONN_CLOSED] = CONN_CLOSE};
    const struct conn *conn = rig->conn;
    enum conn_state next = table.next[drive->from][drive->event];

    assert_int_equal(conn->state, next);
    assert_int_equal(conn_want(conn), WANTS[next]);
    if (next != CONN_CLOSED)
        assert_int_equal(conn_pending(conn).len > 0, next == CONN_ANSWERING);
    if (next == CONN_IDLE || next == CONN_BODY || next == CONN_LINGERING)
        assert_true(!conn->in && !conn->out);
    if (next != CONN_CLOSED)
        assert_int_equal(conn->timer, table.timer[next]);
    else
        assert_null(deadlines_soonest(&rig->conns.deadlines));
    for (enum conn_count count = 0; count < CONN_COUNTS; count++)
        assert_int_equal(rig->counts[count] - before[count], count == drive->count);
}

/* The client sees our end, where all was said. */
static void check_client(const struct rig *rig, const struct drive *drive)
{
    char byte;

    if (rig->peer >= 0 && rig->conn->state == CONN_LINGERING && drive->act == ACT_HEAR)
        assert_int_equal(rig_client_read(rig, &byte, 1), 0);
}

static void drive_through(const struct drive *drive, bool sockets)
{
    const struct protocol_settings settings = {BODY_SIZE, 8192};
    FILE *err = stderr;
    char *trace = NULL;
    size_t len = 0;
    uint64_t before[CONN_COUNTS];
    struct rig rig;

    http_protocol.prepare(&settings);
    rig_init(&rig, &http_protocol);
    rig_open(&rig, sockets);
    come_to(&rig, drive);
    for (enum conn_count count = 0; count < CONN_COUNTS; count++)
        before[count] = rig.counts[count];
    rig.rules.trace = true;
    stderr = open_memstream(&trace, &len);
    act(&rig, drive);
    fclose(stderr);
    stderr = err;
    check_trace(drive, trace, rig.conn->fd);
    check_after(&rig, drive, before);
    check_client(&rig, drive);
    rig.rules.trace = false;
    free(trace);
    rig_finish(&rig);
}

static void a_pair_by_the_pure_half(void **state)
{
    drive_through(*state, false);
}

static void a_pair_over_sockets(void **state)
{
    const struct drive *drive = *state;

    if (drive->halves == BOTH_HALVES)
        drive_through(drive, true);
}

static void every_pair_that_can_happen_is_driven(void **state)
{
    bool driven[CONN_STATES][CONN_EVENTS] = {{false}};

    (void)state;
    for (size_t i = 0; i < DRIVES; i++)
        driven[drives[i].from][drives[i].event] = true;
    for (enum conn_state from = 0; from < CONN_STATES; from++)
        for (enum conn_event event = 0; event < CONN_EVENTS; event++)
            if (driven[from][event] != (table.next[from][event] != CONN_STATES))
                fail_msg("%s on %s is %sdriven", conn_state_name(from), conn_event_name(event),
                         driven[from][event] ? "" : "not ");
}

/* ---- Ends ---- */

static void start(struct rig *rig, size_t max_head, const char *said)
{
    const struct protocol_settings settings = {13, max_head};

    http_protocol.prepare(&settings);
    rig_init(rig, &http_protocol);
    rig_open(rig, false);
    assert_true(rig_say_text(rig, said));
}

static void what_was_asked_for_before_a_half_close_is_answered(void **state)
{
    char heard[HEARD];
    struct rig rig;

    (void)state;
    start(&rig, 8192, REQUEST REQUEST);
    conn_eof(rig.conn);
    rig_hear(&rig, heard, sizeof heard);
    assert_non_null(strstr(strstr(heard, "HTTP/1.1 200") + 1, "HTTP/1.1 200"));
    assert_int_equal(rig.conn->state, CONN_CLOSED);
    assert_int_equal(rig.counts[COUNT_FAILED], 0);
    rig_finish(&rig);
    assert_int_equal(rig.counts[COUNT_ANSWERED], 2);
}

static void a_half_close_in_mid_request_is_the_clients_failure(void **state)
{
    char heard[HEARD];
    struct rig rig;

    (void)state;
    start(&rig, 8192, REQUEST "GET");
    conn_eof(rig.conn);
    rig_hear(&rig, heard, sizeof heard);
    assert_int_equal(rig.conn->state, CONN_CLOSED);
    assert_int_equal(rig.counts[COUNT_FAILED], 1);
    rig_finish(&rig);
}

static void a_half_close_makes_lingering_needless(void **state)
{
    char heard[HEARD];
    struct rig rig;

    (void)state;
    start(&rig, 8192, BAD);
    conn_eof(rig.conn);
    rig_hear(&rig, heard, sizeof heard);
    assert_int_equal(rig.conn->state, CONN_CLOSED);
    rig_finish(&rig);
}

/* It takes time in which the client may have sent more. */
static void a_last_answer_that_takes_several_sends_is_lingered_for(void **state)
{
    const struct protocol_settings settings = {BODY_SIZE, 8192};
    char heard[HEARD];
    struct rig rig;

    (void)state;
    start(&rig, 8192, "");
    http_protocol.prepare(&settings);
    assert_true(rig_say_text(&rig, LAST));
    while (conn_want(rig.conn) == CONN_WRITE)
        rig_hear(&rig, heard, sizeof heard);
    assert_int_equal(rig.conn->state, CONN_LINGERING);
    rig_finish(&rig);
}

static void what_comes_behind_the_last_request_is_lingered_for(void **state)
{
    char heard[HEARD];
    struct rig rig;

    (void)state;
    start(&rig, 8192, LAST REQUEST);
    rig_hear(&rig, heard, sizeof heard);
    assert_int_equal(rig.conn->state, CONN_LINGERING);
    assert_true(rig_say_text(&rig, REQUEST));
    assert_int_equal(rig.conn->state, CONN_LINGERING);
    conn_eof(rig.conn);
    rig_finish(&rig);
    assert_int_equal(rig.counts[COUNT_ANSWERED], 1);
}

/* As where the kernel receives by itself, for as long as nobody tells it not to. */
static void what_comes_while_output_is_owed_is_answered_after_it(void **state)
{
    char heard[HEARD];
    struct rig rig;

    (void)state;
    start(&rig, 8192, REQUEST);
    assert_true(rig_say_text(&rig, "GET / HT"));
    assert_true(rig_say_text(&rig, &REQUEST[8]));
    assert_int_equal(rig.conn->state, CONN_ANSWERING);
    rig_hear(&rig, heard, sizeof heard);
    assert_null(strstr(strstr(heard, "HTTP/1.1 200") + 1, "HTTP/1.1"));
    assert_int_equal(rig.conn->state, CONN_ANSWERING);
    rig_hear(&rig, heard, sizeof heard);
    assert_non_null(strstr(heard, "HTTP/1.1 200"));
    assert_int_equal(rig.conn->state, CONN_IDLE);
    rig_finish(&rig);
    assert_int_equal(rig.counts[COUNT_ANSWERED], 2);
}

static void what_comes_while_the_last_output_is_owed_is_lingered_for(void **state)
{
    char heard[HEARD];
    struct rig rig;

    (void)state;
    start(&rig, 8192, LAST);
    assert_true(rig_say_text(&rig, REQUEST));
    rig_hear(&rig, heard, sizeof heard);
    assert_int_equal(rig.conn->state, CONN_LINGERING);
    rig_finish(&rig);
    assert_int_equal(rig.counts[COUNT_ANSWERED], 1);
}

/* The kernel may hold more: closed now, that would become an RST and eat the answer. */
static void a_last_request_that_fills_the_buffer_is_lingered_for(void **state)
{
    static char bytes[CONN_BUFFER] = "PUT / HTTP/1.0\r\nContent-Length: 16343\r\n\r\n";
    char heard[HEARD];
    struct rig rig;

    (void)state;
    assert_int_equal(strlen(bytes) + 16343, sizeof bytes);
    start(&rig, 8192, "");
    assert_true(rig_say(&rig, bytes, sizeof bytes));
    rig_hear(&rig, heard, sizeof heard);
    assert_int_equal(rig.conn->state, CONN_LINGERING);
    rig_finish(&rig);
}

/* There must be room to see that a head is too long, whatever limit the command line allows. */
static void the_longest_head_behind_a_blank_line_is_refused(void **state)
{
    static char head[2 * CONN_BUFFER];
    char heard[HEARD];
    struct rig rig;

    (void)state;
    memset(head, 'x', sizeof head);
    memcpy(head, "\r\n", 2);
    start(&rig, PROTOCOL_MAX_HEAD, "");
    assert_true(rig_say(&rig, head, sizeof head));
    rig_hear(&rig, heard, sizeof heard);
    assert_non_null(strstr(heard, "HTTP/1.1 431 "));
    assert_int_equal(rig.conn->state, CONN_LINGERING);
    rig_finish(&rig);
}

static int run_drives(const char *group, CMUnitTestFunction test)
{
    static char names[DRIVES][64];
    struct CMUnitTest tests[DRIVES];

    for (size_t i = 0; i < DRIVES; i++) {
        snprintf(names[i], sizeof names[i], "%s on %s", conn_state_name(drives[i].from),
                 conn_event_name(drives[i].event));
        tests[i] = (struct CMUnitTest){
            .name = names[i], .test_func = test, .initial_state = (void *)(uintptr_t)&drives[i]};
    }
    return _cmocka_run_group_tests(group, tests, DRIVES, NULL, NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_as_the_page_has_it),
        cmocka_unit_test(every_timer_is_as_the_page_has_it),
        cmocka_unit_test(nothing_leads_out_of_closed),
        cmocka_unit_test(every_pair_that_can_happen_is_driven),
        cmocka_unit_test(what_was_asked_for_before_a_half_close_is_answered),
        cmocka_unit_test(a_half_close_in_mid_request_is_the_clients_failure),
        cmocka_unit_test(a_half_close_makes_lingering_needless),
        cmocka_unit_test(a_last_answer_that_takes_several_sends_is_lingered_for),
        cmocka_unit_test(what_comes_behind_the_last_request_is_lingered_for),
        cmocka_unit_test(what_comes_while_output_is_owed_is_answered_after_it),
        cmocka_unit_test(what_comes_while_the_last_output_is_owed_is_lingered_for),
        cmocka_unit_test(a_last_request_that_fills_the_buffer_is_lingered_for),
        cmocka_unit_test(the_longest_head_behind_a_blank_line_is_refused),
    };
    int failed;

    assert(argc == 2);
    table = state_table_read(argv[1]);
    failed = run_drives("conn: by the pure half", a_pair_by_the_pure_half);
    failed += run_drives("conn: over sockets", a_pair_over_sockets);
    failed += cmocka_run_group_tests_name("conn", tests, NULL, NULL);
    return failed > 0;
}
