/* SPDX-License-Identifier: MIT */
#include "lib/conn.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    SPARES_MOST = 64,       /* buffers kept for the next turn: a few are in use at a time */
    LINGER_BYTES = 8 << 20, /* dropped at most before a close: more than sockets hold */
    LINGER_MS = 2000,       /* and waited at most: an answer is across the world by then */
    SUSPENDED_MS = 100,     /* later than this is no scheduling delay any more */
    CLOCK_STEP_MS = 16,     /* the coarse clock's steps are no longer than this */
    ROUNDING_MS = 1         /* a wait that ends too soon would only be repeated */
};

static_assert((int)PROTOCOL_MAX_HEAD + 2 < (int)CONN_BUFFER,
              "a head and a blank line before it must fit the buffer, and be seen to be too long");
static_assert((int)PROTOCOL_ANSWER <= (int)CONN_BUFFER, "an answer must fit an empty buffer");

/* ---- The states ---- */

enum {
    IDLE = CONN_IDLE,
    HEAD = CONN_HEAD,
    BODY = CONN_BODY,
    ANSW = CONN_ANSWERING,
    LING = CONN_LINGERING,
    SHUT = CONN_CLOSED,
    NONE = CONN_STATES
};

/* clang-format off */
static const unsigned char NEXT[CONN_STATES][CONN_EVENTS] = {
    /*                   idle  head  body  answ  close ling  eof   fail  time  stop */
    [CONN_IDLE]      = { IDLE, HEAD, BODY, ANSW, NONE, NONE, SHUT, SHUT, SHUT, SHUT },
    [CONN_HEAD]      = { NONE, HEAD, BODY, ANSW, NONE, NONE, SHUT, SHUT, ANSW, HEAD },
    [CONN_BODY]      = { NONE, NONE, BODY, ANSW, NONE, NONE, SHUT, SHUT, SHUT, BODY },
    [CONN_ANSWERING] = { IDLE, HEAD, BODY, ANSW, SHUT, LING, ANSW, SHUT, SHUT, ANSW },
    [CONN_LINGERING] = { NONE, NONE, NONE, NONE, SHUT, NONE, SHUT, SHUT, SHUT, LING },
    [CONN_CLOSED]    = { NONE, NONE, NONE, NONE, NONE, NONE, SHUT, SHUT, NONE, SHUT },
};
/* clang-format on */

enum conn_state conn_next(enum conn_state state, enum conn_event event)
{
    return NEXT[state][event];
}

const char *conn_state_name(enum conn_state state)
{
    static const char *const NAMES[CONN_STATES] = {"idle",      "head",      "body",
                                                   "answering", "lingering", "closed"};

    return NAMES[state];
}

const char *conn_event_name(enum conn_event event)
{
    static const char *const NAMES[CONN_EVENTS] = {"idle",   "head", "body",    "answer",  "close",
                                                   "linger", "eof",  "failure", "timeout", "stop"};

    return NAMES[event];
}

enum timer conn_timer(enum conn_state state)
{
    assert(state < CONN_CLOSED);
    if (state == CONN_HEAD)
        return TIMER_HEADER;
    return state == CONN_LINGERING ? TIMER_DRAIN : TIMER_IDLE;
}

static void become(struct conn *conn, enum conn_event event)
{
    enum conn_state next = conn_next(conn->state, event);

    assert(next != CONN_STATES);
    if (next == conn->state)
        return;
    if (conn->conns->rules->trace)
        fprintf(stderr, "trace: %d/%d: %s -> %s on %s\n", (int)getpid(), conn->fd,
                conn_state_name(conn->state), conn_state_name(next), conn_event_name(event));
    conn->state = next;
    conn->progress = true;
    if (next == CONN_LINGERING && conn->fd >= 0)
        (void)shutdown(conn->fd, SHUT_WR); /* where it fails, the next recv will say why */
}

static void count(const struct conn *conn, enum conn_count what)
{
    atomic_fetch_add_explicit(&conn->conns->rules->counts[what], 1, memory_order_relaxed);
}

/* Every call of the pure half ends here. */
static void settle(struct conn *conn)
{
    if (conn->state == CONN_CLOSED) {
        deadlines_clear(&conn->deadline);
    } else if (conn->progress) {
        enum timer timer = conn_timer(conn->state);

        conn->progress = false;
        if (timer != conn->timer)
            deadlines_clear(&conn->deadline);
        conn->timer = timer;
        deadlines_renew(&conn->conns->deadlines, &conn->deadline, timer, conn->conns->now_ms);
    }
}

/* ---- Buffers ---- */

static struct conn_buffer *take_buffer(struct conns *conns)
{
    struct conn_buffer *buffer = conns->spare;

    if (buffer) {
        conns->spare = buffer->next;
        conns->spares--;
    } else {
        buffer = malloc(sizeof *buffer);
    }
    if (buffer)
        buffer->from = buffer->to = 0;
    return buffer;
}

static void give_buffer(struct conns *conns, struct conn_buffer **slot)
{
    struct conn_buffer *buffer = *slot;

    *slot = NULL;
    if (!buffer)
        return;
    if (conns->spares >= SPARES_MOST) {
        free(buffer);
        return;
    }
    buffer->next = conns->spare;
    conns->spare = buffer;
    conns->spares++;
}

RARE static void no_memory(struct conn *conn)
{
    count(conn, COUNT_REFUSED);
    become(conn, EVENT_FAILURE);
}

/* ---- The pure half ---- */

/* Bytes that were sent and that the client has not acknowledged; INT_MAX where nobody can tell. */
static int unacknowledged(const struct conn *conn)
{
    int bytes;

    return conn->fd >= 0 && ioctl(conn->fd, SIOCOUTQ, &bytes) == 0 ? bytes : INT_MAX;
}

/* A close with input unread would send an RST, which eats what the client has not got yet. */
static bool has_unread(const struct conn *conn)
{
    char byte;

    return conn->fd >= 0 && recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* All was said. While there is input that nobody read, or is likely to be, the connection lingers;
   where the server's stop made this the end, the kernel is asked. Most connections are closed at
   once, for an answer that went out right behind its request left the client no time to send more;
   one that took several sends left it time. */
static void end(struct conn *conn)
{
    give_buffer(conn->conns, &conn->in);
    if (!conn->eof &&
        (conn->linger || (conn->unsure && has_unread(conn) && unacknowledged(conn) > 0)))
        become(conn, EVENT_LINGER);
    else
        become(conn, EVENT_CLOSE);
}

/* Nothing is owed to the client: what happens next depends on what it sent. */
static void rest(struct conn *conn)
{
    enum phase phase = conn->session.phase;

    if (conn->last) {
        end(conn);
    } else if (conn->eof) {
        if (phase != PHASE_IDLE)
            count(conn, COUNT_FAILED);
        become(conn, conn->state == CONN_ANSWERING ? EVENT_CLOSE : EVENT_EOF);
    } else if (phase == PHASE_HEAD) {
        become(conn, EVENT_HEAD);
    } else if (phase == PHASE_BODY) {
        conn->progress = true;
        become(conn, EVENT_BODY);
    } else if (conn->session.closing && conn->state == CONN_ANSWERING && !has_unread(conn)) {
        become(conn, EVENT_CLOSE);
    } else {
        become(conn, EVENT_IDLE);
    }
}

/* One call of the protocol. Returns whether another may get further. */
static bool answer_one(struct conn *conn)
{
    struct conn_buffer *in = conn->in, *out = conn->out;
    struct room room = {out->bytes, out->to, CONN_BUFFER};
    struct span span = {"", 0};
    enum answer answer;
    size_t used = 0;

    if (in)
        span = (struct span){in->bytes + in->from, in->to - in->from};
    answer = conn->conns->rules->protocol->answer(&conn->session, span, &used, &room);
    out->to = (uint32_t)room.len;
    if (in && (in->from += (uint32_t)used) == in->to)
        give_buffer(conn->conns, &conn->in);
    if (answer == ANSWER_WAIT) {
        conn->linger |= conn->session.owing;
        return false;
    }
    conn->answered++;
    conn->progress = true;
    conn->last = answer == ANSWER_LAST;
    conn->linger |= conn->last && (conn->session.refused || conn->in);
    conn->unsure |= conn->session.closing;
    return !conn->last && conn->in;
}

/* Answers what there is to answer, as far as there is room: a batch of requests that came
   together is answered together. */
static void process(struct conn *conn)
{
    if (!conn->in && !conn->session.owing) {
        rest(conn);
        return;
    }
    if (!(conn->out = take_buffer(conn->conns))) {
        no_memory(conn);
        return;
    }
    conn->session.closing = conn->conns->stopping;
    while (answer_one(conn)) {
    }
    if (conn->out->to > 0) {
        become(conn, EVENT_ANSWER);
        return;
    }
    give_buffer(conn->conns, &conn->out);
    rest(conn);
}

struct room conn_room(struct conn *conn)
{
    struct conn_buffer *in = conn->in ? conn->in : take_buffer(conn->conns);

    conn->in = in;
    if (!in) {
        no_memory(conn);
        settle(conn);
        return (struct room){NULL, 0, 0};
    }
    if (in->from > 0) {
        memmove(in->bytes, in->bytes + in->from, in->to - in->from);
        in->to -= in->from;
        in->from = 0;
    }
    return (struct room){in->bytes + in->to, 0, CONN_BUFFER - in->to};
}

void conn_unused(struct conn *conn)
{
    if (conn->in && conn->in->from == conn->in->to)
        give_buffer(conn->conns, &conn->in);
}

void conn_received(struct conn *conn, size_t len)
{
    conn->in->to += (uint32_t)len;
    if (conn->state == CONN_LINGERING) {
        conn->in->to = conn->in->from;
        conn_unused(conn);
        conn->lingered += (uint32_t)len;
        if (conn->lingered > LINGER_BYTES)
            become(conn, EVENT_CLOSE);
    } else if (conn->state != CONN_ANSWERING) {
        /* What fills the room may not be all that has come: see end(). */
        conn->linger = conn->in->to == CONN_BUFFER;
        process(conn);
    } else {
        conn->linger |= conn->last; /* behind the last request there is more */
    }
    settle(conn);
}

struct span conn_pending(const struct conn *conn)
{
    const struct conn_buffer *out = conn->out;

    return out ? (struct span){out->bytes + out->from, out->to - out->from} : (struct span){"", 0};
}

void conn_sent(struct conn *conn, size_t len)
{
    struct conn_buffer *out = conn->out;

    conn->progress |= len > 0;
    if (conn->unacknowledged < INT_MAX - (int)CONN_BUFFER)
        conn->unacknowledged += (int)len;
    out->from += (uint32_t)len;
    if (out->from < out->to) {
        conn->linger = true;
    } else {
        give_buffer(conn->conns, &conn->out);
        if (conn->last)
            rest(conn);
        else
            process(conn);
    }
    settle(conn);
}

void conn_eof(struct conn *conn)
{
    conn->eof = true;
    conn_unused(conn);
    if (conn->state < CONN_ANSWERING)
        rest(conn);
    else
        become(conn, EVENT_EOF);
    settle(conn);
}

void conn_failed(struct conn *conn)
{
    if (conn->state != CONN_CLOSED && conn->state != CONN_LINGERING && !conn->cut_off)
        count(conn, COUNT_FAILED);
    become(conn, EVENT_FAILURE);
    settle(conn);
}

void conn_stop(struct conn *conn)
{
    conn->session.closing = true;
    if (conn->state != CONN_IDLE || !has_unread(conn))
        become(conn, EVENT_STOP);
    settle(conn);
}

/* The kernel holds much, and asks for more only when much of it was taken, or when it has found
   more room itself: whether a client is slow or gone shows in what it acknowledges between two
   looks. So one that is gone is cut off at the second timeout. */
static bool takes_output(struct conn *conn)
{
    int before = conn->unacknowledged;

    conn->unacknowledged = unacknowledged(conn);
    return conn->unacknowledged > 0 && conn->unacknowledged < before;
}

/* Once for each connection, and not for one that has its whole answer. */
static void count_cut_off(struct conn *conn)
{
    if (conn->state != CONN_LINGERING && !conn->cut_off)
        count(conn, COUNT_CUT_OFF);
    conn->cut_off = true;
}

/* The state's timer ran out. In a head the client is told; lingering may end so, and no harm.
   Returns whether anything has changed but the time that is left. */
RARE static bool time_out(struct conn *conn)
{
    if (conn->state == CONN_ANSWERING && takes_output(conn)) {
        conn->progress = true;
        settle(conn);
        return false;
    }
    count_cut_off(conn);
    if (conn->state == CONN_HEAD && (conn->out = take_buffer(conn->conns))) {
        struct room room = {conn->out->bytes, 0, CONN_BUFFER};

        conn->conns->rules->protocol->late(&conn->session, &room);
        conn->out->to = (uint32_t)room.len;
        conn->last = conn->linger = true;
        give_buffer(conn->conns, &conn->in);
        become(conn, EVENT_TIMEOUT);
    } else {
        become(conn, conn->state == CONN_HEAD ? EVENT_FAILURE : EVENT_TIMEOUT);
    }
    settle(conn);
    return true;
}

RARE static void cut_off(struct conn *conn)
{
    count_cut_off(conn);
    become(conn, EVENT_FAILURE);
    settle(conn);
}

/* ---- All connections of a loop ---- */

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* the vDSO's: no system call */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* By hand: strftime() would look for /etc/localtime each time. */
RARE static void renew_date(struct conns *conns)
{
    static const char DAYS[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char MONTHS[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct timespec now;
    struct tm t;

    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == conns->date_s)
        return;
    conns->date_s = now.tv_sec;
    gmtime_r(&now.tv_sec, &t);
    snprintf(conns->date, sizeof conns->date, "%s, %02d %s %04d %02d:%02d:%02d GMT",
             DAYS[t.tm_wday], t.tm_mday, MONTHS[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min,
             t.tm_sec);
}

void conns_init(struct conns *conns, const struct conn_rules *rules)
{
    int64_t timeout_ms[TIMERS];

    *conns = (struct conns){.rules = rules, .now_ms = clock_ms(), .planned_ms = -1, .date_s = -1};
    conns->waits_ms = conns->now_ms;
    conns->resumptions = atomic_load(rules->resumptions);
    memcpy(timeout_ms, rules->timeout_ms, sizeof timeout_ms);
    if (timeout_ms[TIMER_DRAIN] > LINGER_MS)
        timeout_ms[TIMER_DRAIN] = LINGER_MS;
    deadlines_init(&conns->deadlines, timeout_ms);
    renew_date(conns);
}

bool conns_stock(struct conns *conns)
{
    struct conn_buffer *in = take_buffer(conns), *out = take_buffer(conns);
    bool both = in && out;

    give_buffer(conns, &in);
    give_buffer(conns, &out);
    return both;
}

void conns_finish(struct conns *conns)
{
    assert(conns->count == 0);
    while (conns->spare) {
        struct conn_buffer *next = conns->spare->next;

        free(conns->spare);
        conns->spare = next;
    }
}

/* Nobody could be heard while we were stopped (SIGSTOP, a frozen cgroup): the wait does not count.
   SIGCONT tells of it, or the wait's length; but that may also come of too little CPU, so it is
   not believed twice in a row: time must pass. */
RARE static void forgive_suspension(struct conns *conns, int64_t now_ms)
{
    unsigned resumptions = atomic_load_explicit(conns->rules->resumptions, memory_order_relaxed);
    int64_t waited_ms = now_ms - conns->waits_ms;
    bool late = conns->planned_ms >= 0 && waited_ms > conns->planned_ms + SUSPENDED_MS;

    if (resumptions != conns->resumptions || (late && !conns->forgave))
        conns->suspended_ms += waited_ms;
    conns->forgave = late && !conns->forgave;
    conns->resumptions = resumptions;
    conns->planned_ms = -1;
    conns->waits_ms = now_ms;
}

void conns_tick(struct conns *conns)
{
    int64_t now_ms = clock_ms();

    if (now_ms != conns->ticked_ms) {
        conns->ticked_ms = now_ms;
        forgive_suspension(conns, now_ms);
        conns->now_ms = now_ms - conns->suspended_ms;
        renew_date(conns);
    }
    if (!conns->stopping && conns->rules->stopping()) {
        conns->stopping = true;
        conns->drain_by_ms = now_ms + conns->rules->timeout_ms[TIMER_DRAIN];
    }
}

static struct conn *conn_of(struct deadline *deadline)
{
    return (struct conn *)deadline; /* its first member */
}

void conns_plan(struct conns *conns, int64_t wait_ms)
{
    conns->planned_ms = wait_ms;
    conns->waits_ms = clock_ms();
}

int conns_wait_ms(struct conns *conns)
{
    const struct deadline *soonest = deadlines_soonest(&conns->deadlines);
    int64_t at_ms = soonest ? soonest->at_ms : NEVER_MS;
    int64_t drain_ms = conns->drain_by_ms - conns->suspended_ms;
    int64_t wait_ms = -1;

    if (conns->stopping && drain_ms < at_ms)
        at_ms = drain_ms;
    if (at_ms != NEVER_MS) {
        wait_ms = at_ms - conns->now_ms + ROUNDING_MS;
        wait_ms = wait_ms < 0 ? 0 : wait_ms > INT32_MAX ? INT32_MAX : wait_ms;
    }
    conns_plan(conns, wait_ms);
    return (int)wait_ms;
}

/* Once stopping, every connection is told; those that have been lie behind those that have not. */
RARE static struct conn *untold(struct conns *conns)
{
    for (enum timer timer = 0; timer < TIMERS; timer++) {
        struct deadline *oldest = deadlines_oldest(&conns->deadlines, timer);

        if (oldest && !conn_of(oldest)->told)
            return conn_of(oldest);
    }
    return NULL;
}

struct conn *conns_due(struct conns *conns)
{
    int64_t drain_ms = conns->drain_by_ms - conns->suspended_ms;
    struct deadline *soonest;
    struct conn *conn;

    if (conns->stopping && (conn = untold(conns))) {
        conn->told = conn->session.closing = conn->progress = true;
        deadlines_clear(&conn->deadline); /* so that it goes behind those that are not told */
        settle(conn);
        return conn;
    }
    while ((soonest = deadlines_soonest(&conns->deadlines))) {
        conn = conn_of(soonest);
        if (conns->stopping && drain_ms <= conns->now_ms) {
            cut_off(conn);
            return conn;
        }
        if (soonest->at_ms > conns->now_ms)
            break;
        if (time_out(conn))
            return conn;
    }
    return NULL;
}

bool conns_live(const struct conns *conns)
{
    return !conns->stopping || conns->count > 0;
}

struct conn *conns_open(struct conns *conns, int fd)
{
    struct conn *conn = malloc(sizeof *conn);

    if (!conn) {
        atomic_fetch_add(&conns->rules->counts[COUNT_REFUSED], 1);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    *conn = (struct conn){
        .conns = conns,
        .fd = fd,
        .progress = true,
        .armed_read_ms = conns->rules->timeout_ms[TIMER_IDLE],
        .armed_write_ms = conns->rules->timeout_ms[TIMER_IDLE],
        .unacknowledged = INT_MAX,
        .told = conns->stopping,
        .session = {.date = conns->date, .closing = conns->stopping},
    };
    conns->count++;
    deadline_none(&conn->deadline);
    conns->rules->protocol->begin(&conn->session);
    settle(conn);
    return conn;
}

/* Each has a clock of its own, from which its suspensions are taken. */
void conn_move(struct conn *conn, struct conns *to)
{
    struct conns *from = conn->conns;
    int64_t at_ms = conn->deadline.at_ms;

    if (at_ms != NEVER_MS)
        at_ms += from->suspended_ms - to->suspended_ms;
    deadlines_clear(&conn->deadline);
    if (conn->state != CONN_CLOSED)
        deadlines_insert(&to->deadlines, &conn->deadline, conn->timer, at_ms);
    from->count--;
    to->count++;
    conn->conns = to;
    conn->session.date = to->date;
}

void conn_close(struct conn *conn)
{
    struct conns *conns = conn->conns;

    if (conn->answered)
        atomic_fetch_add_explicit(&conns->rules->counts[COUNT_ANSWERED], conn->answered,
                                  memory_order_relaxed);
    if (conn->fd >= 0)
        close(conn->fd);
    deadlines_clear(&conn->deadline);
    give_buffer(conns, &conn->in);
    give_buffer(conns, &conn->out);
    conns->count--;
    free(conn);
}

void conn_refuse(struct conn *conn)
{
    count(conn, COUNT_REFUSED);
    conn_close(conn);
}

/* ---- The socket half ---- */

/* A blocking socket is told when to give up; only when that has changed, so that a keep-alive
   request costs no call: the listener's own timeout, inherited, is the idle one. */
static void arm(struct conn *conn, int option, int64_t *armed_ms)
{
    struct conns *conns = conn->conns;
    int64_t drain_ms = conns->drain_by_ms - conns->suspended_ms;
    int64_t at_ms = conn->deadline.at_ms, left_ms = NEVER_MS;
    struct timeval timeout;

    if (conns->stopping && drain_ms < at_ms)
        at_ms = drain_ms;
    if (at_ms != NEVER_MS)
        left_ms = at_ms > conns->now_ms ? at_ms - conns->now_ms : 1;
    conns->planned_ms = left_ms == NEVER_MS ? -1 : left_ms;
    if (left_ms <= *armed_ms && *armed_ms - left_ms < CLOCK_STEP_MS)
        return;
    *armed_ms = left_ms;
    left_ms = left_ms == NEVER_MS ? 0 : left_ms; /* 0: no timeout */
    timeout = (struct timeval){left_ms / 1000, left_ms % 1000 * 1000};
    (void)setsockopt(conn->fd, SOL_SOCKET, option, &timeout, sizeof timeout); /* cannot fail */
}

/* The call failed: who is to blame? */
static enum conn_turn no_luck(struct conn *conn, int error)
{
    if (error == EAGAIN || error == EWOULDBLOCK)
        return CONN_BLOCKED;
    if (error == EINTR)
        return CONN_MORE;
    conn_failed(conn);
    return CONN_DONE;
}

enum conn_turn conn_read(struct conn *conn)
{
    /* Told to stop, take what has come already, but wait for nothing new. */
    bool ending = conn->session.closing && conn->state == CONN_IDLE;
    struct room room = conn_room(conn);
    enum conn_turn turn;
    ssize_t n;
    int error;

    if (room.size == 0)
        return CONN_DONE;
    if (conn->conns->rules->blocking)
        arm(conn, SO_RCVTIMEO, &conn->armed_read_ms);
    n = recv(conn->fd, room.at, room.size, ending ? MSG_DONTWAIT : 0);
    error = n < 0 ? errno : 0;
    if (conn->conns->rules->blocking)
        conns_tick(conn->conns);
    if (n > 0) {
        conn_received(conn, (size_t)n);
        return (size_t)n < room.size ? CONN_DRAINED : CONN_MORE;
    }
    if (n == 0) {
        conn_eof(conn);
        return CONN_MORE;
    }
    turn = no_luck(conn, error);
    conn_unused(conn);
    if (turn == CONN_BLOCKED && ending)
        conn_stop(conn);
    return turn;
}

enum conn_turn conn_write(struct conn *conn)
{
    struct span span = conn_pending(conn);
    ssize_t n;
    int error;

    if (conn->conns->rules->blocking)
        arm(conn, SO_SNDTIMEO, &conn->armed_write_ms);
    n = send(conn->fd, span.at, span.len, MSG_NOSIGNAL);
    error = n < 0 ? errno : 0;
    if (n >= 0) /* before the tick: what a blocking send took, it mostly took before it waited */
        conn_sent(conn, (size_t)n);
    if (n < (ssize_t)span.len && conn->conns->rules->blocking)
        conns_tick(conn->conns);
    if (n < 0)
        return no_luck(conn, error);
    return (size_t)n < span.len ? CONN_BLOCKED : CONN_MORE;
}

enum conn_turn conn_turn(struct conn *conn)
{
    enum conn_turn reading = CONN_MORE, writing = CONN_MORE;

    if (conn_want(conn) == CONN_READ)
        reading = conn_read(conn);
    if (conn_want(conn) == CONN_WRITE)
        writing = conn_write(conn);
    if (conn_want(conn) == CONN_CLOSE)
        return CONN_DONE;
    if (writing == CONN_BLOCKED || conn_want(conn) == CONN_WRITE)
        return writing;
    return reading;
}

void conns_converse(struct conns *conns, int fd)
{
    struct conn *conn;

    conns_tick(conns);
    conn = conns_open(conns, fd);
    if (!conn)
        return;
    while (conn_turn(conn) != CONN_DONE) { /* which ticks when it has waited */
        if (conns_due(conns) && conn_want(conn) == CONN_CLOSE)
            break;
    }
    conn_close(conn);
}
