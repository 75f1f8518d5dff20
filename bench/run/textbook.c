/* SPDX-License-Identifier: MIT */
/*
 * The textbook's measurement, as one short process for hyperfine to time: start a server, make N
 * connections one after another, each for one request and its answer, kill the server. Plain
 * calls and no library, since its own start is part of what is timed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_S = 5, ANSWER_ROOM = 4096 };

static const char body[] = "Hello, world!";

static struct {
    pid_t server;
} self;

__attribute__((noreturn)) static void give_up(const char *doing)
{
    fprintf(stderr, "c10kit-textbook: cannot %s: %s\n", doing, strerror(errno));
    if (self.server > 0)
        kill(self.server, SIGKILL);
    exit(1);
}

static void pin(const char *cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(strtoul(cpu, NULL, 10), &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        give_up("pin to that CPU");
}

static void become_server(const char *path, const char *cpu, int output)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(cpu);
    dup2(output, STDOUT_FILENO);
    execl(path, path, (char *)NULL);
    give_up("run the server");
}

static unsigned start_server(const char *path, const char *cpu)
{
    int ends[2];
    unsigned port;
    if (pipe2(ends, O_CLOEXEC) < 0)
        give_up("make a pipe");
    self.server = fork();
    if (self.server < 0)
        give_up("fork");
    if (self.server == 0)
        become_server(path, cpu, ends[1]);
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    if (!output || fscanf(output, "ready 127.0.0.1:%5u", &port) != 1)
        give_up("read the ready line");
    return port;
}

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = LIMIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        give_up("connect");
    return fd;
}

static void converse(unsigned port)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    char answer[ANSWER_ROOM];
    size_t used = 0, length = strlen(body);
    ssize_t got;
    int fd = connect_to(port);
    if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) != (ssize_t)sizeof request - 1)
        give_up("send a request");
    while ((got = recv(fd, answer + used, sizeof answer - used, 0)) > 0)
        used += (size_t)got;
    if (got < 0)
        give_up("read an answer");
    errno = EPROTO;
    if (used < length || memcmp(answer + used - length, body, length) != 0)
        give_up("understand the answer");
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: c10kit-textbook SERVER SERVER-CPU CLIENT-CPU CONNECTIONS\n");
        return 64;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin(argv[3]);
    unsigned port = start_server(argv[1], argv[2]);
    for (unsigned long left = strtoul(argv[4], NULL, 10); left > 0; left--)
        converse(port);
    kill(self.server, SIGKILL);
    waitpid(self.server, NULL, 0);
    return 0;
}
