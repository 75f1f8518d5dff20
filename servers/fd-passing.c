/* SPDX-License-Identifier: MIT */
/*
 * Descriptor passing: one process accepts, N processes serve, a UNIX socket to each of them.
 *
 * Who waits where: the parent waits in ppoll for clients (and signals), and sends each one's
 * descriptor to a worker, one worker after the other. A worker waits in epoll_wait, for its own
 * clients and for its end of the UNIX socket. What is sent is the open socket, not a number.
 *
 * The traps: until the parent has closed its own descriptor, which may be late, a worker's close
 * neither ends the connection nor takes the socket out of the worker's epoll, which must therefore
 * be told. Where a worker's socket is full the next worker gets the client, and where all are the
 * parent waits: the kernel's accept queue is the better place. A worker that has no descriptor
 * left gets the message, and not the client. The parent keeps both ends of each socket, so whoever
 * is on his way to a worker that crashes is met by its successor.
 *
 * One more client costs: three more calls and a wake-up, once; then what it costs in epoll-lt.
 * What breaks it: short connections, since one process accepts and all of them pass through it.
 * What it gives: the parent chooses, and could read who the client is, or what it wants, before.
 *
 * Compare with: epoll-exclusive and epoll-reuseport, in which the kernel chooses.
 */
#include "lib/die.h"
#include "lib/loop.h"
#include "lib/server.h"
#include "lib/workers.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PARENTS_END, WORKERS_END };

static struct {
    int count;
    int next; /* whose turn it is to get a client */
    int held; /* a client for whom there was no room; -1: nobody */
    int ends[WORKERS_MOST][2];
} channels = {.held = -1};

static long workers;

static const struct knob knobs[] = {
    WORKERS_KNOB("Processes that serve", workers),
    {0},
};

static const struct model model = {
    .name = "fd-passing",
    .title = "one process accepts and hands the sockets to N others, an epoll each",
    .family = "readiness",
    .workers = &workers,
    .knobs = knobs,
};

/* ---- Messages: a byte, since one at least there must be, and a descriptor ---- */

union rights {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int))];
};

/* Returns false where there is no room, in the socket or among what may be on its way. */
static bool send_descriptor(int channel, int fd)
{
    union rights rights = {.header = {.cmsg_len = CMSG_LEN(sizeof fd),
                                      .cmsg_level = SOL_SOCKET,
                                      .cmsg_type = SCM_RIGHTS}};
    struct iovec byte = {"", 1};
    struct msghdr message = {
        .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};

    memcpy(CMSG_DATA(&rights.header), &fd, sizeof fd);
    return sendmsg(channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == 1;
}

/* Returns false where there is no message. *fd is -1 where there was no descriptor left for the one
   that came: the kernel has closed it. */
static bool receive_descriptor(int channel, int *fd)
{
    union rights rights;
    char byte;
    struct iovec bytes = {&byte, 1};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &rights,
                             .msg_controllen = sizeof rights};
    const struct cmsghdr *header;

    if (recvmsg(channel, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return false;
    *fd = -1;
    header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    return true;
}

/* ---- The parent ---- */

/* To the next worker that has room. */
static bool hand_over(int fd)
{
    for (int tried = 0; tried < channels.count; tried++) {
        int channel = channels.ends[channels.next][PARENTS_END];

        channels.next = (channels.next + 1) % channels.count;
        if (send_descriptor(channel, fd)) {
            close(fd); /* ours: the worker has its own */
            return true;
        }
    }
    return false;
}

/* Returns true where a client must wait for room. */
static bool pass_on(void)
{
    for (int i = 0; i < SERVER_ACCEPTS; i++) {
        int fd = channels.held >= 0 ? channels.held : server_accept();

        channels.held = -1;
        if (fd < 0)
            return false;
        if (!hand_over(fd)) {
            channels.held = fd;
            return true;
        }
    }
    return false;
}

static void open_channels(int count)
{
    channels.count = count;
    for (int i = 0; i < count; i++)
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels.ends[i]))
            die("cannot make a socket for worker %d of %d", i + 1, count);
}

static void refuse_undelivered(void)
{
    int fd;

    if (channels.held >= 0)
        server_refuse(channels.held);
    for (int i = 0; i < channels.count; i++)
        while (receive_descriptor(channels.ends[i][WORKERS_END], &fd))
            if (fd >= 0)
                server_refuse(fd);
}

/* ---- The workers ---- */

static void welcome(struct loop *loop)
{
    int fd;

    for (int i = 0; i < SERVER_ACCEPTS && receive_descriptor(loop->source, &fd); i++) {
        if (fd >= 0)
            loop_take(loop, fd);
        else
            server_count(COUNT_REFUSED);
    }
}

static void work(int index)
{
    struct loop loop;

    loop_init(&loop, server_rules(), channels.ends[index][WORKERS_END], EPOLLIN, welcome);
    loop.shared = true;
    loop_run(&loop);
    loop_finish(&loop);
}

int main(int argc, char **argv)
{
    server_start(&model, argc, argv);
    open_channels(workers_count(&model));
    workers_run_processes_beside(channels.count, work, server_listener(), pass_on);
    refuse_undelivered();
    return server_end();
}
