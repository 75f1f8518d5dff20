/* SPDX-License-Identifier: MIT */
#ifndef LIB_CONN_H
#define LIB_CONN_H

#include "lib/deadlines.h"
#include "lib/protocol.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* One conversation with one client, whoever waits for it. All that a model has to know: give a
   connection a turn when its socket may be ready, then wait for what conn_want() says.

   A conversation is in one of six states; docs/design.md holds the table of what leads where. Its
   buffers exist only while there is something in them: an idle connection costs its struct (where
   it is waited for in recv, as on a blocking socket, also the buffer that recv would write to). */

enum conn_state {
    CONN_IDLE,      /* nothing of a request has come */
    CONN_HEAD,      /* part of a head has come */
    CONN_BODY,      /* part of a body has come */
    CONN_ANSWERING, /* the client is owed output */
    CONN_LINGERING, /* all was said; what still comes is dropped, so that no RST eats the answer */
    CONN_CLOSED,    /* to be closed by conn_close() */
    CONN_STATES
};

enum conn_event {
    EVENT_IDLE,    /* no output is owed, and of a request there is nothing, */
    EVENT_HEAD,    /* part of its head, */
    EVENT_BODY,    /* part of its body */
    EVENT_ANSWER,  /* output is owed */
    EVENT_CLOSE,   /* the last output was taken, and nothing can be lost by closing */
    EVENT_LINGER,  /* the last output was taken, but input may be on its way */
    EVENT_EOF,     /* the client sends no more */
    EVENT_FAILURE, /* the connection is broken, or there is no memory for it */
    EVENT_TIMEOUT, /* the state's timer ran out */
    EVENT_STOP,    /* the server stops */
    CONN_EVENTS
};

/* What follows from the event, or CONN_STATES where the event cannot happen in the state. */
enum conn_state conn_next(enum conn_state state, enum conn_event event);

/* As in docs/design.md and --trace. */
const char *conn_state_name(enum conn_state state);
const char *conn_event_name(enum conn_event event);

/* Which timer runs in a state. CONN_CLOSED has none. */
enum timer conn_timer(enum conn_state state);

enum conn_count {
    COUNT_ACCEPTED, /* connections, those refused at once among them */
    COUNT_ANSWERED, /* requests, refusals among them */
    COUNT_REFUSED,  /* connections closed unheard: no descriptor, memory, thread or process */
    COUNT_CUT_OFF,  /* connections ended by a timeout */
    COUNT_FAILED,   /* connections ended by the client in mid-request, or by the network */
    CONN_COUNTS
};

/* The same for all connections of a server, which owns it. */
struct conn_rules {
    const struct protocol *protocol;
    int64_t timeout_ms[TIMERS];
    bool blocking; /* the sockets block: timeouts are left to SO_RCVTIMEO and SO_SNDTIMEO */
    bool trace;    /* print each change of state */
    bool (*stopping)(void);
    const atomic_uint *resumptions; /* how often the process was stopped and continued */
    _Atomic uint64_t *counts;       /* CONN_COUNTS of them, shared by all threads and processes */
};

enum { CONN_BUFFER = 16384 }; /* bytes, of input and of output each: the bound of a connection */

struct conn_buffer {
    struct conn_buffer *next; /* when spare */
    uint32_t from, to;        /* bytes[from..to) are in use */
    char bytes[CONN_BUFFER];
};

/* The connections of one loop or thread: its clock, their timers, its spare buffers. */
struct conns {
    const struct conn_rules *rules;
    struct deadlines deadlines;
    int64_t now_ms; /* monotonic, less the time in which this process was suspended */
    int64_t suspended_ms;
    int64_t ticked_ms;    /* what the clock showed at the last tick */
    int64_t planned_ms;   /* how long the caller means to wait, -1: without an end */
    int64_t waits_ms;     /* and since when */
    unsigned resumptions; /* that have been noticed */
    bool forgave;         /* the last wait was too long and did not count */
    int64_t drain_by_ms;  /* when to give up, once stopping; by the clock, suspended or not */
    time_t date_s;        /* the second that date shows */
    char date[64];        /* for the protocol */
    size_t count;         /* connections open */
    size_t spares;
    struct conn_buffer *spare;
    bool stopping;
};

struct conn {
    struct deadline deadline; /* the first member: the list of deadlines is the list of all */
    struct conns *conns;
    int fd;
    int note;              /* the model's own, 0 and NULL at first, as are */
    struct conn *next;     /* a list of its own */
    void *owner;           /* and whatever has this connection */
    enum conn_state state; /* read only for models */
    enum timer timer;      /* that runs */
    bool progress;         /* the state's timer must start anew */
    bool told;             /* that the server stops */
    bool cut_off;          /* and counted as such */
    bool last, eof;        /* output is the last; input has ended */
    bool linger;           /* more input has come, or is likely to, than was read */
    bool unsure;           /* or may have */
    uint32_t lingered;     /* bytes dropped */
    int unacknowledged;    /* bytes at the last look and sent since; INT_MAX: there was no look */
    int64_t armed_read_ms; /* the socket's own timeouts; blocking sockets only */
    int64_t armed_write_ms;
    uint64_t answered;       /* requests, not in the counts yet */
    struct conn_buffer *in;  /* NULL: nothing received that was not used */
    struct conn_buffer *out; /* NULL: no output owed */
    struct session session;
};

/* rules must outlive conns. */
void conns_init(struct conns *conns, const struct conn_rules *rules);

/* Lays in the buffers of one turn, so that a turn needs no memory while they are not both in use
   between turns: for a thread that serves others' connections. Returns false where there is none.
 */
bool conns_stock(struct conns *conns);

/* Frees what conns owns; there must be no connection left. */
void conns_finish(struct conns *conns);

/* Reads the clock: once per wake-up, before the turns. */
void conns_tick(struct conns *conns);

/* How long the loop may wait: milliseconds, -1 for as long as it likes (as poll and epoll have it).
   A wait that ends much later is taken for a suspension of the process, and does not count against
   any client. */
int conns_wait_ms(struct conns *conns);

/* For a caller that waits by its own measure: so long, -1 without an end. */
void conns_plan(struct conns *conns, int64_t wait_ms);

/* Returns a connection that needs a turn though its socket may not be ready (its time is up, or
   the server stops), or NULL. Call it until NULL after each wake-up's turns. */
struct conn *conns_due(struct conns *conns);

/* Whether the loop must go on: until told to stop, and from then until no connection is left. */
bool conns_live(const struct conns *conns);

/* Takes over the socket. NULL: no memory; the socket was closed and the client counted refused. */
struct conn *conns_open(struct conns *conns, int fd);

/* Hands a connection over to another loop or thread, with the time that its timer has left. The
   caller has both to himself, and both have ticked since they last waited. */
void conn_move(struct conn *conn, struct conns *to);

/* Closes the socket (unless fd is -1) and frees the connection. */
void conn_close(struct conn *conn);

/* Closes it as one that cannot be served: no memory or descriptor for whatever the model needs. */
void conn_refuse(struct conn *conn);

enum conn_want { CONN_READ, CONN_WRITE, CONN_CLOSE };

/* What the connection waits for. CONN_CLOSE: nothing, call conn_close(). */
static inline enum conn_want conn_want(const struct conn *conn)
{
    if (conn->state == CONN_CLOSED)
        return CONN_CLOSE;
    return conn->state == CONN_ANSWERING ? CONN_WRITE : CONN_READ;
}

/* How a turn ended. */
enum conn_turn {
    CONN_MORE,    /* another turn may get further at once */
    CONN_DRAINED, /* the socket gave less than it was asked for: empty, unless input has ended */
    CONN_BLOCKED, /* the kernel said EAGAIN, or took less than it was given */
    CONN_DONE     /* over: call conn_close() */
};

/* The socket half. A turn makes at most one recv and then at most one send: no connection can
   hold up others for longer, whatever its client does. */
enum conn_turn conn_turn(struct conn *conn);

/* The two halves of a turn, for models that come between them: one recv when conn_want() is
   CONN_READ; one send when it is CONN_WRITE. */
enum conn_turn conn_read(struct conn *conn);
enum conn_turn conn_write(struct conn *conn);

/* A whole conversation on a blocking socket. */
void conns_converse(struct conns *conns, int fd);

/* The pure half, for those who read and write by other means. Its calls move no bytes (but before
   an end it may look whether there is input, and shut the socket down for writing). */

/* Where to put what comes, until the next call. An empty room: no memory; it has failed. */
struct room conn_room(struct conn *conn);
void conn_received(struct conn *conn, size_t len);
/* What to send: not empty when conn_want() is CONN_WRITE; stays in place until conn_sent(). */
struct span conn_pending(const struct conn *conn);
void conn_sent(struct conn *conn, size_t len);
void conn_eof(struct conn *conn);
void conn_failed(struct conn *conn);
/* Gives back a room that nothing was put into. */
void conn_unused(struct conn *conn);
/* The server stops: an idle connection of which nothing is there to be read is over. */
void conn_stop(struct conn *conn);

#endif
