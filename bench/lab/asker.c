/* SPDX-License-Identifier: MIT */
#include "bench/lab/asker.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/base/text.h"
#include "bench/lab/client.h"

enum {
    STALL_MS = 150, /* nothing was taken and nothing came for so long */
    PIECE_BYTES = 65536
};

void asker_take_sample(struct experiment *experiment, uint16_t port, struct asker_sample *sample)
{
    int fd = client_connect(experiment, port);
    client_send(fd, client_request, strlen(client_request));
    ssize_t got = recv(fd, sample->bytes, sizeof sample->bytes - 1, 0);
    if (got <= 0)
        experiment_fail(experiment, "no answer: %s", strerror(errno));
    client_close(fd);
    sample->length = (size_t)got;
    sample->bytes[got] = '\0';
    const char *date = strstr(sample->bytes, "\r\nDate:"),
               *end = date ? strstr(date + 2, "\r\n") : NULL;
    sample->date = end ? (size_t)(date + 2 - sample->bytes) : 0;
    sample->date_end = end ? (size_t)(end - sample->bytes) : 0;
}

static void compare(struct asker *asker, const char *bytes, size_t count)
{
    const struct asker_sample *sample = asker->sample;
    for (size_t i = 0; i < count; i++) {
        size_t at = (asker->received + i) % sample->length;
        bool is_date = at >= sample->date && at < sample->date_end;
        asker->wrong += !is_date && bytes[i] != sample->bytes[at];
    }
    asker->received += count;
}

/* False: the connection is gone; so below. */
static bool ask_on(struct asker *asker)
{
    ssize_t sent = send(asker->fd, asker->requests + asker->sent, asker->length - asker->sent,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    asker->sent += sent > 0 ? (size_t)sent : 0;
    return sent > 0 || errno == EAGAIN;
}

static bool read_on(struct asker *asker)
{
    static char piece[PIECE_BYTES];
    ssize_t got = recv(asker->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (got > 0)
        compare(asker, piece, (size_t)got);
    return got > 0 || (got < 0 && errno == EAGAIN);
}

/* Until nothing has moved for STALL_MS; where it reads, until all answers are there. */
static void converse(struct asker *asker, bool reads)
{
    const size_t whole = asker->count * asker->sample->length;
    while (!reads || asker->received < whole) {
        bool asks = asker->sent < asker->length;
        struct pollfd one = {.fd = asker->fd,
                             .events = (short)((asks ? POLLOUT : 0) | (reads ? POLLIN : 0))};
        if (poll(&one, 1, STALL_MS) <= 0 || ((one.revents & POLLOUT) && !ask_on(asker)) ||
            ((one.revents & ~POLLOUT) && !read_on(asker)))
            return;
    }
}

void asker_start(struct experiment *experiment, struct asker *asker, uint16_t port,
                 const struct asker_sample *sample, size_t requests)
{
    size_t one = strlen(client_request);
    *asker = (struct asker){.fd = client_connect(experiment, port),
                            .requests = text_allocate(requests, one),
                            .count = requests,
                            .length = requests * one,
                            .sample = sample};
    for (size_t i = 0; i < requests; i++)
        memcpy(asker->requests + i * one, client_request, one);
    converse(asker, false);
}

size_t asker_finish(struct asker *asker)
{
    converse(asker, true);
    client_close(asker->fd);
    free(asker->requests);
    asker->requests = NULL;
    return asker->count * asker->sample->length;
}
