/* SPDX-License-Identifier: MIT */
#include "bench/load/turn.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/load/clock.h"
#include "bench/load/pool.h"
#include "bench/load/worker.h"

/* Whether it is still the connection whose opening began then, and not closed or opened anew. */
static bool is_same(const struct connection *connection, uint64_t began_ns)
{
    return connection->fd >= 0 && connection->began_ns == began_ns;
}

/* ---- The end of a connection, and what comes after it ---- */

/* Whoever had this connection has another one now: at once where it stays open between requests. */
static void go_on(struct worker *worker, struct connection *connection)
{
    uint64_t now = clock_now_ns();
    bool reopened = !worker->plan->churn;
    if (reopened) {
        worker->counts->reconnects += worker_counts_at(worker, now);
        turn_open(worker, connection);
    }
    if (plan_is_open(worker->plan))
        pool_put(worker, connection, now);
    else if (worker->plan->churn)
        turn_begin(worker, connection);
}

static void abandon(struct worker *worker, struct connection *connection)
{
    connection_close(connection);
    if (worker->going)
        go_on(worker, connection);
}

/* The connection is lost with all that was under way on it: the first of these had that fault, the
 * others were cut off with it. */
static void lose(struct worker *worker, struct connection *connection, enum fault fault)
{
    uint64_t now = clock_now_ns();
    worker_fault(worker, fault, now);
    for (unsigned i = 1; i < connection->under_way; i++)
        worker_fault(worker, FAULT_CLOSED, now);
    abandon(worker, connection);
}

/* No connection could be had. In closed loop the next attempt waits for the worker's next look, so
 * that a server that is gone is not stormed. */
static void lose_opening(struct worker *worker, struct connection *connection)
{
    uint64_t now = clock_now_ns();
    if (connection->state == CONNECTION_CONNECTING)
        worker->opening--;
    worker_fault(worker, FAULT_CONNECT, now);
    connection_close(connection);
    if (worker->going && plan_is_open(worker->plan))
        pool_put(worker, connection, now);
}

/* ---- Sending ---- */

static void established(struct worker *worker, struct connection *connection)
{
    uint64_t now = clock_now_ns();
    worker->opening--;
    connection->state = CONNECTION_OPEN;
    if (!worker->plan->churn || worker_counts_at(worker, now))
        tally_add(&worker->counts->connect, now - connection->began_ns);
    if (worker->going && !plan_is_open(worker->plan) && connection->under_way == 0)
        turn_begin(worker, connection);
}

static void flush(struct worker *worker, struct connection *connection)
{
    if (connection_flush(connection, worker->target) == CONNECTION_BROKEN)
        lose(worker, connection, FAULT_WRITE);
}

/* On loopback a connection mostly stands when connect() returns: trying to send at once saves a
 * wake-up. EAGAIN says that it does not stand yet. */
static void send_at_once(struct worker *worker, struct connection *connection)
{
    size_t before = connection->unsent;
    enum connection_sent sent = connection_flush(connection, worker->target);
    if (sent == CONNECTION_BROKEN)
        lose_opening(worker, connection);
    else if (connection->unsent < before)
        established(worker, connection);
}

void turn_open(struct worker *worker, struct connection *connection)
{
    if (!connection_open(connection, worker->target, worker->epoll, clock_now_ns())) {
        lose_opening(worker, connection);
        return;
    }
    worker->opening++;
    if (connection->unsent > 0)
        send_at_once(worker, connection);
}

void turn_ask(struct worker *worker, struct connection *connection, unsigned count,
              struct flight flight)
{
    connection_ask(connection, worker->target, count, flight);
    if (connection->state == CONNECTION_NONE)
        turn_open(worker, connection);
    else if (connection->state == CONNECTION_OPEN)
        flush(worker, connection);
}

void turn_begin(struct worker *worker, struct connection *connection)
{
    uint64_t now = clock_now_ns();
    if (connection->state == CONNECTION_NONE && !worker->plan->churn)
        turn_open(worker, connection);
    else if (connection->state != CONNECTION_CONNECTING)
        turn_ask(worker, connection, worker->target->requests, (struct flight){now, now, 0});
}

/* ---- Receiving ---- */

static void count_answer(struct worker *worker, struct connection *connection, struct flight flight,
                         uint64_t done_ns)
{
    struct counts *counts = worker->counts;
    bool open = plan_is_open(worker->plan);
    uint64_t waited = done_ns - flight.intended_ns;
    counts->answered += worker_counts_at(worker, done_ns);
    if (!worker_counts_at(worker, open ? flight.intended_ns : done_ns))
        return;
    counts->requests++;
    counts->bytes += connection->answer.bytes;
    worker_response(worker, waited, flight.late_ns);
    if (open)
        tally_add(&counts->service, done_ns - flight.sent_ns);
    connection->requests++;
    connection->total_ns += waited;
    worker_wait(worker, connection, waited);
}

static void land(struct worker *worker, struct connection *connection, enum answer_verdict verdict,
                 uint64_t at_once_ns)
{
    unsigned owed = connection->under_way;
    struct flight flight = connection_landed(connection, worker->target->requests);
    bool at_once = owed == 1 && at_once_ns > flight.sent_ns;
    uint64_t done = at_once ? at_once_ns : clock_now_ns();
    if (verdict == ANSWER_RIGHT)
        count_answer(worker, connection, flight, done);
    else
        worker_fault(worker, verdict == ANSWER_WRONG_STATUS ? FAULT_STATUS : FAULT_BODY, done);
    connection->free_ns = done;
}

/* All or some of what was owed has come: the client's next move. */
static void answered(struct worker *worker, struct connection *connection, unsigned count)
{
    if (connection->answer.last || worker->plan->churn) {
        connection->state = CONNECTION_ENDING;
    } else if (plan_is_open(worker->plan)) {
        pool_put(worker, connection, connection->free_ns);
    } else {
        uint64_t now = clock_now_ns();
        turn_ask(worker, connection, count, (struct flight){now, now, 0});
    }
}

/* Looks at what has come. False: the connection is not what it was. */
static bool look(struct worker *worker, struct connection *connection, size_t len,
                 uint64_t at_once_ns)
{
    const char *bytes = worker->buffer;
    unsigned count = 0;
    while (len > 0) {
        size_t used;
        if (connection->under_way == 0) {
            lose(worker, connection, FAULT_BODY); /* bytes that nobody asked for */
            return false;
        }
        enum answer_verdict verdict =
            answer_take(&connection->answer, &worker->pattern, bytes, len, &used);
        if (verdict == ANSWER_BROKEN) {
            lose(worker, connection, FAULT_BODY);
            return false;
        }
        bytes += used;
        len -= used;
        if (verdict == ANSWER_MORE)
            break;
        land(worker, connection, verdict, at_once_ns);
        count++;
    }
    if (count > 0)
        answered(worker, connection, count);
    return true;
}

/* The server has closed the connection. */
static void hang_up(struct worker *worker, struct connection *connection)
{
    bool asked = connection->under_way > 0;
    bool begun = answer_has_begun(&connection->answer);
    enum answer_verdict verdict = answer_end(&connection->answer, &worker->pattern);
    if (asked && verdict != ANSWER_MORE && verdict != ANSWER_BROKEN) {
        land(worker, connection, verdict, 0);
        asked = connection->under_way > 0;
        begun = false;
    }
    if (asked)
        lose(worker, connection, begun ? FAULT_BODY : FAULT_CLOSED);
    else
        abandon(worker, connection);
}

/* Resetting a connection on which nothing was asked harms nobody. */
static void break_off(struct worker *worker, struct connection *connection)
{
    if (connection->under_way > 0)
        lose(worker, connection, FAULT_READ);
    else
        abandon(worker, connection);
}

/* Edge-triggered: until the socket has given less than it was asked for, or has ended. */
static void receive(struct worker *worker, struct connection *connection, uint32_t events,
                    uint64_t wake_ns)
{
    uint32_t over = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
    uint64_t at_once_ns = answer_has_begun(&connection->answer) ? 0 : wake_ns;
    uint64_t began = connection->began_ns;
    while (is_same(connection, began)) {
        ssize_t got = recv(connection->fd, worker->buffer, WORKER_BUFFER, 0);
        if (got > 0) {
            if (!look(worker, connection, (size_t)got, at_once_ns))
                return;
            at_once_ns = 0;
            if (got < WORKER_BUFFER && !over)
                return;
        } else if (got == 0) {
            hang_up(worker, connection);
            return;
        } else if (errno != EINTR) {
            if (errno != EAGAIN)
                break_off(worker, connection);
            return;
        }
    }
}

void turn_event(struct worker *worker, struct connection *connection, uint32_t events,
                uint64_t wake_ns)
{
    uint64_t began = connection->began_ns;
    if (connection->state == CONNECTION_CONNECTING) {
        if (events & (EPOLLERR | EPOLLHUP)) {
            lose_opening(worker, connection);
            return;
        }
        if (!(events & EPOLLOUT))
            return;
        established(worker, connection);
    }
    if (is_same(connection, began) && connection->unsent > 0 && (events & EPOLLOUT))
        flush(worker, connection);
    if (is_same(connection, began) && (events & ~(uint32_t)EPOLLOUT))
        receive(worker, connection, events, wake_ns);
}

/* ---- Time ---- */

static void time_out(struct worker *worker, struct connection *connection, uint64_t now_ns)
{
    bool open = plan_is_open(worker->plan);
    while (connection->under_way > 0) {
        struct flight flight = connection_landed(connection, worker->target->requests);
        if (!worker_counts_at(worker, open ? flight.intended_ns : now_ns))
            continue;
        worker->counts->faults[FAULT_TIMEOUT]++;
        worker_wait(worker, connection, now_ns - flight.intended_ns);
        worker_response(worker, now_ns - flight.intended_ns, flight.late_ns);
    }
    if (connection->state == CONNECTION_CONNECTING)
        worker->opening--;
    abandon(worker, connection);
}

void turn_look(struct worker *worker, struct connection *connection, uint64_t now_ns)
{
    uint64_t limit = worker->plan->timeout_ns;
    if (connection->under_way > 0) {
        if (connection->flights[connection->oldest].intended_ns + limit < now_ns)
            time_out(worker, connection, now_ns);
    } else if (connection->state == CONNECTION_NONE) {
        if (!plan_is_open(worker->plan))
            turn_begin(worker, connection);
    } else if (connection->state == CONNECTION_CONNECTING) {
        if (connection->began_ns + limit < now_ns)
            lose_opening(worker, connection);
    } else if (connection->state == CONNECTION_ENDING && connection->free_ns + limit < now_ns) {
        abandon(worker, connection);
    }
}
