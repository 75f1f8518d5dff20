/* SPDX-License-Identifier: MIT */
#include "lib/ring.h"
#include "lib/die.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SPARE_SLOTS = 64,    /* there for the others, however much is held */
    SQPOLL_IDLE_MS = 100 /* the kernel's thread looks for orders so long before it sleeps */
};

static_assert((RING_PIECES & (RING_PIECES - 1)) == 0, "the kernel wants a power of two");

/* ---- Orders and reports ---- */

/* Deferred task run: reports are made only by this thread, inside its own call. A kernel that has
   it (6.1) has all else that is used here. */
static void set_up(struct io_uring *uring, unsigned orders, int sqpoll_cpu)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE,
        .cq_entries = orders * (RING_REPORTS / RING_ORDERS),
        .sq_thread_idle = SQPOLL_IDLE_MS,
    };

    if (sqpoll_cpu >= 0) {
        params.flags |= IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF;
        params.sq_thread_cpu = (unsigned)sqpoll_cpu;
    } else {
        params.flags |= IORING_SETUP_DEFER_TASKRUN;
    }
    errno = -io_uring_queue_init_params(orders, uring, &params);
    if (errno)
        die("cannot set up io_uring (it takes Linux 6.1, and kernel.io_uring_disabled at 0)");
}

void ring_probe(void)
{
    struct io_uring uring;

    set_up(&uring, 1, -1);
    io_uring_queue_exit(&uring);
}

/* Where all are taken the kernel gets them first. Its own thread takes a moment for it. */
struct io_uring_sqe *ring_order(struct ring *ring, uint64_t name)
{
    struct io_uring_sqe *sqe;

    while (!(sqe = io_uring_get_sqe(&ring->uring))) {
        (void)io_uring_submit(&ring->uring);
        (void)io_uring_sqring_wait(&ring->uring);
    }
    io_uring_sqe_set_data64(sqe, name); /* which the preparation leaves alone */
    return sqe;
}

/* EBUSY, EAGAIN: the kernel is short of room or memory, and takes the orders later. */
void ring_wait(struct ring *ring, int wait_ms)
{
    struct __kernel_timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000LL};
    struct io_uring_cqe *cqe;
    int result =
        io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, wait_ms < 0 ? NULL : &wait, NULL);

    errno = -result;
    if (result < 0 && errno != EINTR && errno != ETIME && errno != EAGAIN && errno != EBUSY)
        die("cannot wait in io_uring_enter");
}

/* ---- Pieces ---- */

static void lay_out(struct ring *ring, struct piece *piece, int slot)
{
    piece->slot = slot;
    ring->pieces[slot] = piece;
    ring->held--;
    io_uring_buf_ring_add(ring->slots, piece->bytes, RING_PIECE_BYTES, (unsigned short)slot,
                          io_uring_buf_ring_mask(RING_PIECES), 0);
    io_uring_buf_ring_advance(ring->slots, 1);
}

void ring_keep(struct ring *ring, const struct io_uring_cqe *cqe, struct piece **last)
{
    struct piece *piece = ring->pieces[cqe->flags >> IORING_CQE_BUFFER_SHIFT];

    ring->held++;
    if (cqe->res <= 0) {
        lay_out(ring, piece, piece->slot);
        return;
    }
    piece->from = 0;
    piece->to = (unsigned)cqe->res;
    piece->next = *last ? (*last)->next : piece;
    if (*last)
        (*last)->next = piece;
    *last = piece;
}

static void drop_first(struct ring *ring, struct piece **last)
{
    struct piece *first = (*last)->next;

    if (first == *last)
        *last = NULL;
    else
        (*last)->next = first->next;
    if (first->slot >= 0)
        lay_out(ring, first, first->slot);
    else
        free(first);
}

size_t ring_pour(struct ring *ring, struct piece **last, struct room room)
{
    while (*last && room.len < room.size) {
        struct piece *first = (*last)->next;
        size_t len = first->to - first->from;

        if (len > room.size - room.len)
            len = room.size - room.len;
        memcpy(room.at + room.len, first->bytes + first->from, len);
        room.len += len;
        first->from += (unsigned)len;
        if (first->from == first->to)
            drop_first(ring, last);
    }
    return room.len;
}

void ring_hold(struct ring *ring, struct piece *last)
{
    struct piece *piece = last;

    do {
        struct piece *other = NULL;

        if (piece->slot >= 0 && ring->held > RING_PIECES - SPARE_SLOTS)
            other = malloc(sizeof *other);
        if (other) {
            lay_out(ring, other, piece->slot);
            piece->slot = -1;
        }
        piece = piece->next;
    } while (piece != last);
}

void ring_drop(struct ring *ring, struct piece **last)
{
    while (*last)
        drop_first(ring, last);
}

/* All memory is touched now: it is the server's from the start, no growth of later. */
static void lay_out_all(struct ring *ring)
{
    struct io_uring_buf_reg where = {.ring_entries = RING_PIECES};
    size_t size = RING_PIECES * sizeof(struct io_uring_buf);

    ring->held = RING_PIECES;
    ring->slots = aligned_alloc((size_t)sysconf(_SC_PAGESIZE), size);
    if (!ring->slots)
        die("cannot get memory for the ring's buffers");
    io_uring_buf_ring_init(ring->slots);
    for (int slot = 0; slot < RING_PIECES; slot++) {
        struct piece *piece = malloc(sizeof *piece);

        if (!piece)
            die("cannot get memory for the ring's buffers");
        memset(piece, 0, sizeof *piece);
        lay_out(ring, piece, slot);
    }
    where.ring_addr = (uintptr_t)ring->slots;
    errno = -io_uring_register_buf_ring(&ring->uring, &where, 0);
    if (errno)
        die("cannot give the buffers to io_uring");
}

void ring_init(struct ring *ring, int sqpoll_cpu)
{
    set_up(&ring->uring, RING_ORDERS, sqpoll_cpu);
    (void)io_uring_register_ring_fd(&ring->uring); /* saves each call a look-up, where it can be */
    lay_out_all(ring);
}

void ring_finish(struct ring *ring)
{
    (void)io_uring_submit(&ring->uring);
    io_uring_queue_exit(&ring->uring);
    for (int slot = 0; slot < RING_PIECES; slot++)
        free(ring->pieces[slot]);
    free(ring->slots);
}
