/* SPDX-License-Identifier: MIT */
/*
 * Stands between servers/io-uring.c and liburing, and makes the kernel do less than it was asked
 * for, at random: accepting ends after one client, or fails; receives that repeat themselves end
 * sooner; slots run out, for a new order or for all; receives and sends are short; orders are left
 * lying; waits are interrupted. Each is something that a kernel may do at any time, so the server
 * must keep the whole contract all the same.
 */
#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_SUCH_GROUP = 77, NO_SUCH_FLAG = 1 << 30, NO_SUCH_RECEIVE = 1 << 15 };
enum { REGISTER_PBUF_STATUS = 26 }; /* Linux 6.8; liburing 2.3 has no name for it */

int __real_io_uring_submit(struct io_uring *ring);
int __wrap_io_uring_submit(struct io_uring *ring);
int __real_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
                                            unsigned wait_for, struct __kernel_timespec *wait,
                                            sigset_t *mask);
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
                                            unsigned wait_for, struct __kernel_timespec *wait,
                                            sigset_t *mask);
int __real_io_uring_submit_and_wait(struct io_uring *ring, unsigned wait_for);
int __wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned wait_for);
int __real_io_uring_register_buf_ring(struct io_uring *ring, struct io_uring_buf_reg *where,
                                      unsigned flags);
int __wrap_io_uring_register_buf_ring(struct io_uring *ring, struct io_uring_buf_reg *where,
                                      unsigned flags);

static _Thread_local struct io_uring_buf_ring *slots;

/* IO_URING_FAULTS=N in the environment: other faults. */
static uint64_t seed(void)
{
    const char *text = getenv("IO_URING_FAULTS");

    return 88172645463325252U + (text ? strtoull(text, NULL, 10) : 0);
}

static unsigned dice(unsigned sides)
{
    static _Thread_local uint64_t state;

    if (state == 0)
        state = seed();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % sides;
}

static bool one_in(unsigned sides)
{
    return dice(sides) == 0;
}

/* Less than was asked for, one byte at least. */
static void shorten(struct io_uring_sqe *sqe)
{
    if (sqe->len > 1 && one_in(3))
        sqe->len = 1 + dice(one_in(2) ? 16 : sqe->len - 1) % (sqe->len - 1);
}

static void weaken(struct io_uring_sqe *sqe)
{
    switch (sqe->opcode) {
    case IORING_OP_ACCEPT:
        if (one_in(2))
            sqe->ioprio &= (uint16_t)~IORING_ACCEPT_MULTISHOT;
        if (one_in(8))
            sqe->accept_flags |= NO_SUCH_FLAG;
        break;
    case IORING_OP_RECV:
        shorten(sqe);
        if (sqe->file_index > 0 && one_in(2))
            sqe->file_index = 1 + dice(64);
        if (one_in(8))
            sqe->buf_group = NO_SUCH_GROUP;
        if (one_in(4))
            sqe->ioprio ^= IORING_RECVSEND_POLL_FIRST;
        break;
    case IORING_OP_SEND:
    case IORING_OP_SEND_ZC:
        shorten(sqe);
        break;
    default:
        break;
    }
}

/* IO_URING_OLD in the environment: before Linux 6.17 no receive can be told when to end. */
static void age(struct io_uring_sqe *sqe)
{
    if (sqe->opcode == IORING_OP_RECV && sqe->file_index > 0 && getenv("IO_URING_OLD"))
        sqe->ioprio |= NO_SUCH_RECEIVE;
}

static void weaken_all(struct io_uring *ring)
{
    for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++) {
        age(&ring->sq.sqes[i & ring->sq.ring_mask]);
        weaken(&ring->sq.sqes[i & ring->sq.ring_mask]);
    }
}

/* Takes away the slots that lie ready: what is received in this call finds none. */
static void hide_slots(const struct io_uring *ring)
{
    struct io_uring_buf_status {
        uint32_t group, head, reserved[8];
    } status = {0};

    if (syscall(SYS_io_uring_register, ring->ring_fd, REGISTER_PBUF_STATUS, &status, 1) == 0)
        __atomic_store_n(&slots->tail, (uint16_t)status.head, __ATOMIC_RELEASE);
}

int __wrap_io_uring_submit(struct io_uring *ring)
{
    if (one_in(16))
        return -EAGAIN;
    weaken_all(ring);
    return __real_io_uring_submit(ring);
}

int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
                                            unsigned wait_for, struct __kernel_timespec *wait,
                                            sigset_t *mask)
{
    uint16_t tail;
    int result;

    if (one_in(16))
        return -EAGAIN;
    weaken_all(ring);
    if (one_in(16)) {
        (void)__real_io_uring_submit(ring);
        return -EINTR;
    }
    tail = slots->tail;
    if (one_in(8))
        hide_slots(ring);
    result = __real_io_uring_submit_and_wait_timeout(ring, cqe, wait_for, wait, mask);
    __atomic_store_n(&slots->tail, tail, __ATOMIC_RELEASE);
    return result;
}

/* The server's question of what the kernel can do. */
int __wrap_io_uring_submit_and_wait(struct io_uring *ring, unsigned wait_for)
{
    for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++)
        age(&ring->sq.sqes[i & ring->sq.ring_mask]);
    return __real_io_uring_submit_and_wait(ring, wait_for);
}

int __wrap_io_uring_register_buf_ring(struct io_uring *ring, struct io_uring_buf_reg *where,
                                      unsigned flags)
{
    slots = (struct io_uring_buf_ring *)(uintptr_t)where->ring_addr;
    return __real_io_uring_register_buf_ring(ring, where, flags);
}
