/* SPDX-License-Identifier: MIT */
#include "bench/lab/edge.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MOST = 256, EVENTS = 64 };

static struct speaker {
    char bytes[EDGE_TURN_BYTES];
    size_t from, to; /* owed */
    bool listed;
} speakers[CONNECTIONS_MOST]; /* by descriptor */

static int list[CONNECTIONS_MOST]; /* whose turns did not suffice */
static size_t listed;

enum turn { TURN_MORE, TURN_BLOCKED, TURN_GONE };

static enum turn failed(void)
{
    return errno == EAGAIN ? TURN_BLOCKED : TURN_GONE;
}

static enum turn take_turn(int fd)
{
    struct speaker *speaker = &speakers[fd];
    if (speaker->from == speaker->to) {
        ssize_t got = recv(fd, speaker->bytes, sizeof speaker->bytes, 0);
        if (got <= 0)
            return got == 0 ? TURN_GONE : failed();
        speaker->from = 0;
        speaker->to = (size_t)got;
    }
    ssize_t sent =
        send(fd, speaker->bytes + speaker->from, speaker->to - speaker->from, MSG_NOSIGNAL);
    if (sent < 0)
        return failed();
    speaker->from += (size_t)sent;
    return TURN_MORE;
}

static void serve(const struct edge_manner *manner, int fd)
{
    enum turn turn = TURN_MORE;
    for (int i = 0; i < manner->turns && turn == TURN_MORE; i++)
        turn = take_turn(fd);
    if (turn == TURN_GONE) {
        speakers[fd].from = speakers[fd].to = 0;
        close(fd);
    }
    if (turn == TURN_MORE && manner->comes_back && !speakers[fd].listed) {
        speakers[fd].listed = true;
        list[listed++] = fd;
    }
}

static void serve_list(const struct edge_manner *manner)
{
    static int now[CONNECTIONS_MOST];
    size_t count = listed;
    memcpy(now, list, count * sizeof *now);
    listed = 0;
    for (size_t i = 0; i < count; i++) {
        speakers[now[i]].listed = false;
        serve(manner, now[i]);
    }
}

static void welcome(int epoll, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
    if (fd >= CONNECTIONS_MOST)
        close(fd);
    else if (fd >= 0)
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void edge_serve(void *memory)
{
    const struct edge *edge = memory;
    struct epoll_event events[EVENTS];
    struct epoll_event event = {.events = EPOLLIN, .data.fd = edge->listener};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll, EPOLL_CTL_ADD, edge->listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, listed ? 0 : -1);
        if (count < 0)
            return;
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == edge->listener)
                welcome(epoll, edge->listener);
            else if (!speakers[events[i].data.fd].listed)
                serve(&edge->manner, events[i].data.fd);
        }
        serve_list(&edge->manner);
    }
}
