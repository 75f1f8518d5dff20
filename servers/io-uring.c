/* SPDX-License-Identifier: MIT */
/*
 * Io_uring: N threads, a ring each. Nobody asks who is ready: the kernel is told what to do, does
 * it when it can be done, and reports what has been done.
 *
 * Who waits where: each worker, pinned to its CPU, waits in io_uring_enter, which also takes all
 * orders that have gathered since: one call for a whole turn. One order accepts all clients of the
 * worker's own listener (SO_REUSEPORT), one for each client receives all that it says, into buffers
 * that the worker has laid out for whoever needs one. Only an answer is an order of its own.
 *
 * The traps: an order that repeats itself may end at any time (its report then lacks
 * IORING_CQE_F_MORE): it is given again. Buffers run out (ENOBUFS): those that a slow client keeps
 * are replaced, and it is no longer listened to. Reports are made only by the thread inside the
 * call (deferred task run), so they cannot starve what runs, and the call always waits. Reports
 * beyond the ring's room are kept by the kernel, at its price: there is room for more than a
 * turn's. What a closed client still has in flight is cancelled, and its memory lives until that is
 * reported. Accepting for want of a descriptor fails at once, and again: it waits for somebody to
 * come, and lib's reserve takes over. Listener and clients block, or io_uring would not wait.
 * Direct descriptors, which only the ring knows, save nothing that can be measured here, and would
 * hide the socket from shutdown(), SIOCOUTQ and MSG_PEEK (see docs/models.md).
 *
 * Longer than the others: what is in flight outlives the turn that ordered it, so who has what is
 * written down, and there is no lib/conn.h for turns of this kind.
 *
 * One more client costs: an armed receive in the kernel (a request and a poll entry); no buffer.
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
#include <sched.h>
#include <stdalign.h>
#include <sys/socket.h>

enum { QUIET_MS = 10 /* nobody stays longer among those whose send was not reported */ };

/* What is going on with a client: its conn->note. conn->owner is the last of its pieces, conn->next
   leads along the agenda. The client may go when none of the first three is set. */
enum {
    HEARING = 1, /* an order to receive is out */
    SENDING = 2, /* an order to send is out */
    QUEUED = 4,  /* on the agenda */
    HUSHED = 8,  /* the order to receive is cancelled, but may not be over yet */
    ENDED = 16,  /* nothing comes any more */
    QUIET = 32,  /* what is being sent will be reported only if it fails */
    FIRMLY = 64, /* the last try to send failed: the next one waits, and its failure is final */
    SENT = 128   /* times the bytes that went out, until the kernel gives back their buffer */
};

/* What an order was: in the low bits of its report's name, behind the conn's address. */
enum order { FORGET, ACCEPT, KNOCK, RECEIVE, SEND, ORDER_MASK = 7 };

static_assert(alignof(struct conn) > ORDER_MASK, "the low bits of its address must be free");

static _Thread_local struct {
    struct conns conns;
    struct ring ring;
    int listener;
    struct conn *agenda; /* who must be looked at */
    bool taken;          /* the kernel took all orders; without memory it leaves some for later */
} loop;

static int listeners[WORKERS_MOST];
static pthread_barrier_t all_ready; /* the workers have their rings */

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

static void enqueue(struct conn *conn)
{
    if (conn->note & QUEUED)
        return;
    conn->note |= QUEUED;
    conn->next = loop.agenda;
    loop.agenda = conn;
}

static struct io_uring_sqe *order(enum order what, struct conn *conn)
{
    return ring_order(&loop.ring, (uintptr_t)conn | what);
}

static void listen_on(void)
{
    io_uring_prep_multishot_accept(order(ACCEPT, NULL), loop.listener, NULL, NULL, SOCK_CLOEXEC);
}

/* The first request alone: a client that is answered for good leaves nothing to cancel. */
static void hear(struct conn *conn)
{
    struct io_uring_sqe *sqe = order(RECEIVE, conn);

    if (conn->answered == 0)
        io_uring_prep_recv(sqe, conn->fd, NULL, 0, 0);
    else
        io_uring_prep_recv_multishot(sqe, conn->fd, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    conn->note |= HEARING;
}

static void cancel(enum order what, struct conn *conn)
{
    struct io_uring_sqe *sqe = order(FORGET, NULL);

    io_uring_prep_cancel64(sqe, (uintptr_t)conn | what, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

/* Whether the client has all to itself once this answer is out: there is nothing to do then. */
static bool rests_after(const struct conn *conn)
{
    return (conn->note & (HEARING | ENDED)) == HEARING && !conn->owner && !conn->in &&
           !conn->last && !conn->eof && !conn->session.owing && !conn->session.closing &&
           conn->session.phase == PHASE_IDLE;
}

/* A report would end the wait for the next request before there is one. So where nothing follows
   from it, only a failure is reported, or what is short of the whole (MSG_WAITALL makes that a
   failure, MSG_DONTWAIT makes it come before the call has ended). */
static void send_pending(struct conn *conn)
{
    struct span span = conn_pending(conn);
    struct io_uring_sqe *sqe = order(SEND, conn);
    bool firmly = conn->note & FIRMLY;

    conn->note |= SENDING;
    if (sending == SEND_ZC && !firmly) {
        io_uring_prep_send_zc(sqe, conn->fd, span.at, span.len, MSG_NOSIGNAL, 0);
    } else if (sqpoll || firmly || !rests_after(conn)) {
        io_uring_prep_send(sqe, conn->fd, span.at, span.len, MSG_NOSIGNAL);
    } else {
        io_uring_prep_send(sqe, conn->fd, span.at, span.len,
                           MSG_NOSIGNAL | MSG_WAITALL | MSG_DONTWAIT);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        conn->note |= QUIET;
        enqueue(conn);
    }
}

/* While an answer is going out, what comes is only laid by. */
static void take_in(struct conn *conn)
{
    struct piece *last = conn->owner;

    while (last && conn_want(conn) != CONN_CLOSE) {
        struct room room = conn_room(conn);

        if (room.size == 0)
            return;
        conn_received(conn, ring_pour(&loop.ring, &last, room));
        conn->owner = last;
    }
    if (conn->note & ENDED && !conn->eof && conn_want(conn) != CONN_CLOSE)
        conn_eof(conn);
}

/* There is more than the conversation can take: no more is received until that is used. */
static void hold_back(struct conn *conn)
{
    if ((conn->note & (HEARING | HUSHED)) == HEARING) {
        conn->note |= HUSHED;
        cancel(RECEIVE, conn);
    }
    if (!(conn->note & HEARING))
        ring_hold(&loop.ring, conn->owner);
}

/* ---- Clients ---- */

/* What is cut off in the midst of a send from our memory is reset: else the kernel would keep the
   buffer for as long as it tries to deliver it. */
static void leave(struct conn *conn)
{
    const struct linger reset = {1, 0};
    struct piece *pieces = conn->owner;

    if (conn->fd >= 0) {
        struct io_uring_sqe *sqe;

        if (conn->note & HEARING)
            cancel(RECEIVE, conn);
        if (conn->note & SENDING)
            cancel(SEND, conn);
        if (conn->note & SENDING && sending == SEND_ZC)
            (void)setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        sqe = order(FORGET, NULL);
        io_uring_prep_close(sqe, conn->fd);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
        conn->fd = -1;
    }
    if (conn->note & (HEARING | SENDING | QUEUED))
        return;
    ring_drop(&loop.ring, &pieces);
    conn_close(conn);
}

/* Some of the answer has gone out. What has come meanwhile must be known before that is told: with
   nothing left to answer a conversation may end. */
static void settle_sent(struct conn *conn, size_t len)
{
    take_in(conn);
    if (conn_want(conn) == CONN_WRITE)
        conn_sent(conn, len);
}

/* Does what the connection waits for. */
static void advance(struct conn *conn)
{
    take_in(conn);
    if (conn_want(conn) == CONN_CLOSE) {
        leave(conn);
        return;
    }
    if (conn->owner)
        hold_back(conn);
    else if (!(conn->note & (HEARING | ENDED)) && (conn_want(conn) == CONN_READ || !conn->last))
        hear(conn);
    if (conn_want(conn) == CONN_WRITE && !(conn->note & SENDING))
        send_pending(conn);
}

/* Whom advance() puts on the agenda has a send in the next call, and is looked at after that. */
static void follow_agenda(void)
{
    struct conn *conn = loop.agenda, *next;

    for (loop.agenda = NULL; conn; conn = next) {
        next = conn->next;
        conn->note &= ~QUEUED;
        if (conn->note & QUIET && !loop.taken) {
            enqueue(conn);
            continue;
        }
        if (conn->note & QUIET) { /* and no report of it */
            conn->note &= ~(QUIET | SENDING);
            settle_sent(conn, conn_pending(conn).len);
        }
        advance(conn);
    }
}

/* ---- Reports ---- */

static void welcome(int fd)
{
    struct conn *conn = conns_open(&loop.conns, fd);

    if (!conn)
        return;
    if (loop.conns.stopping)
        conn_stop(conn);
    enqueue(conn);
}

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
        io_uring_prep_poll_add(order(KNOCK, NULL), loop.listener, POLLIN);
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

static void on_receive(struct conn *conn, const struct io_uring_cqe *cqe)
{
    struct piece *last = conn->owner;

    if (cqe->flags & IORING_CQE_F_BUFFER) {
        ring_keep(&loop.ring, cqe, &last);
        conn->owner = last;
    }
    if (!(cqe->flags & IORING_CQE_F_MORE))
        conn->note &= ~(HEARING | HUSHED);
    if (cqe->res == 0)
        conn->note |= ENDED;
    else if (cqe->res < 0 && cqe->res != -ENOBUFS && cqe->res != -ECANCELED && cqe->res != -EINTR)
        conn_failed(conn);
    enqueue(conn);
}

/* A first try that failed is repeated by one that waits. */
static void on_send(struct conn *conn, const struct io_uring_cqe *cqe)
{
    bool firmly = conn->note & FIRMLY;
    size_t len;

    if (!(cqe->flags & IORING_CQE_F_NOTIF)) {
        if (cqe->res >= 0)
            conn->note += cqe->res * SENT;
        else if (firmly)
            conn_failed(conn);
        conn->note &= ~FIRMLY;
        if (cqe->res < 0 || conn->note & QUIET)
            conn->note |= FIRMLY;
    }
    if (cqe->flags & IORING_CQE_F_MORE) /* the kernel has the buffer still */
        return;
    len = (size_t)(conn->note / SENT);
    conn->note &= (SENT - 1) & ~(SENDING | QUIET);
    settle_sent(conn, len);
    enqueue(conn);
}

static void follow_reports(void)
{
    struct io_uring_cqe *cqe;
    unsigned head, count = 0;

    io_uring_for_each_cqe(&loop.ring.uring, head, cqe)
    {
        uintptr_t name = (uintptr_t)cqe->user_data;
        struct conn *conn = (struct conn *)(name & ~(uintptr_t)ORDER_MASK);

        switch ((enum order)(name & ORDER_MASK)) {
        case ACCEPT:
            on_accept(cqe);
            break;
        case KNOCK:
            on_knock();
            break;
        case RECEIVE:
            on_receive(conn, cqe);
            break;
        case SEND:
            on_send(conn, cqe);
            break;
        case FORGET: /* what was to be cancelled had ended */
        case ORDER_MASK:
            break;
        }
        count++;
    }
    io_uring_cq_advance(&loop.ring.uring, count);
}

/* ---- Workers ---- */

static void start(int index)
{
    cpu_set_t cpu;

    CPU_ZERO(&cpu);
    CPU_SET((size_t)workers_cpu(index), &cpu);
    conns_init(&loop.conns, server_rules());
    ring_init(&loop.ring, sqpoll ? workers_cpu(index + workers_count(&model)) : -1);
    (void)sched_setaffinity(0, sizeof cpu, &cpu); /* better so, but not worth an end */
    loop.listener = listeners[index];
    listen_on();
    (void)pthread_barrier_wait(&all_ready);
}

static void wait_for_reports(void)
{
    int wait_ms = conns_wait_ms(&loop.conns);

    if (loop.agenda && (wait_ms < 0 || wait_ms > QUIET_MS)) {
        wait_ms = QUIET_MS;
        conns_plan(&loop.conns, wait_ms);
    }
    ring_wait(&loop.ring, wait_ms);
    loop.taken = io_uring_sq_ready(&loop.ring.uring) == 0;
    conns_tick(&loop.conns);
}

static void work(int index)
{
    struct conn *conn;

    start(index);
    while (conns_live(&loop.conns)) {
        wait_for_reports();
        follow_reports();
        follow_agenda();
        while ((conn = conns_due(&loop.conns))) {
            if (loop.conns.stopping)
                conn_stop(conn);
            advance(conn);
        }
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
    ring_probe();
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
