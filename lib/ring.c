/* SPDX-License-Identifier: MIT */
#include "lib/ring.h"
#include "lib/conn.h"
#include "lib/die.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SQPOLL_IDLE_MS = 5, /* the kernel's thread looks so long before it sleeps: it costs a CPU */
    STRIDE = CONN_BUFFER + 64, /* 64: else all slots would begin in the same cache sets */
};

static_assert((RING_SLOTS & (RING_SLOTS - 1)) == 0, "the kernel wants a power of two");

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

/* The order is looked at before its socket, which is none. */
static bool takes_bounds(struct io_uring *uring)
{
    struct io_uring_cqe *cqe;

    ring_prepare_receives(io_uring_get_sqe(uring), -1, CONN_BUFFER);
    return io_uring_submit_and_wait(uring, 1) >= 0 && io_uring_peek_cqe(uring, &cqe) == 0 &&
           cqe->res == -EBADF;
}

bool ring_probe(void)
{
    struct io_uring uring;
    bool bounds;

    set_up(&uring, 1, -1);
    bounds = takes_bounds(&uring);
    io_uring_queue_exit(&uring);
    return bounds;
}

/* ---- Orders and reports ---- */

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

void ring_prepare_receive(struct io_uring_sqe *sqe, int fd, size_t most)
{
    io_uring_prep_recv(sqe, fd, NULL, most, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
}

/* What it may bring in all (optlen, for which this liburing has no name) the kernel looks at
   between two pieces: the last may bring a whole piece where one byte was left. */
void ring_prepare_receives(struct io_uring_sqe *sqe, int fd, size_t most)
{
    io_uring_prep_recv_multishot(sqe, fd, NULL, RING_PIECE, 0);
    sqe->file_index = (unsigned)most - RING_PIECE + 1;
    sqe->flags |= IOSQE_BUFFER_SELECT;
}

static void skip_report(struct io_uring_sqe *sqe)
{
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS; /* a failure to be skipped by ring_report() */
}

void ring_cancel(struct ring *ring, uint64_t name)
{
    struct io_uring_sqe *sqe = ring_order(ring, RING_FORGET);

    io_uring_prep_cancel64(sqe, name, 0);
    skip_report(sqe);
}

void ring_close(struct ring *ring, int fd)
{
    struct io_uring_sqe *sqe = ring_order(ring, RING_FORGET);

    io_uring_prep_close(sqe, fd);
    skip_report(sqe);
}

/* EBUSY, EAGAIN: the kernel is short of room or memory. EINTR: a signal, which the loop looks for.
   ETIME: the wait is over. */
static void check(int result)
{
    errno = -result;
    if (result < 0 && errno != EINTR && errno != ETIME && errno != EAGAIN && errno != EBUSY)
        die("cannot enter io_uring");
}

void ring_look(struct ring *ring)
{
    check(io_uring_get_events(&ring->uring));
}

void ring_wait(struct ring *ring, int wait_ms)
{
    struct __kernel_timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000LL};
    struct io_uring_cqe *cqe;

    check(
        io_uring_submit_and_wait_timeout(&ring->uring, &cqe, 1, wait_ms < 0 ? NULL : &wait, NULL));
}

/* ---- Slots ---- */

static char *slot_at(const struct ring *ring, unsigned slot)
{
    return ring->memory + (size_t)slot * STRIDE;
}

static void lay_out(struct ring *ring, unsigned slot)
{
    io_uring_buf_ring_add(ring->slots, slot_at(ring, slot), CONN_BUFFER, (unsigned short)slot,
                          io_uring_buf_ring_mask(RING_SLOTS), 0);
    io_uring_buf_ring_advance(ring->slots, 1);
}

const char *ring_received(const struct ring *ring, const struct io_uring_cqe *cqe)
{
    return slot_at(ring, cqe->flags >> IORING_CQE_BUFFER_SHIFT);
}

/* The last one's slot is laid out again, whether anything came in it or not. */
static void clear_last(struct ring *ring)
{
    struct io_uring_cqe *last = ring->report;

    if (last && last->flags & IORING_CQE_F_BUFFER)
        lay_out(ring, last->flags >> IORING_CQE_BUFFER_SHIFT);
    if (last)
        io_uring_cqe_seen(&ring->uring, last);
    ring->report = NULL;
}

const struct io_uring_cqe *ring_report(struct ring *ring)
{
    do {
        clear_last(ring);
        if (io_uring_cq_ready(&ring->uring) == 0 || io_uring_peek_cqe(&ring->uring, &ring->report))
            return NULL;
    } while (ring->report->user_data == RING_FORGET);
    return ring->report;
}

/* All memory is touched now: it is the server's from the start, no growth of later. */
static void lay_out_all(struct ring *ring)
{
    struct io_uring_buf_reg where = {.ring_entries = RING_SLOTS};
    size_t size = (size_t)RING_SLOTS * STRIDE;

    ring->memory = malloc(size);
    ring->slots = aligned_alloc((size_t)sysconf(_SC_PAGESIZE), (size_t)sysconf(_SC_PAGESIZE));
    if (!ring->memory || !ring->slots)
        die("cannot get memory for the ring's slots");
    memset(ring->memory, 0, size);
    io_uring_buf_ring_init(ring->slots);
    for (unsigned slot = 0; slot < RING_SLOTS; slot++)
        lay_out(ring, slot);
    where.ring_addr = (uintptr_t)ring->slots;
    errno = -io_uring_register_buf_ring(&ring->uring, &where, 0);
    if (errno)
        die("cannot give the slots to io_uring");
}

static_assert(RING_SLOTS * sizeof(struct io_uring_buf) <= 4096, "the slots' list is a page");

void ring_init(struct ring *ring, int sqpoll_cpu)
{
    *ring = (struct ring){0};
    set_up(&ring->uring, RING_ORDERS, sqpoll_cpu);
    (void)io_uring_register_ring_fd(&ring->uring); /* saves each call a look-up, where it can be */
    lay_out_all(ring);
}

void ring_finish(struct ring *ring)
{
    (void)io_uring_submit(&ring->uring);
    io_uring_queue_exit(&ring->uring);
    free(ring->slots);
    free(ring->memory);
}
