/* SPDX-License-Identifier: MIT */
#include "bench/load/connection.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/target.h"

bool connection_open(struct connection *connection, const struct target *target, int epoll,
                     uint64_t now_ns)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = connection};
    connection->began_ns = now_ns;
    connection->fd = target_connect(target);
    if (connection->fd < 0)
        return false;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event)) {
        int error = errno;
        connection_close(connection);
        errno = error;
        return false;
    }
    connection->state = CONNECTION_CONNECTING;
    return true;
}

void connection_close(struct connection *connection)
{
    if (connection->fd >= 0)
        close(connection->fd); /* which takes it out of the kernel's list */
    connection->fd = -1;
    connection->state = CONNECTION_NONE;
    connection->under_way = connection->oldest = 0;
    connection->unsent = connection->offset = 0;
    answer_reset(&connection->answer);
}

void connection_ask(struct connection *connection, const struct target *target, unsigned count,
                    struct flight flight)
{
    unsigned depth = target->requests;
    assert(connection->under_way + count <= depth);
    for (unsigned i = 0; i < count; i++) {
        unsigned at = connection->oldest + connection->under_way++;
        connection->flights[at < depth ? at : at - depth] = flight;
    }
    connection->unsent += count * target->request_len;
}

enum connection_sent connection_flush(struct connection *connection, const struct target *target)
{
    while (connection->unsent > 0) {
        ssize_t sent = send(connection->fd, target->request + connection->offset,
                            connection->unsent, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            return errno == EAGAIN ? CONNECTION_FULL : CONNECTION_BROKEN;
        }
        connection->unsent -= (size_t)sent;
        connection->offset = (connection->offset + (size_t)sent) % target->request_len;
    }
    return CONNECTION_SENT;
}

struct flight connection_landed(struct connection *connection, unsigned depth)
{
    struct flight flight = connection->flights[connection->oldest];
    assert(connection->under_way > 0);
    connection->under_way--;
    if (++connection->oldest == depth)
        connection->oldest = 0;
    return flight;
}
