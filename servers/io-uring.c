/* SPDX-License-Identifier: MIT */
/*
 * Io_uring: N threads, a ring each. Nobody asks who is ready: the kernel is told what to do, does
 * it when it can be done, and reports what has been done.
 *
 * Who waits where: each worker, pinned to its CPU, waits in io_uring_enter. One order accepts all
 * clients of its own listener (SO_REUSEPORT), one hears a client again and again, one sends it what
 * it is owed. A turn takes two calls at most, however many clients it serves: one gives the answers
 * and does not wait, for most have gone out when it returns; the next gives again what has ended,
 * and waits.
 *
 * The traps: an order that repeats itself may end at any time (no IORING_CQE_F_MORE): it is given
 * again. One that received for ever would go on while output is owed, and take what was laid out
 * for all: it ends after as many bytes as the conversation has room for (Linux 6.17; where that is
 * not known, each receive is ordered). Slots run out when many speak at once (ENOBUFS): the order
 * is given again, as others clear theirs. Reports are made inside the worker's call alone (deferred
 * task run): they interrupt nothing, and starve who does not enter, so each turn does. An order
 * outlives a close: it is cancelled, and the conversation's memory stays until the last report.
 * Accepting for want of a descriptor fails at once, and again: it waits for somebody to come, and
 * lib's reserve takes over. Listener and clients block, or io_uring would not wait.
 *
 * Longer than the others: lib/conn.h has no turns for who does not make the calls himself, and an
 * order that is out must be known, and cancelled.
 *
 * One more client costs: an order in the kernel (a request and a poll entry); no buffer.
 * What breaks it: one slow turn delays everybody of that worker; kernels that forbid it.
 * Compare with: epoll-reuseport (the same workers, told who is ready), epoll-lt (one of those).
 */
#include "lib/ring.h"
#include "lib/server.h"
#include "lib/workers.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

/* What is out for a client: its conn->note. */
enum {
    HEARING = 1, /* an order to receive, */
    SENDING = 2, /* one to send */
    EMPTIED = 4, /* by the last receive the socket was */
    SENT = 8     /* times the bytes that went out, until they are taken account of */
};

/* An order's name in its report: one of these, or the client's address and HEARING or SENDING. */
enum { ACCEPT = 1, KNOCK };

static _Thread_local struct {
    struct conns conns;
    struct ring ring;
    int listener;
} loop;

static int listeners[WORKERS_MOST];
static pthread_barrier_t all_ready; /* the workers have their rings */
static bool can_repeat;             /* the kernel knows receives that repeat themselves so far */

enum sending { SEND_COPY, SEND_ZC };

static long workers, sending = SEND_COPY, sqpoll;

static const struct knob knobs[] = {
    {.name = "workers",
     .help = "Threads; 0: one for each CPU that the server may use",
     .value = &workers,
     .min = 0,
     .max = WORKERS_MOST},
    {.name = "send",
     .help = "Copy an answer to the kernel, or let it send from our memory (zero copy)",
     .value = &sending,
     .choices = "copy|zc"},
    {.name = "sqpoll",
     .help = "A thread of the kernel's, on the server's CPUs, looks for orders: fewer calls",
     .value = &sqpoll,
     .choices = "no|yes"},
    {0},
};

static const struct model model = {
    .name = "io-uring",
    .title = "N pinned threads, a ring and a listener each: the kernel reports what is done",
    .family = "completion",
    .workers = &workers,
    .reuse_port = true,
    .knobs = knobs,
};

/* ---- Orders ---- */

static void listen_on(void)
{
    io_uring_prep_multishot_accept(ring_order(&loop.ring, ACCEPT), loop.listener, NULL, NULL,
                                   SOCK_CLOEXEC);
}

static uint64_t name(const struct conn *conn, int order)
{
    return (uintptr_t)conn | (unsigned)order;
}

/* Where the last receive left nothing, the kernel waits before it tries: 0.2 us less of 4. Such a
   client asks, waits and asks again: the order repeats itself. Not the first, for many ask but
   once; nor at a stop, when nothing must be heard that is not waited for. */
static void hear(struct conn *conn)
{
    size_t kept = conn->in ? conn->in->to - conn->in->from : 0;
    struct io_uring_sqe *sqe = ring_order(&loop.ring, name(conn, HEARING));

    if (can_repeat && conn->note & EMPTIED && kept == 0 && !loop.conns.stopping)
        ring_prepare_receives(sqe, conn->fd, CONN_BUFFER);
    else
        ring_prepare_receive(sqe, conn->fd, CONN_BUFFER - kept);
    if (conn->note & EMPTIED)
        sqe->ioprio |= IORING_RECVSEND_POLL_FIRST;
    conn->note |= HEARING;
}

static void send_pending(struct conn *conn)
{
    struct span span = conn_pending(conn);
    struct io_uring_sqe *sqe = ring_order(&loop.ring, name(conn, SENDING));

    if (sending == SEND_ZC)
        io_uring_prep_send_zc(sqe, conn->fd, span.at, span.len, MSG_NOSIGNAL, 0);
    else
        io_uring_prep_send(sqe, conn->fd, span.at, span.len, MSG_NOSIGNAL);
    conn->note |= SENDING;
}

/* ---- Clients ---- */

/* What is cut off in the midst of a send from our memory is reset: else the kernel would keep the
   buffer for as long as it tries to deliver it. */
static void hang_up(struct conn *conn)
{
    const struct linger reset = {1, 0};

    if (conn->note & HEARING)
        ring_cancel(&loop.ring, name(conn, HEARING));
    if (conn->note & SENDING)
        ring_cancel(&loop.ring, name(conn, SENDING));
    if (conn->note & SENDING && sending == SEND_ZC)
        (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    ring_close(&loop.ring, conn->fd);
    conn->fd = -1;
}

/* Takes account of what went out. At a stop, not before it is known what came in meanwhile: the
   kernel may have taken a request that is not reported yet, and lib would see none. */
static void settle(struct conn *conn)
{
    size_t sent = (size_t)(conn->note / SENT);

    if (conn->note & SENDING || (loop.conns.stopping && conn->note & HEARING))
        return;
    conn->note &= SENT - 1;
    if (sent > 0 && conn_want(conn) == CONN_WRITE)
        conn_sent(conn, sent);
}

/* Orders what the connection waits for, unless that is out. */
static void advance(struct conn *conn)
{
    enum conn_want want;

    settle(conn);
    want = conn_want(conn);
    if (want == CONN_CLOSE && conn->fd >= 0)
        hang_up(conn);
    if (want == CONN_CLOSE && !(conn->note & (HEARING | SENDING)))
        conn_close(conn);
    else if (want == CONN_WRITE && !(conn->note & SENDING) && conn->note < SENT)
        send_pending(conn);
    else if (want == CONN_READ && !(conn->note & HEARING))
        hear(conn);
}

/* Told to stop, nobody must be taken for idle whose request was received and not reported yet. So
   the receive is cancelled, and what is reported then decides. */
static void tell(struct conn *conn)
{
    if (conn->note & HEARING)
        ring_cancel(&loop.ring, name(conn, HEARING));
    else
        conn_stop(conn);
}

static void welcome(int fd)
{
    struct conn *conn = conns_open(&loop.conns, fd);

    if (!conn)
        return;
    if (conn->told)
        conn_stop(conn);
    advance(conn);
}

/* ---- Reports ---- */

static void on_accept(const struct io_uring_cqe *cqe)
{
    if (cqe->res >= 0) {
        server_count(COUNT_ACCEPTED);
        welcome(cqe->res);
    }
    if (cqe->flags & IORING_CQE_F_MORE || server_stopping())
        return;
    if (cqe->res >= 0)
        listen_on();
    else
        io_uring_prep_poll_add(ring_order(&loop.ring, KNOCK), loop.listener, POLLIN);
}

/* Somebody has come, while accepting failed. lib knows what each error means, and may have to wait
   for nobody. */
static void on_knock(void)
{
    int fd;

    if (server_stopping())
        return;
    (void)fcntl(loop.listener, F_SETFL, O_NONBLOCK);
    fd = server_accept_from(loop.listener);
    (void)fcntl(loop.listener, F_SETFL, 0);
    if (fd >= 0) {
        (void)fcntl(fd, F_SETFL, 0);
        welcome(fd);
    }
    listen_on();
}

/* While output is owed, what comes is kept with the conversation: the order ends before that is
   too much. A full piece may not be all that the client has sent: see conn->linger. */
static void take_in(struct conn *conn, const struct io_uring_cqe *cqe)
{
    struct room room = conn_room(conn);

    if (room.size == 0)
        return;
    assert((size_t)cqe->res <= room.size);
    memcpy(room.at, ring_received(&loop.ring, cqe), (size_t)cqe->res);
    conn_received(conn, (size_t)cqe->res);
    if (cqe->res >= RING_PIECE && cqe->flags & IORING_CQE_F_SOCK_NONEMPTY)
        conn->linger = true;
}

/* ECANCELED: see tell(). ENOBUFS: no slot was free. EINTR, EAGAIN: nothing, for no good reason. */
static void on_receive(struct conn *conn, const struct io_uring_cqe *cqe)
{
    bool emptied = cqe->res > 0 && !(cqe->flags & IORING_CQE_F_SOCK_NONEMPTY);
    int error = cqe->res < 0 ? -cqe->res : 0;

    conn->note &= cqe->flags & IORING_CQE_F_MORE ? ~EMPTIED : ~(EMPTIED | HEARING);
    conn->note |= emptied ? EMPTIED : 0;
    if (conn_want(conn) == CONN_CLOSE)
        return;
    if (cqe->res > 0)
        take_in(conn, cqe);
    else if (cqe->res == 0)
        conn_eof(conn);
    else if (error != ECANCELED && error != ENOBUFS && error != EINTR && error != EAGAIN)
        conn_failed(conn);
    else if (conn->told)
        conn_stop(conn);
}

/* With zero copy there are two reports: so much was sent; and the kernel has done with the buffer.
 */
static void on_send(struct conn *conn, const struct io_uring_cqe *cqe)
{
    if (cqe->res > 0 && !(cqe->flags & IORING_CQE_F_NOTIF))
        conn->note += cqe->res * SENT;
    else if (cqe->res < 0 && cqe->res != -EINTR && cqe->res != -EAGAIN &&
             conn_want(conn) != CONN_CLOSE)
        conn_failed(conn);
    if (!(cqe->flags & IORING_CQE_F_MORE))
        conn->note &= ~SENDING;
}

static void on_client(const struct io_uring_cqe *cqe)
{
    uint64_t order = cqe->user_data & (HEARING | SENDING);
    struct conn *conn = (struct conn *)(uintptr_t)(cqe->user_data - order);

    if (order == SENDING)
        on_send(conn, cqe);
    else
        on_receive(conn, cqe);
    advance(conn);
}

static void follow_reports(void)
{
    const struct io_uring_cqe *cqe;

    while ((cqe = ring_report(&loop.ring))) {
        if (cqe->user_data == ACCEPT)
            on_accept(cqe);
        else if (cqe->user_data == KNOCK)
            on_knock();
        else
            on_client(cqe);
    }
}

/* ---- Workers ---- */

static void start(int index)
{
    conns_init(&loop.conns, server_rules());
    ring_init(&loop.ring, sqpoll ? workers_cpu(index + workers_count(&model)) : -1);
    workers_pin(index);
    loop.listener = listeners[index];
    listen_on();
    (void)pthread_barrier_wait(&all_ready);
}

/* What one wait has brought. */
static void take_turns(void)
{
    struct conn *conn;

    conns_tick(&loop.conns);
    follow_reports();
    if (conns_wait_ms(&loop.conns) == 0) { /* whose time is up may have been heard meanwhile */
        ring_look(&loop.ring);
        follow_reports();
    }
    while ((conn = conns_due(&loop.conns))) {
        if (loop.conns.stopping)
            tell(conn);
        advance(conn);
    }
}

static void work(int index)
{
    start(index);
    while (conns_live(&loop.conns)) {
        ring_wait(&loop.ring, conns_wait_ms(&loop.conns));
        take_turns();
    }
    ring_finish(&loop.ring);
    conns_finish(&loop.conns);
}

/* Non-blocking, they would not be waited for. */
static void listen_for_all(int count)
{
    listeners[0] = server_listener();
    for (int i = 1; i < count; i++)
        listeners[i] = server_listen_again();
    for (int i = 0; i < count; i++)
        (void)fcntl(listeners[i], F_SETFL, 0);
}

int main(int argc, char **argv)
{
    int count;

    server_start(&model, argc, argv);
    can_repeat = ring_probe();
    count = workers_count(&model);
    listen_for_all(count);
    (void)pthread_barrier_init(&all_ready, NULL, (unsigned)count + 1);
    workers_start_threads(count, work);
    (void)pthread_barrier_wait(&all_ready);
    server_ready();
    workers_wait_for_stop();
    workers_end_threads();
    return server_end();
}
