/* SPDX-License-Identifier: MIT */
#include "bench/machine/sockdiag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/text.h"

enum {
    STATE_ESTABLISHED = 1, /* TCP_ESTABLISHED of the kernel's net/tcp_states.h */
    ANSWER_ROOM = 1 << 16
};

struct tally {
    struct sockdiag *result;
    uint16_t port;
    int64_t answer_bytes;
    double sum, sum_of_squares;
};

struct weighing {
    struct sockdiag_memory *result;
    uint16_t port;
};

/* A socket on which the answer comes, or -1. */
static int ask(struct inet_diag_req_v2 body, uint16_t flags)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {.head = {.nlmsg_len = sizeof request,
                          .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                          .nlmsg_flags = NLM_F_REQUEST | flags},
                 .body = body};
    request.body.sdiag_family = AF_INET;
    request.body.sdiag_protocol = IPPROTO_TCP;
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd >= 0 && send(fd, &request, sizeof request, 0) != (ssize_t)sizeof request) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Copies the extension into `room`; what the kernel does not send stays 0. */
static void extract(const struct nlmsghdr *message, int extension, void *room, size_t size)
{
    const struct inet_diag_msg *body = NLMSG_DATA(message);
    int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof *body));
    const char *at = (const char *)(body + 1);
    memset(room, 0, size);
    for (const struct rtattr *one = (const void *)at; RTA_OK(one, left); one = (const void *)at) {
        if (one->rta_type == extension) {
            size_t there = RTA_PAYLOAD(one);
            memcpy(room, RTA_DATA(one), there < size ? there : size);
            return;
        }
        at += RTA_ALIGN(one->rta_len);
        left -= (int)RTA_ALIGN(one->rta_len);
    }
}

static void count_one(void *argument, const struct nlmsghdr *message)
{
    struct tally *tally = argument;
    const struct inet_diag_msg *body = NLMSG_DATA(message);
    if (ntohs(body->id.idiag_dport) != tally->port)
        return;
    struct sockdiag *result = tally->result;
    struct tcp_info info;
    extract(message, INET_DIAG_INFO, &info, sizeof info);
    int64_t answers = (int64_t)info.tcpi_bytes_received / tally->answer_bytes;
    if (result->established == 0 || answers < result->fewest)
        result->fewest = answers;
    if (answers > result->most)
        result->most = answers;
    result->established++;
    result->served += answers > 0;
    tally->sum += (double)answers;
    tally->sum_of_squares += (double)answers * (double)answers;
}

static void weigh_one(void *argument, const struct nlmsghdr *message)
{
    static const int parts[] = {SK_MEMINFO_RMEM_ALLOC, SK_MEMINFO_WMEM_QUEUED, SK_MEMINFO_FWD_ALLOC,
                                SK_MEMINFO_OPTMEM, SK_MEMINFO_BACKLOG};
    const struct weighing *weighing = argument;
    const struct inet_diag_msg *body = NLMSG_DATA(message);
    if (ntohs(body->id.idiag_sport) != weighing->port)
        return;
    uint32_t info[SK_MEMINFO_VARS];
    extract(message, INET_DIAG_SKMEMINFO, info, sizeof info);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        weighing->result->bytes += info[parts[i]];
    weighing->result->sockets++;
    weighing->result->pending += body->idiag_inode == 0;
}

/* Reads one datagram of the dump: 1 when there is more to come, 0 at its end, -1 on trouble. */
static int take(int fd, char *room, void (*each)(void *, const struct nlmsghdr *), void *argument)
{
    ssize_t got = recv(fd, room, ANSWER_ROOM, 0);
    if (got <= 0)
        return -1;
    size_t left = (size_t)got;
    for (struct nlmsghdr *message = (struct nlmsghdr *)(void *)room; NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
        if (message->nlmsg_type == NLMSG_DONE)
            return 0;
        if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
            return -1;
        each(argument, message);
    }
    return 1;
}

static bool dump(int extension, void (*each)(void *, const struct nlmsghdr *), void *argument)
{
    int fd = ask((struct inet_diag_req_v2){.idiag_ext = (uint8_t)(1 << (extension - 1)),
                                           .idiag_states = 1 << STATE_ESTABLISHED},
                 NLM_F_DUMP);
    if (fd < 0)
        return false;
    char *room = text_allocate(ANSWER_ROOM, 1);
    int more = 1;
    while (more > 0)
        more = take(fd, room, each, argument);
    free(room);
    close(fd);
    return more == 0;
}

/* An accepted socket has an inode. */
static void note_read(void *argument, const struct nlmsghdr *message)
{
    const struct inet_diag_msg *body = NLMSG_DATA(message);
    *(bool *)argument = body->idiag_inode != 0 && body->idiag_rqueue == 0;
}

bool sockdiag_has_read(uint16_t port, uint16_t peer)
{
    int fd = ask(
        (struct inet_diag_req_v2){.id = {.idiag_sport = htons(port),
                                         .idiag_dport = htons(peer),
                                         .idiag_src = {htonl(INADDR_LOOPBACK)},
                                         .idiag_dst = {htonl(INADDR_LOOPBACK)},
                                         .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
        0);
    if (fd < 0)
        return false;
    bool read = false;
    char *room = text_allocate(ANSWER_ROOM, 1);
    take(fd, room, note_read, &read); /* one datagram: a socket, or that there is none */
    free(room);
    close(fd);
    return read;
}

int64_t sockdiag_jain_ppm(double sum, double sum_of_squares, size_t n)
{
    if (n == 0 || sum_of_squares <= 0)
        return -1;
    return llround(1e6 * sum * sum / ((double)n * sum_of_squares));
}

bool sockdiag_look(uint16_t port, int64_t answer_bytes, struct sockdiag *result)
{
    *result = (struct sockdiag){0};
    if (answer_bytes <= 0)
        return false;
    struct tally tally = {result, port, answer_bytes, 0, 0};
    bool whole = dump(INET_DIAG_INFO, count_one, &tally);
    result->jain_ppm =
        sockdiag_jain_ppm(tally.sum, tally.sum_of_squares, (size_t)result->established);
    return whole;
}

bool sockdiag_weigh(uint16_t port, struct sockdiag_memory *result)
{
    *result = (struct sockdiag_memory){0};
    struct weighing weighing = {result, port};
    return dump(INET_DIAG_SKMEMINFO, weigh_one, &weighing);
}
