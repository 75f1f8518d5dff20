/* SPDX-License-Identifier: MIT */
/*
 * Stands between servers/io-uring.c and liburing, and makes the kernel do less than it was asked
 * for, at random: accepting ends after one client, or fails; slots run out; receives and sends are
 * short; orders are left lying; waits are interrupted. Each is
 * something that a kernel may do at any time, so the server must keep the whole contract all the
 * same.
 */
#include <errno.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
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

static void weaken_all(struct io_uring *ring)
{
    for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++)
        weaken(&ring->sq.sqes[i & ring->sq.ring_mask]);
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
    if (one_in(16))
        return -EAGAIN;
    weaken_all(ring);
    if (one_in(16)) {
        (void)__real_io_uring_submit(ring);
        return -EINTR;
    }
    return __real_io_uring_submit_and_wait_timeout(ring, cqe, wait_for, wait, mask);
}
