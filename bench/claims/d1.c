/* SPDX-License-Identifier: MIT */
/* Processes that wait for the same socket, each with an epoll of its own: how many are woken for
 * each event, and how many of those then hear EAGAIN? And one process alone, whose socket was
 * readable for a datagram that was no good. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/knock.h"
#include "bench/lab/subject.h"

enum {
    WAITERS = 8,
    BURST = 4,
    BURSTS = 150,
    QUICK_BURSTS = 50,
    REST_US = 500,
    LIMIT_MS = 2000,
    CORRUPT_MS = 100
};

static const struct arm {
    const char *name;
    size_t waiters;
    uint32_t flags;
    bool accepts; /* else it reads from a connection that all have */
} arms[] = {
    {"accept-alone", 1, EPOLLIN, true},
    {"accept-all", WAITERS, EPOLLIN, true},
    {"accept-exclusive", WAITERS, EPOLLIN | EPOLLEXCLUSIVE, true},
    {"recv-alone", 1, EPOLLIN, false},
    {"recv-all", WAITERS, EPOLLIN, false},
};
enum { ARMS = sizeof arms / sizeof *arms };

/* What the waiters share. */
struct herd {
    const struct arm *arm;
    int socket, end; /* the event that all wait for; an eventfd */
    atomic_int ready;
    atomic_long returns, taken, empty, switches;
};

/* Takes one event; the client learns of it by an end of file, or by the byte that comes back. */
static bool take(const struct herd *herd)
{
    char byte;
    if (!herd->arm->accepts)
        return recv(herd->socket, &byte, 1, MSG_DONTWAIT) == 1 &&
               send(herd->socket, &byte, 1, MSG_NOSIGNAL) == 1;
    int fd = accept4(herd->socket, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static long own_switches(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return use.ru_nvcsw;
}

static void wait_in_herd(void *memory)
{
    struct herd *herd = memory;
    struct epoll_event event = {.events = herd->arm->flags, .data.fd = herd->socket};
    struct epoll_event end = {.events = EPOLLIN, .data.fd = herd->end};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, herd->socket, &event) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, herd->end, &end) < 0)
        return;
    long before = own_switches();
    herd->ready++;
    while (epoll_wait(epoll, &event, 1, -1) == 1 && event.data.fd != herd->end) {
        herd->returns++;
        if (take(herd))
            herd->taken++;
        else
            herd->empty += errno == EAGAIN;
    }
    herd->switches += own_switches() - before - 1; /* the end is none of the events */
}

static void await_taken(struct experiment *experiment, int fd)
{
    char byte;
    if (recv(fd, &byte, 1, 0) < 0)
        experiment_fail(experiment, "nobody took an event: %s", strerror(errno));
}

/* BURST clients one behind the other, or one byte, when all waiters wait again; until all is taken.
 */
static void cause(struct experiment *experiment, const struct herd *herd, int peer, uint16_t port)
{
    int newcomers[BURST];
    usleep(REST_US);
    if (!herd->arm->accepts) {
        client_send(peer, "x", 1);
        await_taken(experiment, peer);
        return;
    }
    for (size_t i = 0; i < BURST; i++)
        newcomers[i] = client_connect(experiment, port);
    for (size_t i = 0; i < BURST; i++) {
        await_taken(experiment, newcomers[i]);
        client_close(newcomers[i]);
    }
}

/* Starts the waiters, lets so many events happen and ends the waiters. */
static void drive(struct experiment *experiment, struct herd *herd, int peer, uint16_t port)
{
    const int bursts = experiment->quick ? QUICK_BURSTS : BURSTS,
              events = bursts * (herd->arm->accepts ? BURST : 1);
    const uint64_t one = 1;
    pid_t waiters[WAITERS];
    for (size_t i = 0; i < herd->arm->waiters; i++)
        waiters[i] = subject_start(experiment, wait_in_herd, herd);
    for (int ms = 0; herd->ready < (int)herd->arm->waiters && ms < LIMIT_MS; ms++)
        usleep(1000);
    for (int i = 0; i < bursts; i++)
        cause(experiment, herd, peer, port);
    if (write(herd->end, &one, sizeof one) < 0)
        experiment_fail(experiment, "the waiters cannot be told: %s", strerror(errno));
    for (size_t i = 0; i < herd->arm->waiters; i++)
        subject_wait(waiters[i], LIMIT_MS, NULL);
    const char *name = herd->arm->name;
    experiment_value(experiment, name, "wakeups_per_event", (double)herd->switches / events);
    experiment_value(experiment, name, "returns_per_event", (double)herd->returns / events);
    experiment_share(experiment, name, "eagain", herd->empty, herd->returns);
}

static void try_herd(struct experiment *experiment, const struct arm *arm)
{
    uint16_t port;
    struct herd *herd = subject_memory(experiment, sizeof *herd);
    int listener = knock_listen(experiment, 2 * BURST, &port), peer = -1;
    *herd = (struct herd){
        .arm = arm, .socket = listener, .end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!arm->accepts) {
        struct pollfd there = {.fd = listener, .events = POLLIN};
        peer = client_connect(experiment, port);
        poll(&there, 1, LIMIT_MS);
        herd->socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    }
    drive(experiment, herd, peer, port);
    if (!arm->accepts) {
        close(herd->socket);
        client_close(peer);
    }
    close(herd->end);
    close(listener);
    munmap(herd, sizeof *herd);
}

/* A datagram whose checksum is wrong, which is found out when it is read, not when it comes; but
 * for short ones (CHECKSUM_BREAK of the kernel's skbuff.h, 76 bytes). */
static bool send_corrupt(uint16_t port)
{
    enum { BYTES = 200 };
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct {
        struct udphdr head;
        char rest[BYTES - sizeof(struct udphdr)];
    } datagram = {
        .head = {.source = htons(9), .dest = htons(port), .len = htons(BYTES), .check = htons(1)}};
    int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
    bool sent = sendto(raw, &datagram, BYTES, 0, (struct sockaddr *)&to, sizeof to) == BYTES;
    if (raw >= 0)
        close(raw);
    return sent;
}

static const char datagram[] = "corrupt-datagram";

static void try_corrupt(struct experiment *experiment)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    char byte;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct pollfd one = {.fd = fd, .events = POLLIN};
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        experiment_fail(experiment, "no socket: %s", strerror(errno));
    if (!send_corrupt(ntohs(address.sin_port)))
        experiment_text(experiment, datagram, "eagain", "not tried: it takes root");
    else if (poll(&one, 1, CORRUPT_MS) != 1)
        experiment_text(experiment, datagram, "eagain", "never reported");
    else
        experiment_share(experiment, datagram, "eagain",
                         recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN, 1);
    close(fd);
}

static void one(struct experiment *experiment, size_t cell)
{
    if (cell < ARMS)
        try_herd(experiment, &arms[cell]);
    else
        try_corrupt(experiment);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, ARMS + 1, one);
}

static bool was_told(const struct figures *figures, const char *cell)
{
    return figures_interval(figures, cell, "eagain").mean > 0;
}

static struct claim_verdict judge(const struct figures *figures)
{
    for (size_t i = 0; i < ARMS; i++)
        if (figures_interval(figures, arms[i].name, "eagain").n == 0)
            return verdict_undecided("%s was not tried", arms[i].name);
    bool accept = was_told(figures, "accept-all") || was_told(figures, "accept-exclusive") ||
                  was_told(figures, "accept-alone");
    bool receive = was_told(figures, "recv-all") || was_told(figures, "recv-alone") ||
                   was_told(figures, datagram);
    if (accept && receive)
        return verdict_confirmed();
    if (!accept && !receive)
        return verdict_refuted();
    return verdict_depends("the call: only %s said EAGAIN on a socket that had been reported",
                           accept ? "accept" : "recv");
}

const struct claim claim_d1 = {
    .id = "d1",
    .said = "Readiness is only a hint: accept and recv may still say EAGAIN.",
    .test =
        "One process and eight, each with an epoll of its own, wait for the same listener (with "
        "and without EPOLLEXCLUSIVE), to which clients come by fours, or for the same "
        "connection, on which bytes come one by one. And a datagram with a wrong checksum "
        "comes to a process that is alone.",
    .rule = "Confirmed: after epoll or poll reported a socket, accept said EAGAIN at least once, "
            "and so did recv. Refuted: neither ever did. Depends on the call: one did.",
    .repeats = 5,
    .run = run,
    .judge = judge,
};
