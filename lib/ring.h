/* SPDX-License-Identifier: MIT */
#ifndef LIB_RING_H
#define LIB_RING_H

#include "lib/protocol.h"

#include <liburing.h>
#include <stddef.h>

/* One thread's io_uring, and the memory that it lays out for the kernel to receive into. An
   executable that uses it is linked with liburing. */

enum {
    RING_ORDERS = 512,      /* in one call; what is more goes out in a call of its own */
    RING_REPORTS = 8192,    /* room for a turn's: the pieces, the answers, a full backlog */
    RING_PIECES = 1024,     /* laid out for the kernel; a power of two */
    RING_PIECE_BYTES = 2048 /* more than most requests; what is longer takes several */
};

/* What a client has said; in one of the ring's slots still, or taken out of it. */
struct piece {
    struct piece *next; /* of a client's, in a circle */
    int slot;           /* -1: taken out */
    unsigned from, to;  /* bytes[from..to) are not used yet */
    char bytes[RING_PIECE_BYTES];
};

struct ring {
    struct io_uring uring;
    struct io_uring_buf_ring *slots;   /* buffer group 0 */
    struct piece *pieces[RING_PIECES]; /* what belongs into each slot */
    int held;                          /* of these, not laid out now */
};

/* Exits with one line where the kernel has no io_uring, or too old a one, or forbids it. */
void ring_probe(void);

/* For the calling thread, and for it alone. sqpoll_cpu: where a thread of the kernel's looks for
   orders, -1: without one. Exits as ring_probe() does, and where there is no memory. */
void ring_init(struct ring *ring, int sqpoll_cpu);

/* Gives the orders that are left, and frees all but the pieces that clients hold. */
void ring_finish(struct ring *ring);

/* An order to be prepared: io_uring_prep_...(), then flags. Its report will have this name. */
struct io_uring_sqe *ring_order(struct ring *ring, uint64_t name);

/* Gives all orders, and waits for a report: so many milliseconds at most, -1 without an end. */
void ring_wait(struct ring *ring, int wait_ms);

/* What came with a report that says IORING_CQE_F_BUFFER goes behind the client's other pieces
   (*last: the last one; NULL: none), or back into its slot where nothing came. */
void ring_keep(struct ring *ring, const struct io_uring_cqe *cqe, struct piece **last);

/* Moves what has come into the room, and the pieces that are empty back. Returns how many bytes. */
size_t ring_pour(struct ring *ring, struct piece **last, struct room room);

/* The client may hold its pieces for long, and no more come. Where much is held, the slots get
   other memory, so that the rest are still heard; where there is none, they do with fewer slots. */
void ring_hold(struct ring *ring, struct piece *last);

/* Gives the client's pieces back, unread. */
void ring_drop(struct ring *ring, struct piece **last);

#endif
