/* SPDX-License-Identifier: MIT */
#include "bench/lab/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/text.h"

enum { ANSWER_ROOM = 4096 };

const char client_request[] = "GET / HTTP/1.1\r\nHost: c10kit\r\n\r\n";

int client_try(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = CLIENT_PATIENCE_MS / 1000,
                            .tv_usec = CLIENT_PATIENCE_MS % 1000 * 1000};
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

int client_connect(struct experiment *experiment, uint16_t port)
{
    int fd = client_try(port);
    if (fd < 0)
        experiment_fail(experiment, "no connection: %s", strerror(errno));
    return fd;
}

bool client_send(int fd, const char *bytes, size_t length)
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

/* How long the whole answer is; 0 while its head is not complete. */
static size_t announced(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *length = strcasestr(answer, "\r\nContent-Length:");
    if (!end || !length || length > end)
        return 0;
    return (size_t)(end - answer) + strlen("\r\n\r\n") +
           strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

/* A line of /proc/net/tcp, seen from the server: an accepted socket has an inode. */
static bool is_read(const char *line, unsigned server, unsigned client)
{
    unsigned local, remote, waiting;
    unsigned long inode;
    return sscanf(line, " %*d: %*x:%x %*x:%x %*x %*x:%x %*s %*s %*s %*s %lu", &local, &remote,
                  &waiting, &inode) == 4 &&
           local == server && remote == client && waiting == 0 && inode != 0;
}

static bool find_read(unsigned server, unsigned client)
{
    char *table = text_read("/proc/net/tcp"), *rest = table, *line;
    bool found = false;
    while (!found && rest && (line = strsep(&rest, "\n")))
        found = is_read(line, server, client);
    free(table);
    return found;
}

bool client_wait_read(int fd)
{
    struct sockaddr_in own = {0}, other = {0};
    socklen_t own_size = sizeof own, other_size = sizeof other;
    if (getsockname(fd, (struct sockaddr *)&own, &own_size) < 0 ||
        getpeername(fd, (struct sockaddr *)&other, &other_size) < 0)
        return false;
    for (unsigned ms = 0; ms < CLIENT_PATIENCE_MS; ms++) {
        if (find_read(ntohs(other.sin_port), ntohs(own.sin_port)))
            return true;
        usleep(1000);
    }
    return false;
}

/* Reads on until the first answer in `answer` is whole; its length, or 0. */
static size_t read_whole(int fd, char *answer, size_t *used)
{
    for (;;) {
        answer[*used] = '\0';
        size_t whole = announced(answer);
        if (whole > 0 && *used >= whole)
            return whole;
        if (*used == ANSWER_ROOM)
            return 0;
        ssize_t got = recv(fd, answer + *used, ANSWER_ROOM - *used, 0);
        if (got < 0 && errno == EINTR) /* a call with a limit is not restarted: signal(7) */
            continue;
        if (got <= 0)
            return 0;
        *used += (size_t)got;
    }
}

bool client_read_answer(int fd)
{
    char answer[ANSWER_ROOM + 1];
    size_t used = 0, whole = read_whole(fd, answer, &used);
    return whole > 0 && used == whole;
}

int client_count_answers(int fd)
{
    char answers[ANSWER_ROOM + 1];
    size_t used = 0, whole;
    int count = 0;
    for (; (whole = read_whole(fd, answers, &used)) > 0; count++) {
        used -= whole;
        memmove(answers, answers + whole, used);
    }
    return count;
}

int client_asked(struct experiment *experiment, uint16_t port)
{
    int fd = client_connect(experiment, port);
    if (!client_send(fd, client_request, strlen(client_request)) || !client_read_answer(fd))
        experiment_fail(experiment, "no answer: %s", strerror(errno));
    return fd;
}

void client_close(int fd)
{
    close(fd);
}

int64_t client_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
