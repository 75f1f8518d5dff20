/* SPDX-License-Identifier: MIT */
/*
 * Stands between servers/io-uring.c and liburing, and makes the kernel do less than it was asked
 * for, at random: orders that repeat themselves end after one report, buffers run out, sends are
 * short or fail, clients cannot be accepted, orders are left lying, waits are interrupted. Each is
 * something that a kernel may do at any time, so the server must keep the whole contract all the
 * same.
 */
#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { NO_SUCH_GROUP = 77, NO_SUCH_FLAG = 1 << 30 };

int __real_io_uring_submit(struct io_uring *ring);
int __wrap_io_uring_submit(struct io_uring *ring);
int __real_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
                                            unsigned wait_for, struct __kernel_timespec *wait,
                                            sigset_t *mask);
int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
                                            unsigned wait_for, struct __kernel_timespec *wait,
                                            sigset_t *mask);

static unsigned dice(unsigned sides)
{
    static _Thread_local uint64_t state = 88172645463325252U;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % sides;
}

static bool one_in(unsigned sides)
{
    return dice(sides) == 0;
}

/* A send whose success goes unreported is a first try: whatever fails then is tried again. Of all
   others only the length is changed. */
static void weaken_send(struct io_uring_sqe *sqe)
{
    bool first_try = sqe->flags & IOSQE_CQE_SKIP_SUCCESS;

    if (first_try && one_in(8)) {
        sqe->fd = -1;
    } else if (sqe->len > 1 && one_in(3)) {
        sqe->len = 1 + dice(sqe->len - 1);
        sqe->flags &= (uint8_t)~IOSQE_CQE_SKIP_SUCCESS;
    }
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
        if (one_in(3))
            sqe->ioprio &= (uint16_t)~IORING_RECV_MULTISHOT;
        if (one_in(8))
            sqe->buf_group = NO_SUCH_GROUP;
        break;
    case IORING_OP_SEND:
    case IORING_OP_SEND_ZC:
        weaken_send(sqe);
        break;
    default:
        break;
    }
}

static void weaken_all(struct io_uring *ring)
{
    for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++)
        weaken(&ring->sq.sqes[i & ring->sq.ring_mask]);
}

int __wrap_io_uring_submit(struct io_uring *ring)
{
    weaken_all(ring);
    return __real_io_uring_submit(ring);
}

int __wrap_io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
                                            unsigned wait_for, struct __kernel_timespec *wait,
                                            sigset_t *mask)
{
    if (one_in(16))
        return -EAGAIN;
    weaken_all(ring);
    if (one_in(16)) {
        (void)__real_io_uring_submit(ring);
        return -EINTR;
    }
    return __real_io_uring_submit_and_wait_timeout(ring, cqe, wait_for, wait, mask);
}
