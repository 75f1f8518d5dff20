/* SPDX-License-Identifier: MIT */
/*
 * The least that a server of a model can do: whoever is ready is taken to have sent one whole
 * request, and gets a constant. No parser, no state, no timeouts, no partial writes, one thread:
 * what a model's server costs beyond this is its own doing, and this is no example to follow.
 *
 * Usage: floor-hello poll|epoll-lt|epoll-et|io-uring PORT. Built by bench/peers/build.sh.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 16384, BACKLOG = 4096, EVENTS = 512, REQUEST = 16384 };
enum { ORDERS = 512, REPORTS = 8192, SLOTS = 256, SLOT = 4096, ACCEPT = CLIENTS };

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nServer: c10kit\r\nContent-Type: text/plain\r\n"
                             "Content-Length: 13\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n"
                             "Hello, world!";
enum { LENGTH = sizeof ANSWER - 1 };

static void need(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int listen_at(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    need(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, BACKLOG) == 0,
         "cannot listen");
    return fd;
}

/* False: the client has gone. */
static bool serve(int fd)
{
    static char request[REQUEST];
    if (recv(fd, request, sizeof request, 0) <= 0)
        return false;
    return send(fd, ANSWER, LENGTH, MSG_NOSIGNAL) == LENGTH;
}

static void run_poll(int listener)
{
    static struct pollfd fds[CLIENTS];
    nfds_t count = 1;
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (;;) {
        int ready = poll(fds, count, -1);
        for (nfds_t i = count - 1; i > 0 && ready > 0; i--) {
            if (!fds[i].revents)
                continue;
            ready--;
            if (!serve(fds[i].fd)) {
                close(fds[i].fd);
                fds[i] = fds[--count];
            }
        }
        if (fds[0].revents && count < CLIENTS)
            fds[count++] = (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
    }
}

static void run_epoll(int listener, uint32_t events)
{
    struct epoll_event ready[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
    int epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, ready, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd == listener) {
                event =
                    (struct epoll_event){.events = events, .data.fd = accept(listener, NULL, NULL)};
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            } else if (!serve(ready[i].data.fd)) {
                close(ready[i].data.fd);
            }
        }
    }
}

/* ---- io_uring: accept and receive once for all, sockets that only the ring knows ---- */

static struct io_uring ring;
static struct io_uring_buf_ring *slots;
static char memory[SLOTS][SLOT];

static struct io_uring_sqe *order(uint64_t name)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
    if (!sqe) {
        io_uring_submit(&ring);
        sqe = io_uring_get_sqe(&ring);
    }
    sqe->user_data = name; /* what is prepared after this leaves it alone */
    return sqe;
}

static void receive(unsigned client)
{
    struct io_uring_sqe *sqe = order(client);
    io_uring_prep_recv_multishot(sqe, (int)client, NULL, 0, 0);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    sqe->user_data = client;
}

static void accept_all(int listener)
{
    struct io_uring_sqe *sqe = order(ACCEPT);
    io_uring_prep_multishot_accept_direct(sqe, listener, NULL, NULL, 0);
    sqe->user_data = ACCEPT;
}

static void answer(unsigned client)
{
    struct io_uring_sqe *sqe = order(client);
    io_uring_prep_send(sqe, (int)client, ANSWER, LENGTH, MSG_NOSIGNAL);
    sqe->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = client;
}

static void hang_up(unsigned client)
{
    struct io_uring_sqe *sqe = order(client);
    io_uring_prep_close_direct(sqe, client);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    sqe->user_data = client;
}

static void give_back(unsigned slot)
{
    io_uring_buf_ring_add(slots, memory[slot], SLOT, (unsigned short)slot,
                          io_uring_buf_ring_mask(SLOTS), 0);
    io_uring_buf_ring_advance(slots, 1);
}

static void heard(const struct io_uring_cqe *cqe)
{
    unsigned client = (unsigned)cqe->user_data;
    if (cqe->flags & IORING_CQE_F_BUFFER)
        give_back(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
    if (cqe->res > 0)
        answer(client);
    else if (cqe->res != -ENOBUFS)
        hang_up(client);
    if (!(cqe->flags & IORING_CQE_F_MORE) && (cqe->res > 0 || cqe->res == -ENOBUFS))
        receive(client);
}

static void set_up(void)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_CQSIZE |
                                              IORING_SETUP_DEFER_TASKRUN,
                                     .cq_entries = REPORTS};
    struct io_uring_buf_reg where = {.ring_entries = SLOTS};
    errno = -io_uring_queue_init_params(ORDERS, &ring, &params);
    need(errno == 0, "no io_uring");
    errno = -io_uring_register_files_sparse(&ring, CLIENTS);
    need(errno == 0, "no table of files");
    need(posix_memalign((void **)&slots, 4096, SLOTS * sizeof(struct io_uring_buf)) == 0,
         "no memory");
    io_uring_buf_ring_init(slots);
    where.ring_addr = (uintptr_t)slots;
    errno = -io_uring_register_buf_ring(&ring, &where, 0);
    need(errno == 0, "no ring of buffers");
    for (unsigned slot = 0; slot < SLOTS; slot++)
        give_back(slot);
}

static void run_uring(int listener)
{
    set_up();
    accept_all(listener);
    for (;;) {
        struct io_uring_cqe *cqe;
        unsigned head, count = 0;
        io_uring_submit_and_wait(&ring, 1);
        io_uring_for_each_cqe(&ring, head, cqe)
        {
            count++;
            if (cqe->user_data != ACCEPT)
                heard(cqe);
            else if (cqe->res >= 0)
                receive((unsigned)cqe->res);
        }
        io_uring_cq_advance(&ring, count);
    }
}

int main(int argc, char **argv)
{
    const char *model = argc == 3 ? argv[1] : "";
    int listener = argc == 3 ? listen_at(argv[2]) : -1;
    if (strcmp(model, "poll") == 0)
        run_poll(listener);
    else if (strcmp(model, "epoll-lt") == 0)
        run_epoll(listener, EPOLLIN);
    else if (strcmp(model, "epoll-et") == 0)
        run_epoll(listener, EPOLLIN | EPOLLET);
    else if (strcmp(model, "io-uring") == 0)
        run_uring(listener);
    fputs("usage: floor-hello poll|epoll-lt|epoll-et|io-uring PORT\n", stderr);
    return 64;
}
