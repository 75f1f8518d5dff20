/* SPDX-License-Identifier: MIT */
#include "bench/lab/wire.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/lab/client.h"

enum { LIMIT_S = 1 };

static void set_up(struct experiment *experiment, int fd, int buffer_bytes)
{
    const struct timeval limit = {.tv_sec = LIMIT_S};
    if (fd < 0)
        experiment_fail(experiment, "no socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (buffer_bytes > 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    }
}

static int connect_to(struct experiment *experiment, uint16_t port, int buffer_bytes)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set_up(experiment, fd, buffer_bytes);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
        experiment_fail(experiment, "no connection: %s", strerror(errno));
    return fd;
}

int *wire_crowd(struct experiment *experiment, uint16_t port, size_t connections)
{
    int *crowd = text_allocate(connections, sizeof *crowd);
    for (size_t i = 0; i < connections; i++)
        crowd[i] = client_connect(experiment, port);
    return crowd;
}

void wire_close(int *crowd, size_t connections)
{
    for (size_t i = 0; i < connections; i++)
        close(crowd[i]);
    free(crowd);
}

void wire_pair(struct experiment *experiment, int ends[2], int buffer_bytes)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    set_up(experiment, listener, buffer_bytes); /* what is accepted inherits it */
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 1) < 0 || getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        experiment_fail(experiment, "cannot listen: %s", strerror(errno));
    ends[0] = connect_to(experiment, ntohs(address.sin_port), buffer_bytes);
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    set_up(experiment, ends[1], 0);
    close(listener);
}

void samples_add(struct samples *samples, double value)
{
    if (samples->count == samples->room) {
        samples->room = samples->room ? 2 * samples->room : 256;
        samples->all = text_reallocate(samples->all, samples->room, sizeof *samples->all);
    }
    samples->all[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

double samples_percentile(struct samples *samples, double p)
{
    if (samples->count == 0)
        return NAN;
    qsort(samples->all, samples->count, sizeof *samples->all, compare);
    return samples->all[(size_t)ceil(p * (double)samples->count) - 1];
}

void samples_finish(struct samples *samples)
{
    free(samples->all);
    *samples = (struct samples){0};
}
