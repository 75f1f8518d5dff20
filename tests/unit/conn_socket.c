/* SPDX-License-Identifier: MIT */
#include "lib/conn.h"
#include "lib/echo.h"
#include "lib/http.h"
#include "tests/unit/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST    "GET / HTTP/1.0\r\n\r\n"

enum { HEARD = 20000, REQUESTS = 1000, MOST = 64 << 20 };

static char heard[HEARD];

/* ---- The linker puts these in the system calls' place ---- */

static struct {
    int recvs, sends, options; /* made by conn.c, and by the test's own client */
    int fail_recv, fail_send;  /* the errno of the next call; 0: it is made */
    int recv_flags;            /* of the last one */
} calls;

ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __real_recv(int fd, void *bytes, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags);
ssize_t __real_send(int fd, const void *bytes, size_t len, int flags);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

static ssize_t fail_with(int *error)
{
    errno = *error;
    *error = 0;
    return -1;
}

ssize_t __wrap_recv(int fd, void *bytes, size_t size, int flags)
{
    calls.recvs++;
    calls.recv_flags = flags;
    return calls.fail_recv ? fail_with(&calls.fail_recv) : __real_recv(fd, bytes, size, flags);
}

ssize_t __wrap_send(int fd, const void *bytes, size_t len, int flags)
{
    calls.sends++;
    return calls.fail_send ? fail_with(&calls.fail_send) : __real_send(fd, bytes, len, flags);
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    calls.options++;
    return __real_setsockopt(fd, level, name, value, len);
}

static void start_as(struct rig *rig, const struct protocol *protocol, bool blocking)
{
    const struct protocol_settings settings = {13, 8192};

    memset(&calls, 0, sizeof calls);
    protocol->prepare(&settings);
    rig_init(rig, protocol);
    rig->rules.blocking = blocking;
    rig_open(rig, true);
    if (blocking)
        assert_int_equal(fcntl(rig->conn->fd, F_SETFL, 0), 0);
}

static void start(struct rig *rig)
{
    start_as(rig, &http_protocol, false);
}

static void client_says(const struct rig *rig, const char *text)
{
    assert_int_equal(__real_send(rig->peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    rig_wait_readable(rig->conn->fd);
}

static void client_hears_an_answer(const struct rig *rig)
{
    rig_wait_readable(rig->peer);
    assert_true(__real_recv(rig->peer, heard, sizeof heard, 0) > 0);
    assert_memory_equal(heard, "HTTP/1.1 200 OK\r\n", 17);
}

/* ---- A turn ---- */

static void a_request_costs_one_recv_and_one_send(void **state)
{
    struct rig rig;

    (void)state;
    for (int blocking = 0; blocking < 2; blocking++) {
        start_as(&rig, &http_protocol, blocking);
        for (int i = 0; i < REQUESTS; i++) {
            client_says(&rig, REQUEST);
            assert_int_equal(conn_turn(rig.conn), CONN_DRAINED);
            client_hears_an_answer(&rig);
        }
        assert_int_equal(calls.recvs, REQUESTS);
        assert_int_equal(calls.sends, REQUESTS);
        assert_int_equal(calls.options, 0);
        rig_finish(&rig);
    }
}

static void a_turn_with_nothing_to_do_is_blocked(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    assert_int_equal(conn_turn(rig.conn), CONN_BLOCKED);
    assert_true(!rig.conn->in && !rig.conn->out);
    assert_int_equal(rig.conn->state, CONN_IDLE);
    rig_finish(&rig);
}

static void the_last_answer_ends_the_conversation_in_one_turn(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    client_says(&rig, LAST);
    assert_int_equal(conn_turn(rig.conn), CONN_DONE);
    assert_int_equal(conn_want(rig.conn), CONN_CLOSE);
    rig_finish(&rig);
}

static void an_interrupted_call_is_made_again(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    client_says(&rig, REQUEST);
    calls.fail_recv = EINTR;
    assert_int_equal(conn_turn(rig.conn), CONN_MORE);
    calls.fail_send = EINTR;
    assert_int_equal(conn_turn(rig.conn), CONN_MORE);
    assert_int_equal(conn_want(rig.conn), CONN_WRITE);
    assert_int_equal(conn_turn(rig.conn), CONN_MORE);
    client_hears_an_answer(&rig);
    assert_int_equal(rig.counts[COUNT_FAILED], 0);
    rig_finish(&rig);
}

static void a_socket_that_takes_nothing_is_waited_for(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    client_says(&rig, REQUEST);
    calls.fail_send = EAGAIN;
    assert_int_equal(conn_turn(rig.conn), CONN_BLOCKED);
    assert_int_equal(conn_want(rig.conn), CONN_WRITE);
    assert_int_equal(conn_turn(rig.conn), CONN_MORE);
    client_hears_an_answer(&rig);
    rig_finish(&rig);
}

static void a_broken_socket_is_one_failure(void **state)
{
    static const int ERRORS[] = {ECONNRESET, EPIPE, ETIMEDOUT, ENOBUFS};
    struct rig rig;

    (void)state;
    for (size_t i = 0; i < sizeof ERRORS / sizeof *ERRORS; i++) {
        start(&rig);
        client_says(&rig, REQUEST);
        if (i % 2)
            calls.fail_recv = ERRORS[i];
        else
            calls.fail_send = ERRORS[i];
        assert_int_equal(conn_turn(rig.conn), CONN_DONE);
        assert_int_equal(conn_want(rig.conn), CONN_CLOSE);
        assert_int_equal(rig.counts[COUNT_FAILED], 1);
        rig_finish(&rig);
    }
}

/* The client writes, and reads nothing, until both sockets and our buffers are full. */
static void a_client_that_does_not_read_is_not_read_from(void **state)
{
    static char bytes[CONN_BUFFER];
    struct rig rig;
    size_t sent = 0;

    (void)state;
    start_as(&rig, &echo_protocol, false);
    for (;;) {
        ssize_t n = __real_send(rig.peer, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        enum conn_turn turn = conn_turn(rig.conn);

        sent += n > 0 ? (size_t)n : 0;
        if (n < 0 && turn == CONN_BLOCKED && conn_want(rig.conn) == CONN_WRITE)
            break;
        assert_true(sent < MOST);
    }
    calls.recvs = 0;
    assert_int_equal(conn_turn(rig.conn), CONN_BLOCKED);
    assert_int_equal(calls.recvs, 0);
    rig_finish(&rig);
}

static void a_half_closed_client_hears_the_rest(void **state)
{
    struct rig rig;
    long len = 0, n;

    (void)state;
    start(&rig);
    client_says(&rig, REQUEST REQUEST);
    assert_int_equal(shutdown(rig.peer, SHUT_WR), 0);
    while (conn_turn(rig.conn) != CONN_DONE) {
    }
    conn_close(rig.conn);
    rig.conn = NULL;
    while ((n = rig_client_read(&rig, heard + len, sizeof heard - 1 - (size_t)len)) > 0)
        len += n;
    heard[len] = '\0';
    assert_int_equal(n, 0);
    assert_non_null(strstr(strstr(heard, "HTTP/1.1 200") + 1, "HTTP/1.1 200"));
    rig_finish(&rig);
}

/* ---- A blocking socket ---- */

static void a_blocking_socket_is_told_when_to_give_up(void **state)
{
    struct timeval timeout;
    socklen_t len = sizeof timeout;
    struct rig rig;

    (void)state;
    start_as(&rig, &http_protocol, true);
    client_says(&rig, "GET");
    assert_int_equal(conn_turn(rig.conn), CONN_DRAINED);
    client_says(&rig, " ");
    assert_int_equal(conn_turn(rig.conn), CONN_DRAINED);
    assert_int_equal(calls.options, 1);
    assert_int_equal(getsockopt(rig.conn->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &len), 0);
    assert_int_equal(timeout.tv_sec, RIG_HEADER_MS / 1000);
    rig_finish(&rig);
}

static void a_blocking_socket_is_not_waited_on_once_the_server_stops(void **state)
{
    struct rig rig;

    (void)state;
    start_as(&rig, &http_protocol, true);
    rig_stopping = true;
    conns_tick(&rig.conns);
    assert_ptr_equal(conns_due(&rig.conns), rig.conn);
    assert_int_equal(conn_turn(rig.conn), CONN_DONE);
    assert_true(calls.recv_flags & MSG_DONTWAIT);
    assert_int_equal(rig.counts[COUNT_CUT_OFF] + rig.counts[COUNT_FAILED], 0);
    rig_finish(&rig);
}

static void errors_are_told_apart_when_the_clock_was_read_between(void **state)
{
    struct rig rig;

    (void)state;
    start_as(&rig, &http_protocol, true);
    rig_now_ms += 1000; /* the date is renewed, and whatever does that may set errno */
    calls.fail_recv = EAGAIN;
    assert_int_equal(conn_turn(rig.conn), CONN_BLOCKED);
    assert_int_equal(rig.counts[COUNT_FAILED], 0);
    rig_finish(&rig);
}

static void a_whole_conversation_on_a_blocking_socket(void **state)
{
    struct rig rig;
    int ends[2];
    long len;

    (void)state;
    start_as(&rig, &http_protocol, true);
    rig_pair(ends);
    assert_int_equal(fcntl(ends[0], F_SETFL, 0), 0);
    assert_int_equal(__real_send(ends[1], REQUEST LAST, sizeof REQUEST LAST - 1, MSG_NOSIGNAL),
                     sizeof REQUEST LAST - 1);
    conns_converse(&rig.conns, ends[0]);
    assert_int_equal(rig.conns.count, 1); /* the rig's own */
    assert_int_equal(rig.counts[COUNT_ANSWERED], 2);
    rig_wait_readable(ends[1]);
    len = __real_recv(ends[1], heard, sizeof heard - 1, 0);
    assert_true(len > 0);
    heard[len] = '\0';
    assert_non_null(strstr(heard, "\r\nConnection: close\r\n"));
    assert_int_equal(__real_recv(ends[1], heard, sizeof heard, 0), 0);
    close(ends[1]);
    rig_finish(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_costs_one_recv_and_one_send),
        cmocka_unit_test(a_turn_with_nothing_to_do_is_blocked),
        cmocka_unit_test(the_last_answer_ends_the_conversation_in_one_turn),
        cmocka_unit_test(an_interrupted_call_is_made_again),
        cmocka_unit_test(a_socket_that_takes_nothing_is_waited_for),
        cmocka_unit_test(a_broken_socket_is_one_failure),
        cmocka_unit_test(a_client_that_does_not_read_is_not_read_from),
        cmocka_unit_test(a_half_closed_client_hears_the_rest),
        cmocka_unit_test(a_blocking_socket_is_told_when_to_give_up),
        cmocka_unit_test(a_blocking_socket_is_not_waited_on_once_the_server_stops),
        cmocka_unit_test(errors_are_told_apart_when_the_clock_was_read_between),
        cmocka_unit_test(a_whole_conversation_on_a_blocking_socket),
    };

    return cmocka_run_group_tests_name("conn: sockets", tests, NULL, NULL) > 0;
}
