/* SPDX-License-Identifier: MIT */
#include "bench/sockdiag.h"

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

#include "bench/text.h"

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

static bool ask(int fd)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {
        .head = {.nlmsg_len = sizeof request,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = AF_INET,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_ext = 1 << (INET_DIAG_INFO - 1),
                 .idiag_states = 1 << STATE_ESTABLISHED},
    };
    return send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

static int64_t bytes_received(const struct nlmsghdr *message)
{
    const struct inet_diag_msg *body = NLMSG_DATA(message);
    int left = (int)(message->nlmsg_len - NLMSG_LENGTH(sizeof *body));
    const char *at = (const char *)(body + 1);
    for (const struct rtattr *one = (const void *)at; RTA_OK(one, left); one = (const void *)at) {
        if (one->rta_type == INET_DIAG_INFO) {
            struct tcp_info info = {0};
            size_t size = RTA_PAYLOAD(one);
            memcpy(&info, RTA_DATA(one), size < sizeof info ? size : sizeof info);
            return (int64_t)info.tcpi_bytes_received;
        }
        at += RTA_ALIGN(one->rta_len);
        left -= (int)RTA_ALIGN(one->rta_len);
    }
    return 0;
}

static void count_one(struct tally *tally, const struct nlmsghdr *message)
{
    const struct inet_diag_msg *body = NLMSG_DATA(message);
    if (ntohs(body->id.idiag_dport) != tally->port)
        return;
    struct sockdiag *result = tally->result;
    int64_t answers = bytes_received(message) / tally->answer_bytes;
    if (result->established == 0 || answers < result->fewest)
        result->fewest = answers;
    if (answers > result->most)
        result->most = answers;
    result->established++;
    result->served += answers > 0;
    tally->sum += (double)answers;
    tally->sum_of_squares += (double)answers * (double)answers;
}

/* Reads one datagram of the dump: 1 when there is more to come, 0 at its end, -1 on trouble. */
static int take(int fd, char *room, struct tally *tally)
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
        count_one(tally, message);
    }
    return 1;
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
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return false;
    struct tally tally = {result, port, answer_bytes, 0, 0};
    char *room = text_allocate(ANSWER_ROOM, 1);
    int more = ask(fd) ? 1 : -1;
    while (more > 0)
        more = take(fd, room, &tally);
    free(room);
    close(fd);
    result->jain_ppm =
        sockdiag_jain_ppm(tally.sum, tally.sum_of_squares, (size_t)result->established);
    return more == 0;
}
