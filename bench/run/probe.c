/* SPDX-License-Identifier: MIT */
#include "bench/run/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/text.h"

enum { LIMIT_S = 2 };

static const char body[] = "Hello, world!";
const struct probe_question probe_of_models = {"/", body, sizeof body - 1};
static const char date_name[] = "\r\nDate:";

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = LIMIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The length of the whole answer as its head says; 0 while the head is incomplete. */
static size_t announced(const struct probe *probe)
{
    const char *end = strstr(probe->bytes, "\r\n\r\n");
    const char *length = strcasestr(probe->bytes, "\r\nContent-Length:");
    if (!end || !length || length > end)
        return 0;
    size_t head = (size_t)(end - probe->bytes) + strlen("\r\n\r\n");
    return head + strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

static bool receive(int fd, struct probe *probe)
{
    ssize_t got = recv(fd, probe->bytes + probe->length, PROBE_ROOM - probe->length, 0);
    if (got <= 0)
        return false;
    probe->length += (size_t)got;
    probe->bytes[probe->length] = '\0';
    return true;
}

static bool read_answer(int fd, struct probe *probe)
{
    size_t whole = 0;
    while (whole == 0 || probe->length < whole) {
        if (!receive(fd, probe))
            return false;
        whole = announced(probe);
    }
    return probe->length == whole;
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
    ssize_t length = (ssize_t)strlen(request);
    *probe = (struct probe){.length = 0};
    *reason = NULL;
    int fd = connect_to(port);
    if (fd < 0)
        *reason = "no connection";
    else if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length || !read_answer(fd, probe))
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
    int fd = connect_to(port);
    if (fd < 0)
        *reason = "no connection";
    else if (send(fd, message, sizeof message, MSG_NOSIGNAL) != (ssize_t)sizeof message ||
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
        announced(probe) != probe->length)
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
