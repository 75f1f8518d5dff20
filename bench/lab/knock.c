/* SPDX-License-Identifier: MIT */
#include "bench/lab/knock.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/text.h"

static int make_socket(struct experiment *experiment)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        experiment_fail(experiment, "no socket: %s", strerror(errno));
    return fd;
}

int knock_listen(struct experiment *experiment, int backlog, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = make_socket(experiment);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, backlog) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        experiment_fail(experiment, "cannot listen: %s", strerror(errno));
    *port = ntohs(address.sin_port);
    return fd;
}

/* Of a listener, tcp_get_info() puts the accept queue into these two fields. */
struct knock_queue knock_queue(int listener)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &length);
    return (struct knock_queue){info.tcpi_unacked, info.tcpi_sacked};
}

/* "  sl  local_address rem_address   st ...": of every line the fourth word is the state. */
size_t knock_half_open(void)
{
    char *table = text_read("/proc/thread-self/net/tcp"), *rest = table, *line;
    size_t count = 0;
    while (rest && (line = strsep(&rest, "\n"))) {
        char *word = NULL;
        for (int i = 0; i < 4; i++)
            word = strtok_r(i ? NULL : line, " ", &line);
        count += word && strcmp(word, "03") == 0;
    }
    free(table);
    return count;
}

int knock(struct experiment *experiment, uint16_t port, bool deaf)
{
    static struct sock_filter drop_all[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct sock_fprog program = {1, drop_all};
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = make_socket(experiment);
    if (deaf && setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0)
        experiment_fail(experiment, "no filter on a socket: %s", strerror(errno));
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        experiment_fail(experiment, "no connection: %s", strerror(errno));
    return fd;
}

void knock_hear(int client)
{
    int unused = 0;
    setsockopt(client, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

bool knock_is_connected(int client)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    return getsockopt(client, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
           info.tcpi_state == TCP_ESTABLISHED;
}

int *knock_crowd(struct experiment *experiment, uint16_t port, size_t count, bool deaf)
{
    int *crowd = text_allocate(count, sizeof *crowd);
    for (size_t i = 0; i < count; i++)
        crowd[i] = knock(experiment, port, deaf);
    return crowd;
}

size_t knock_connected(const int *crowd, size_t count)
{
    size_t connected = 0;
    for (size_t i = 0; i < count; i++)
        connected += knock_is_connected(crowd[i]);
    return connected;
}

void knock_close(int *crowd, size_t count)
{
    for (size_t i = 0; i < count; i++)
        close(crowd[i]);
    free(crowd);
}
