/* SPDX-License-Identifier: MIT */
/*
 * An echo server with one known fault, for echo-client to find.
 *
 *     faulty flip N       byte N (from 0) comes back with its lowest bit changed
 *     faulty cut N        closes once N bytes have come, and sends none back
 *     faulty early N      echoes N bytes, then closes for writing though more may come
 *     faulty extra N      after the end of input come N bytes more
 *     faulty swallow      reads all, says nothing, and does not close
 *     faulty stay         echoes all, and does not close
 *
 * One client after the other. Prints "ready 127.0.0.1:PORT"; a signal ends it.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum fault { FLIP, CUT, EARLY, EXTRA, SWALLOW, STAY, FAULTS };

static const char *const names[FAULTS] = {"flip", "cut", "early", "extra", "swallow", "stay"};

static enum fault fault;
static uint64_t place;

static bool send_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* What came as bytes from to from + len goes back. Returns whether the client is still served. */
static bool answer(int fd, char *bytes, size_t len, uint64_t from)
{
    size_t before = place - from < len ? (size_t)(place - from) : len; /* of the place */

    switch (fault) {
    case FLIP:
        if (place >= from && place - from < len)
            bytes[place - from] ^= 1;
        return send_all(fd, bytes, len);
    case CUT:
        return from + len < place;
    case EARLY:
        return send_all(fd, bytes, before) && from + len < place;
    case SWALLOW:
        return true;
    case EXTRA:
    case STAY:
    case FAULTS:
    default:
        return send_all(fd, bytes, len);
    }
}

static void serve(int fd)
{
    static char bytes[4096];
    uint64_t from = 0;
    ssize_t got;

    while ((got = recv(fd, bytes, sizeof bytes, 0)) > 0 && answer(fd, bytes, (size_t)got, from))
        from += (uint64_t)got;
    if (got == 0 && fault == EXTRA)
        for (uint64_t i = 0; i < place && send_all(fd, "!", 1); i++)
            continue;
    if (fault == EARLY) { /* not a close: unread input would make it a reset */
        shutdown(fd, SHUT_WR);
        while (recv(fd, bytes, sizeof bytes, 0) > 0)
            continue;
    }
    if (fault != STAY && fault != SWALLOW)
        close(fd);
}

static int listen_and_tell(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || listen(fd, 16) ||
        getsockname(fd, (struct sockaddr *)&address, &len)) {
        perror("faulty: cannot listen");
        exit(EXIT_FAILURE);
    }
    printf("ready 127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    int listener, fd;

    while (fault < FAULTS && (argc < 2 || strcmp(argv[1], names[fault]) != 0))
        fault++;
    if (fault == FAULTS) {
        fprintf(stderr, "faulty: which fault? see the comment at the top of faulty.c\n");
        return EXIT_FAILURE;
    }
    if (argc > 2)
        place = strtoull(argv[2], NULL, 10);
    listener = listen_and_tell();
    while ((fd = accept(listener, NULL, NULL)) >= 0)
        serve(fd);
    return EXIT_FAILURE;
}
