/* SPDX-License-Identifier: MIT */
#include "lib/conn.h"
#include "lib/echo.h"
#include "lib/http.h"
#include "tests/unit/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define BAD     "GET / HTTP/1.1\r\n\r\n"

enum { HEARD = 20000, REQUESTS = 1000, CROWD = 200, SPARES = 64, SCENE_MOST = 100 };

static char heard[HEARD];

/* ---- The linker puts these in malloc()'s and free()'s place ---- */

static struct {
    unsigned long calls;
    long live;              /* blocks */
    unsigned long fails_at; /* the call that fails; 0: none */
} heap;

void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
void __wrap_free(void *block);
void __real_free(void *block);

void *__wrap_malloc(size_t size)
{
    void *block = ++heap.calls == heap.fails_at ? NULL : __real_malloc(size);

    heap.live += block != NULL;
    return block;
}

void __wrap_free(void *block)
{
    heap.live -= block != NULL;
    __real_free(block);
}

static void start(struct rig *rig, size_t body_size)
{
    const struct protocol_settings settings = {body_size, 8192};

    http_protocol.prepare(&settings);
    rig_init(rig, &http_protocol);
    rig_open(rig, false);
}

/* ---- What a connection holds ---- */

static void an_idle_connection_holds_no_buffer(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, 13);
    assert_true(!rig.conn->in && !rig.conn->out);
    assert_true(rig_say_text(&rig, REQUEST));
    rig_hear(&rig, heard, sizeof heard);
    assert_true(!rig.conn->in && !rig.conn->out);
    assert_true(conn_room(rig.conn).size > 0);
    conn_unused(rig.conn);
    assert_true(!rig.conn->in && !rig.conn->out);
    rig_finish(&rig);
    assert_int_equal(heap.live, 0);
}

static void a_body_that_is_awaited_holds_no_buffer(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, 13);
    assert_true(rig_say_text(&rig, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nxyz"));
    assert_int_equal(rig.conn->state, CONN_BODY);
    assert_true(!rig.conn->in && !rig.conn->out);
    rig_finish(&rig);
}

/* The client says more and more, and hears nothing. */
static void a_deaf_client_is_held_to_two_buffers(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig, 1 << 30);
    for (int i = 0; i < REQUESTS && conn_want(rig.conn) == CONN_READ; i++)
        assert_true(rig_say_text(&rig, REQUEST REQUEST REQUEST));
    assert_int_equal(conn_want(rig.conn), CONN_WRITE);
    assert_true(conn_pending(rig.conn).len <= CONN_BUFFER);
    assert_true(heap.live <= 3);
    rig_finish(&rig);
    assert_int_equal(heap.live, 0);
}

static void a_keep_alive_request_allocates_nothing(void **state)
{
    unsigned long before;
    struct rig rig;

    (void)state;
    start(&rig, 13);
    assert_true(rig_say_text(&rig, REQUEST));
    rig_hear(&rig, heard, sizeof heard);
    before = heap.calls;
    assert_true(before > 0); /* else nothing is wrapped */
    for (int i = 0; i < REQUESTS; i++) {
        assert_true(rig_say_text(&rig, REQUEST));
        assert_true(rig_hear(&rig, heard, sizeof heard) > 0);
    }
    assert_int_equal(heap.calls, before);
    rig_finish(&rig);
}

static void few_buffers_are_kept_when_many_were_in_use(void **state)
{
    struct conn *crowd[CROWD];
    struct rig rig;

    (void)state;
    start(&rig, 13);
    for (int i = 0; i < CROWD; i++) {
        struct room room;

        crowd[i] = conns_open(&rig.conns, -1);
        room = conn_room(crowd[i]);
        memcpy(room.at, "GET", 3);
        conn_received(crowd[i], 3);
        assert_int_equal(crowd[i]->state, CONN_HEAD);
    }
    for (int i = 0; i < CROWD; i++)
        conn_close(crowd[i]);
    assert_true(rig.conns.spares <= SPARES);
    assert_true(heap.live <= SPARES + 1);
    rig_finish(&rig);
    assert_int_equal(heap.live, 0);
}

/* ---- Each allocation in turn fails ---- */

typedef void scene(struct rig *rig);

static bool is_open(const struct rig *rig)
{
    return rig->conn && conn_want(rig->conn) != CONN_CLOSE;
}

static void say_and_hear(struct rig *rig, const char *text)
{
    if (!is_open(rig) || !rig_say_text(rig, text))
        return;
    while (conn_want(rig->conn) == CONN_WRITE)
        rig_hear(rig, heard, sizeof heard);
}

static void short_answers(struct rig *rig)
{
    start(rig, 13);
    say_and_hear(rig, REQUEST);
    say_and_hear(rig, REQUEST REQUEST "GE");
    say_and_hear(rig, "T");
}

static void a_long_answer_and_its_close(struct rig *rig)
{
    start(rig, 50000);
    say_and_hear(rig, REQUEST REQUEST);
    say_and_hear(rig, BAD);
    say_and_hear(rig, REQUEST);
}

static void a_head_that_is_late(struct rig *rig)
{
    start(rig, 13);
    say_and_hear(rig, "GET");
    if (!is_open(rig))
        return;
    while (rig->conns.spare) { /* what tells of it shall be allocated */
        struct conn_buffer *next = rig->conns.spare->next;

        free(rig->conns.spare);
        rig->conns.spare = next;
        rig->conns.spares--;
    }
    rig_wait(rig, RIG_HEADER_MS);
    assert_ptr_equal(conns_due(&rig->conns), rig->conn);
    say_and_hear(rig, "");
}

/* Returns false when the scene made fewer allocations than that. */
static bool holds_when_one_fails(scene *play, unsigned long which)
{
    struct rig rig;
    bool failed;

    heap.calls = 0;
    heap.live = 0;
    heap.fails_at = which;
    play(&rig);
    failed = heap.calls >= which;
    heap.fails_at = 0;
    if (failed) {
        assert_true(!rig.conn || conn_want(rig.conn) == CONN_CLOSE);
        assert_int_equal(rig.counts[COUNT_REFUSED] + rig.counts[COUNT_CUT_OFF], 1);
        assert_int_equal(rig.counts[COUNT_FAILED], 0);
    }
    rig_finish(&rig);
    assert_int_equal(heap.live, 0);
    return failed;
}

static void who_finds_no_memory_is_refused(void **state)
{
    static scene *const SCENES[] = {short_answers, a_long_answer_and_its_close,
                                    a_head_that_is_late};

    (void)state;
    for (size_t i = 0; i < sizeof SCENES / sizeof *SCENES; i++) {
        unsigned long which = 1;

        while (holds_when_one_fails(SCENES[i], which))
            assert_true(++which < SCENE_MOST);
        assert_true(which > 2); /* a connection and a buffer at least */
    }
}

static void others_are_served_when_one_is_refused(void **state)
{
    struct conn *second;
    struct rig rig;

    (void)state;
    start(&rig, 13);
    heap.fails_at = heap.calls + 1;
    assert_null(conns_open(&rig.conns, -1));
    heap.fails_at = heap.calls + 1;
    assert_int_equal(conn_room(rig.conn).size, 0);
    assert_int_equal(conn_want(rig.conn), CONN_CLOSE);
    assert_int_equal(rig.counts[COUNT_REFUSED], 2);
    heap.fails_at = 0;
    second = conns_open(&rig.conns, -1);
    assert_non_null(second);
    conn_close(rig.conn);
    rig.conn = second;
    assert_true(rig_say_text(&rig, REQUEST));
    assert_int_equal(conn_want(second), CONN_WRITE);
    rig_finish(&rig);
}

static void a_stock_of_buffers_is_what_a_turn_takes(void **state)
{
    struct rig rig;
    unsigned long calls;

    (void)state;
    start(&rig, 13);
    assert_true(conns_stock(&rig.conns));
    calls = heap.calls;
    heap.fails_at = calls + 1;
    assert_true(rig_say_text(&rig, REQUEST));
    assert_true(rig_hear(&rig, heard, sizeof heard) > 0);
    assert_int_equal(heap.calls, calls);
    assert_true(conns_stock(&rig.conns)); /* it is there again */
    assert_int_equal(heap.calls, calls);
    heap.fails_at = 0;
    rig_finish(&rig);
    assert_int_equal(heap.live, 0);
}

static void half_a_stock_is_none(void **state)
{
    struct rig rig;

    (void)state;
    for (unsigned long call = 1; call <= 2; call++) {
        memset(&heap, 0, sizeof heap);
        start(&rig, 13);
        heap.fails_at = heap.calls + call;
        assert_false(conns_stock(&rig.conns));
        assert_true(conns_stock(&rig.conns));
        rig_finish(&rig);
        assert_int_equal(heap.live, 0);
    }
}

static int forget(void **state)
{
    (void)state;
    memset(&heap, 0, sizeof heap);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_idle_connection_holds_no_buffer, forget),
        cmocka_unit_test_setup(a_body_that_is_awaited_holds_no_buffer, forget),
        cmocka_unit_test_setup(a_deaf_client_is_held_to_two_buffers, forget),
        cmocka_unit_test_setup(a_keep_alive_request_allocates_nothing, forget),
        cmocka_unit_test_setup(few_buffers_are_kept_when_many_were_in_use, forget),
        cmocka_unit_test_setup(who_finds_no_memory_is_refused, forget),
        cmocka_unit_test_setup(a_stock_of_buffers_is_what_a_turn_takes, forget),
        cmocka_unit_test_setup(half_a_stock_is_none, forget),
        cmocka_unit_test_setup(others_are_served_when_one_is_refused, forget),
    };

    return cmocka_run_group_tests_name("conn: memory", tests, NULL, NULL) > 0;
}
