/* SPDX-License-Identifier: MIT */
#include "bench/lab/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/exchange.h"
#include "bench/machine/sockdiag.h"

enum { ANSWER_ROOM = 4096 };

const char client_request[] = "GET / HTTP/1.1\r\nHost: c10kit\r\n\r\n";

int client_try(uint16_t port)
{
    return exchange_connect(port, CLIENT_PATIENCE_MS);
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
    return exchange_send(fd, bytes, length);
}

/* No event tells when the other side's program has read: an acknowledgement comes from its kernel.
 * So the kernel is asked, again and again. */
bool client_wait_read(int fd)
{
    struct sockaddr_in own = {0}, other = {0};
    socklen_t own_size = sizeof own, other_size = sizeof other;
    if (getsockname(fd, (struct sockaddr *)&own, &own_size) < 0 ||
        getpeername(fd, (struct sockaddr *)&other, &other_size) < 0)
        return false;
    for (unsigned ms = 0; ms < CLIENT_PATIENCE_MS; ms++) {
        if (sockdiag_has_read(ntohs(other.sin_port), ntohs(own.sin_port)))
            return true;
        usleep(1000);
    }
    return false;
}

bool client_read_answer(int fd)
{
    char answer[ANSWER_ROOM + 1];
    size_t used = 0, whole = exchange_read(fd, answer, ANSWER_ROOM, &used);
    return whole > 0 && used == whole;
}

int client_count_answers(int fd)
{
    char answers[ANSWER_ROOM + 1];
    size_t used = 0, whole;
    int count = 0;
    for (; (whole = exchange_read(fd, answers, ANSWER_ROOM, &used)) > 0; count++) {
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
