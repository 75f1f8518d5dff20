/* SPDX-License-Identifier: MIT */
#include "bench/base/exchange.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int exchange_connect(uint16_t port, unsigned patience_ms)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = patience_ms / 1000, .tv_usec = patience_ms % 1000 * 1000};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool exchange_send(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

size_t exchange_announced(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *length = strcasestr(answer, "\r\nContent-Length:");
    if (!end || !length || length > end)
        return 0;
    return (size_t)(end - answer) + strlen("\r\n\r\n") +
           strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

size_t exchange_read(int fd, char *answer, size_t room, size_t *used)
{
    for (;;) {
        answer[*used] = '\0';
        size_t whole = exchange_announced(answer);
        if (whole > 0 && *used >= whole)
            return whole;
        if (*used == room)
            return 0;
        ssize_t got = recv(fd, answer + *used, room - *used, 0);
        if (got < 0 && errno == EINTR) /* a call with a limit is not restarted: signal(7) */
            continue;
        if (got <= 0)
            return 0;
        *used += (size_t)got;
    }
}
