/* SPDX-License-Identifier: MIT */
#ifndef LIB_RING_H
#define LIB_RING_H

#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thread's io_uring, and the slots that it lays out for the kernel to receive into. An
   executable that uses it is linked with liburing. */

enum {
    RING_ORDERS = 512,   /* in one call; what is more goes out in a call of its own */
    RING_REPORTS = 8192, /* room for one turn's: two for each order, and a full backlog */
    RING_SLOTS = 128,    /* of CONN_BUFFER bytes; who finds none free is told so, and asks again */
    RING_PIECE = 8192,   /* bytes: the most that a receive that repeats itself brings at a time */
};

struct ring {
    struct io_uring uring;
    struct io_uring_buf_ring *slots; /* buffer group 0 */
    char *memory;
    struct io_uring_cqe *report; /* the last that was asked for */
};

enum { RING_FORGET = 0 }; /* the name of orders without reports */

/* Exits with one line where the kernel has no io_uring, or too old a one, or forbids it. Returns
   whether it has what ring_prepare_receives() takes: Linux 6.17. */
bool ring_probe(void);

/* For the calling thread, and for it alone. sqpoll_cpu: where a thread of the kernel's looks for
   orders, -1: without one. Exits as ring_probe() does, and where there is no memory. */
void ring_init(struct ring *ring, int sqpoll_cpu);

/* Gives the orders that are left, and frees all. */
void ring_finish(struct ring *ring);

/* An order to be prepared: io_uring_prep_...(), then flags. Its reports will have this name. */
struct io_uring_sqe *ring_order(struct ring *ring, uint64_t name);

/* Prepares an order to receive into one slot, most bytes at most. */
void ring_prepare_receive(struct io_uring_sqe *sqe, int fd, size_t most);

/* To receive again and again, a slot each time, until it has brought most bytes, or so many that
   another piece could be too much. most: RING_PIECE at least. */
void ring_prepare_receives(struct io_uring_sqe *sqe, int fd, size_t most);

/* An order to cancel the one of that name, which is then reported as cancelled, or as done. */
void ring_cancel(struct ring *ring, uint64_t name);

/* An order to close a socket. Neither this nor ring_cancel() is reported. */
void ring_close(struct ring *ring, int fd);

/* Lets the kernel finish what it can finish now, so that it is reported. */
void ring_look(struct ring *ring);

/* Gives all orders, and waits for a report: so many milliseconds at most, -1 without an end. What
   the kernel cannot take now it takes later. */
void ring_wait(struct ring *ring, int wait_ms);

/* The next report, or NULL. It and what was received last until the next call. */
const struct io_uring_cqe *ring_report(struct ring *ring);

/* What was received, where cqe->res says that something was. */
const char *ring_received(const struct ring *ring, const struct io_uring_cqe *cqe);

#endif
