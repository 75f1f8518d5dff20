/* SPDX-License-Identifier: MIT */
#include "bench/run/probe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/exchange.h"
#include "bench/base/text.h"

enum { PATIENCE_MS = 2000 };

static const char body[] = "Hello, world!";
const struct probe_question probe_of_models = {"/", body, sizeof body - 1};
static const char date_name[] = "\r\nDate:";

/* One whole answer, and nothing behind it. */
static bool read_answer(int fd, struct probe *probe)
{
    size_t whole = exchange_read(fd, probe->bytes, PROBE_ROOM, &probe->length);
    return whole > 0 && probe->length == whole;
}

static bool ends_as_asked(int fd, enum workload workload)
{
    char byte;
    if (workload == WORKLOAD_CHURN)
        return recv(fd, &byte, 1, 0) == 0;
    return recv(fd, &byte, 1, MSG_DONTWAIT) < 0;
}

bool probe_ask(uint16_t port, enum workload workload, const struct probe_question *question,
               struct probe *probe, const char **reason)
{
    char *request =
        text_format("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s\r\n", question->path,
                    (unsigned)port, workload == WORKLOAD_CHURN ? "Connection: close\r\n" : "");
    *probe = (struct probe){.length = 0};
    *reason = NULL;
    int fd = exchange_connect(port, PATIENCE_MS);
    if (fd < 0)
        *reason = "no connection";
    else if (!exchange_send(fd, request, strlen(request)) || !read_answer(fd, probe))
        *reason = "no whole answer";
    else if (!ends_as_asked(fd, workload))
        *reason = workload == WORKLOAD_CHURN ? "connection not closed" : "connection not kept";
    if (fd >= 0)
        close(fd);
    free(request);
    return *reason == NULL;
}

bool probe_echo(uint16_t port, const char **reason)
{
    static const char message[] = "The same again, please.";
    char came[sizeof message] = "";
    *reason = NULL;
    int fd = exchange_connect(port, PATIENCE_MS);
    if (fd < 0)
        *reason = "no connection";
    else if (!exchange_send(fd, message, sizeof message) ||
             recv(fd, came, sizeof came, MSG_WAITALL) != (ssize_t)sizeof came)
        *reason = "no echo";
    else if (memcmp(came, message, sizeof message) != 0)
        *reason = "not the same bytes came back";
    if (fd >= 0)
        close(fd);
    return *reason == NULL;
}

bool probe_is_right(const struct probe *probe, const struct probe_question *question)
{
    const char *end = strstr(probe->bytes, "\r\n\r\n");
    if (strncmp(probe->bytes, "HTTP/1.1 200 ", strlen("HTTP/1.1 200 ")) != 0 || !end ||
        exchange_announced(probe->bytes) != probe->length)
        return false;
    const char *came = end + strlen("\r\n\r\n");
    size_t length = probe->length - (size_t)(came - probe->bytes);
    return length == question->body_length &&
           (!question->body || memcmp(came, question->body, length) == 0);
}

bool probe_is_same(const struct probe *a, const struct probe *b)
{
    const char *date = strcasestr(a->bytes, date_name);
    if (a->length != b->length || !date)
        return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
    size_t start = (size_t)(date - a->bytes) + strlen(date_name);
    size_t end = start + strcspn(a->bytes + start, "\r");
    return memcmp(a->bytes, b->bytes, start) == 0 &&
           memcmp(a->bytes + end, b->bytes + end, a->length - end) == 0;
}
