/* SPDX-License-Identifier: MIT */
/*
 * A little HTTP server whose delays and faults are known, for the generator to be held against.
 *
 *     faulty delay US            each answer comes US after its request
 *     faulty exponential US      the same, drawn from an exponential distribution of that mean
 *     faulty stall MS US         each answer after US; for MS of each second nothing happens at all
 *     faulty shut MS             lets nobody in for so long, and one more waits at the door; others
 *                                have to knock again, a second later
 *     faulty status|short|body|trailing|hang|close|reset N
 *                                each Nth answer is a 500, ends before its end, has another body,
 *                                has bytes behind it, never comes, is the end of the connection
 *                                instead, or a reset
 *
 * Prints "ready 127.0.0.1:PORT"; ends with its standard input.
 */
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 512, BACKLOG = 512, ROOM = 4096 };
enum { SLOT_INPUT, SLOT_LISTENER, SLOTS };
enum fault { NONE, STATUS, SHORT, BODY, TRAILING, HANG, CLOSE, RESET, FAULTS };

#define SECOND_NS INT64_C(1000000000)
#define RIGHT     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct {
    const char *name, *answer;
} faults[] = {
    [NONE] = {"none", RIGHT},
    [STATUS] = {"status", "HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nhello"},
    [SHORT] = {"short", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"},
    [BODY] = {"body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhullo"},
    [TRAILING] = {"trailing", RIGHT "!"},
    [HANG] = {"hang", ""},
    [CLOSE] = {"close", ""},
    [RESET] = {"reset", ""},
};

static struct {
    enum fault fault;
    unsigned each; /* 0: never */
    bool exponential;
    int64_t delay_ns, stall_ns, shut_ns, began_ns;
    unsigned answered;
    struct client {
        int64_t due_ns; /* 0: it asked nothing */
        size_t len;
        char head[ROOM];
    } clients[CLIENTS];
    struct pollfd polls[SLOTS + CLIENTS];
} server;

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static int64_t draw_delay_ns(void)
{
    if (!server.exponential)
        return server.delay_ns;
    return (int64_t)((double)-server.delay_ns * log1p(-drand48()));
}

static void drop(unsigned index)
{
    close(server.polls[SLOTS + index].fd);
    server.polls[SLOTS + index].fd = -1;
    server.clients[index] = (struct client){0};
}

static void reset(unsigned index)
{
    static const struct linger at_once = {.l_onoff = 1};
    setsockopt(server.polls[SLOTS + index].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    drop(index);
}

static void answer(unsigned index)
{
    bool bad = server.each && ++server.answered % server.each == 0;
    enum fault fault = bad ? server.fault : NONE;
    const char *text = faults[fault].answer;
    server.clients[index].due_ns = 0;
    if (*text && send(server.polls[SLOTS + index].fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        fault = CLOSE;
    if (fault == RESET)
        reset(index);
    else if (fault == CLOSE || fault == SHORT)
        drop(index);
}

static void hear(unsigned index)
{
    struct client *client = &server.clients[index];
    ssize_t got = recv(server.polls[SLOTS + index].fd, client->head + client->len,
                       ROOM - 1 - client->len, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            drop(index);
        return;
    }
    client->len += (size_t)got;
    client->head[client->len] = '\0';
    if (strstr(client->head, "\r\n\r\n")) {
        client->len = 0;
        client->due_ns = now_ns() + draw_delay_ns();
    }
}

static void welcome(void)
{
    int fd = accept(server.polls[SLOT_LISTENER].fd, NULL, NULL);
    unsigned index = 0;
    while (index < CLIENTS && server.polls[SLOTS + index].fd >= 0)
        index++;
    if (fd < 0)
        return;
    if (index == CLIENTS)
        close(fd);
    else
        server.polls[SLOTS + index].fd = fd;
}

static void sleep_until(int64_t at_ns)
{
    struct timespec at = {at_ns / SECOND_NS, at_ns % SECOND_NS};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

/* At the end of each second, so that a window which begins early is not met at once. */
static void stall(void)
{
    int64_t since = (now_ns() - server.began_ns) % SECOND_NS;
    if (since >= SECOND_NS - server.stall_ns)
        sleep_until(now_ns() + SECOND_NS - since);
}

static struct timespec patience(void)
{
    int64_t now = now_ns(), next = now + SECOND_NS / 100;
    for (unsigned i = 0; i < CLIENTS; i++)
        if (server.clients[i].due_ns && server.clients[i].due_ns < next)
            next = server.clients[i].due_ns;
    int64_t left = next > now ? next - now : 0;
    return (struct timespec){left / SECOND_NS, left % SECOND_NS};
}

static void serve(void)
{
    struct timespec wait = patience();
    int ready = ppoll(server.polls, SLOTS + CLIENTS, &wait, NULL);
    if (server.stall_ns)
        stall();
    for (unsigned i = 0; i < CLIENTS && ready > 0; i++)
        if (server.polls[SLOTS + i].revents)
            hear(i);
    int64_t now = now_ns();
    for (unsigned i = 0; i < CLIENTS; i++)
        if (server.clients[i].due_ns && server.clients[i].due_ns <= now)
            answer(i);
    if (server.polls[SLOT_LISTENER].revents)
        welcome();
}

static void listen_and_tell(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) ||
        listen(fd, server.shut_ns ? 0 : BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&address, &len))
        fail("cannot listen");
    for (unsigned i = 0; i < SLOTS + CLIENTS; i++)
        server.polls[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    server.polls[SLOT_LISTENER].fd = fd;
    server.polls[SLOT_INPUT].fd = STDIN_FILENO;
    printf("ready 127.0.0.1:%u\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void read_arguments(int argc, char **argv)
{
    int64_t number = argc > 2 ? atoll(argv[2]) : 0;
    if (number <= 0) {
        fputs("faulty: see the comment at the top of its source\n", stderr);
        exit(EXIT_FAILURE);
    }
    if (strcmp(argv[1], "stall") == 0) {
        server.stall_ns = number * 1000000;
        server.delay_ns = argc > 3 ? atoll(argv[3]) * 1000 : 0;
    } else if (strcmp(argv[1], "shut") == 0) {
        server.shut_ns = number * 1000000;
    } else if (strcmp(argv[1], "delay") == 0 || strcmp(argv[1], "exponential") == 0) {
        server.exponential = argv[1][0] == 'e';
        server.delay_ns = number * 1000;
    } else {
        server.each = (unsigned)number;
        while (server.fault < FAULTS && strcmp(argv[1], faults[server.fault].name) != 0)
            server.fault++;
        if (server.fault == FAULTS)
            fail(argv[1]);
    }
}

int main(int argc, char **argv)
{
    read_arguments(argc, argv);
    listen_and_tell();
    server.began_ns = now_ns();
    sleep_until(server.began_ns + server.shut_ns);
    while (!server.polls[SLOT_INPUT].revents)
        serve();
    return EXIT_SUCCESS;
}
