/* SPDX-License-Identifier: MIT */
#include "bench/load/target.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/load/complain.h"
#include "bench/base/text.h"

enum {
    LOCAL_PORT_RANGE = 51, /* IP_LOCAL_PORT_RANGE of linux/in.h, which Debian 12's lacks */
    PORTS_EASILY_HAD = 10000
};

/* Splits "[::1]:80", "127.0.0.1:80" or "name:80" in place. */
static bool split(char *text, char **host, char **port)
{
    char *colon = strrchr(text, ':');
    if (!colon || colon == text || colon[1] == '\0')
        return false;
    *colon = '\0';
    *port = colon + 1;
    *host = text;
    if (*text == '[') {
        if (colon[-1] != ']')
            return false;
        colon[-1] = '\0';
        *host = text + 1;
    }
    return **host && (*text == '[' || !strchr(*host, ':'));
}

/* A name may have several addresses, as localhost has ::1 and 127.0.0.1, and its server listen at
 * one: the first that lets us in; if none does, the first. */
static const struct addrinfo *choose(const struct addrinfo *found)
{
    static const struct timeval patience = {.tv_sec = 3};
    for (const struct addrinfo *one = found; one && found->ai_next; one = one->ai_next) {
        int fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        bool reached = connect(fd, one->ai_addr, one->ai_addrlen) == 0;
        close(fd);
        if (reached)
            return one;
    }
    return found;
}

static void resolve(struct target *target, const char *text)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found;
    char *copy = text_copy(text), *host, *port;
    if (!split(copy, &host, &port))
        complain_usage("%s is no HOST:PORT or [IPv6]:PORT", text);
    int error = getaddrinfo(host, port, &hints, &found);
    if (error)
        complain_usage("cannot resolve %s: %s", text, gai_strerror(error));
    const struct addrinfo *chosen = choose(found);
    memcpy(&target->address, chosen->ai_addr, chosen->ai_addrlen);
    target->address_len = chosen->ai_addrlen;
    freeaddrinfo(found);
    free(copy);
}

static char *http_request(const struct plan *plan, size_t *len)
{
    char *text;
    FILE *stream = open_memstream(&text, len);
    if (!stream)
        complain_and_exit("out of memory");
    fprintf(stream, "GET %s HTTP/1.1\r\nHost: %s\r\n", plan->path, plan->target);
    if (plan->churn)
        fputs("Connection: close\r\n", stream);
    for (unsigned i = 0; i < plan->header_count; i++)
        fprintf(stream, "%s\r\n", plan->headers[i]);
    fputs("\r\n", stream);
    if (fclose(stream) != 0)
        complain_and_exit("out of memory");
    return text;
}

/* No two pieces of it that begin at different places are alike for long, so that a byte that is
 * lost, doubled or moved shows. */
static char *echo_message(size_t len)
{
    char *text = text_allocate(len, 1);
    unsigned state = 1;
    for (size_t i = 0; i < len; i++) {
        state = state * 1103515245U + 12345U;
        text[i] = (char)('!' + (state >> 16) % ('~' - '!' + 1));
    }
    return text;
}

static unsigned all_connections(const struct plan *plan)
{
    unsigned all = plan->most;
    for (int i = 0; i < CROWD_SCRIPTS; i++)
        all += plan->beside[i];
    return all;
}

void target_init(struct target *target, const struct plan *plan)
{
    *target = (struct target){.requests = plan->pipeline,
                              .request_len = plan->size,
                              .any_port = all_connections(plan) > PORTS_EASILY_HAD};
    resolve(target, plan->target);
    char *one = plan->protocol == PLAN_HTTP ? http_request(plan, &target->request_len)
                                            : echo_message(plan->size);
    target->request = text_allocate(target->requests, target->request_len);
    for (unsigned i = 0; i < target->requests; i++)
        memcpy(target->request + i * target->request_len, one, target->request_len);
    free(one);
}

void target_finish(struct target *target)
{
    free(target->request);
    *target = (struct target){0};
}

/* Linux gives connect() the ports of one parity first. Once these are used up, some 14 000 of the
 * usual range, it looks at all of them each time, for milliseconds. A socket with a range of its
 * own is spared that since Linux 6.9; this one, from port 1 to no end, narrows nothing. Where it is
 * refused connections are slow to open, no more. */
static void take_any_port(int fd)
{
    static const uint32_t from_1 = 1;
    (void)setsockopt(fd, IPPROTO_IP, LOCAL_PORT_RANGE, &from_1, sizeof from_1);
}

int target_connect(const struct target *target)
{
    static const int on = 1;
    int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    /* Without it the end of a long message would wait for the acknowledgement of its beginning. It
     * cannot fail on such a socket. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (target->any_port)
        take_any_port(fd);
    const struct sockaddr *address = (const struct sockaddr *)&target->address;
    if (connect(fd, address, target->address_len) == 0 || errno == EINPROGRESS)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}
