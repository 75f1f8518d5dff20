/* SPDX-License-Identifier: MIT */
/*
 * Echo-client: sends a file to an echo server and holds what comes back against it, byte for byte.
 *
 * Who waits where: one thread waits in poll for three things at once: more input, room to send, and
 * bytes that come back. It must read while it writes. An echo server answers while it is asked, and
 * stops reading when nobody takes its answers. A client that writes all and reads afterwards goes
 * well for as long as everything fits into the kernel's buffers between the two; with one byte more
 * each waits for the other to read, for ever. --no-read shows that, and how much fits.
 *
 * At the end of its input it half-closes: shutdown(SHUT_WR) says "that was all" and leaves the
 * other direction open for what is still to come. A close() instead would throw that away.
 *
 * Compare with: tests/contract/suite_echo.c, which asks the same of every model, and more.
 */
#include "lib/die.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    PIECE = 64 << 10,       /* moved by one call at most */
    UNDER_WAY = 1 << 20,    /* sent and not back yet, at most */
    UNREAD_MOST = 256 << 20 /* --no-read: more than kernels keep for a connection */
};

struct talk {
    const char *host, *port, *file;
    int timeout_ms;
    bool reads_late; /* --no-read */

    int in, socket;
    char *kept; /* byte n of the input stands at n % room until it has come back */
    size_t room;
    uint64_t taken, sent, back; /* bytes: from the input, to the server, from the server */
    bool ended, half_closed;    /* the input; our direction */
    struct timespec start;
};

/* ---- Verdicts ---- */

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void report(const struct talk *talk, const char *verdict)
{
    printf("%s: sent=%ju received=%ju seconds=%.6f\n", verdict, (uintmax_t)talk->sent,
           (uintmax_t)talk->back, seconds_since(&talk->start));
    if (fflush(stdout))
        die("cannot write the result");
}

__attribute__((format(printf, 3, 4))) static _Noreturn void
fail(const struct talk *talk, const char *verdict, const char *format, ...)
{
    char reason[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    report(talk, verdict);
    warn("%s", reason);
    exit(EXIT_FAILURE);
}

static _Noreturn void fail_waiting(const struct talk *talk)
{
    double seconds = talk->timeout_ms / 1000.0;

    if (talk->reads_late && !talk->half_closed && talk->sent < talk->taken)
        fail(talk, "deadlock",
             "%ju bytes fit into the buffers between the two, and nothing has moved for %g s: the "
             "server waits for us to read, and we for it",
             (uintmax_t)talk->sent, seconds);
    if (talk->reads_late && !talk->half_closed)
        fail(talk, "timeout", "the server takes %d MiB and more without being read from",
             UNREAD_MOST >> 20);
    if (talk->half_closed && talk->back == talk->sent)
        fail(talk, "timeout", "all has come back, but the server has not closed for %g s", seconds);
    fail(talk, "timeout", "nothing has moved for %g s", seconds);
}

/* ---- Moving bytes ---- */

/* Where byte n stands, and how many of the next `most` stand behind it without a break. */
static char *kept_at(const struct talk *talk, uint64_t n, size_t most, size_t *len)
{
    size_t at = (size_t)(n % talk->room);

    *len = most < talk->room - at ? most : talk->room - at;
    if (*len > PIECE)
        *len = PIECE;
    return talk->kept + at;
}

static size_t room_left(const struct talk *talk)
{
    return talk->room - (size_t)(talk->taken - talk->back);
}

static void take_input(struct talk *talk)
{
    size_t len;
    char *at = kept_at(talk, talk->taken, room_left(talk), &len);
    ssize_t got = read(talk->in, at, len);

    if (got < 0 && errno != EINTR && errno != EAGAIN)
        die("cannot read %s", talk->file ? talk->file : "standard input");
    if (got > 0)
        talk->taken += (uint64_t)got;
    talk->ended = got == 0;
}

static void send_some(struct talk *talk)
{
    size_t len;
    const char *at = kept_at(talk, talk->sent, (size_t)(talk->taken - talk->sent), &len);
    ssize_t took = send(talk->socket, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (took > 0)
        talk->sent += (uint64_t)took;
    else if (took < 0 && errno != EAGAIN && errno != EINTR)
        fail(talk, "cut-off", "the connection broke while there was more to send: %s",
             strerror(errno)); /* NOLINT(concurrency-mt-unsafe): there is one thread */
}

/* Holds what has come against what was sent. */
static void check(struct talk *talk, const char *came, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char expected = talk->kept[talk->back % talk->room];

        if (talk->back == talk->sent)
            fail(talk, "different", "more comes back than was sent: %zu bytes too many", len - i);
        if (came[i] != expected)
            fail(talk, "different", "byte %ju (from 0) was sent as 0x%02x and came back as 0x%02x",
                 (uintmax_t)talk->back, (unsigned char)expected, (unsigned char)came[i]);
        talk->back++;
    }
}

/* Returns whether more may come. */
static bool receive_some(struct talk *talk)
{
    static char came[PIECE];
    ssize_t got = recv(talk->socket, came, sizeof came, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got < 0)
        fail(talk, "cut-off", "the connection broke with %ju bytes to come: %s",
             (uintmax_t)(talk->sent - talk->back),
             strerror(errno)); /* NOLINT(concurrency-mt-unsafe): there is one thread */
    check(talk, came, (size_t)got);
    if (got == 0 && (!talk->half_closed || talk->back < talk->sent))
        fail(talk, "cut-off", "the server closed with %ju bytes to come%s",
             (uintmax_t)(talk->sent - talk->back), talk->half_closed ? "" : " and more to be sent");
    return got > 0;
}

/* ---- The conversation ---- */

/* Whoever types may take their time: the server is not to blame while it owes nothing. */
static int patience_ms(const struct talk *talk)
{
    return !talk->ended && talk->back == talk->taken ? -1 : talk->timeout_ms;
}

static void half_close(struct talk *talk)
{
    if (shutdown(talk->socket, SHUT_WR))
        fail(talk, "cut-off", "the connection broke before its end");
    talk->half_closed = true;
}

/* Returns whether the conversation goes on. */
static bool step(struct talk *talk)
{
    bool takes = !talk->ended && room_left(talk) > 0;
    bool reads = !talk->reads_late || talk->half_closed;
    short writes = talk->sent < talk->taken ? POLLOUT : 0;
    struct pollfd polls[] = {
        {.fd = takes ? talk->in : -1, .events = POLLIN},
        {.fd = talk->socket, .events = (short)((reads ? POLLIN : 0) | writes)},
    };
    int ready = poll(polls, 2, patience_ms(talk));

    if (ready < 0 && errno != EINTR)
        die("cannot wait in poll");
    if (ready <= 0) {
        if (ready == 0)
            fail_waiting(talk);
        return true;
    }
    if (polls[0].revents)
        take_input(talk);
    if (polls[1].revents & POLLOUT)
        send_some(talk);
    if (talk->ended && talk->sent == talk->taken && !talk->half_closed)
        half_close(talk);
    return !(polls[1].revents & ~POLLOUT) || receive_some(talk);
}

/* ---- Start ---- */

/* Linux bounds connect() by SO_SNDTIMEO, too. Returns -1 and errno where nobody is there. */
static int connect_to(const struct addrinfo *address, int timeout_ms)
{
    struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        die("cannot make a socket");
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout))
        die("cannot set SO_SNDTIMEO");
    if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
        return fd;
    error = errno == EINPROGRESS ? ETIMEDOUT : errno;
    close(fd);
    errno = error;
    return -1;
}

/* The first of the host's addresses that answers. */
static int connect_somewhere(const struct talk *talk)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;
    int error = getaddrinfo(talk->host, talk->port, &hints, &addresses);
    int fd = -1;

    if (error)
        die_usage("'%s %s' is no host and port: %s", talk->host, talk->port, gai_strerror(error));
    for (struct addrinfo *each = addresses; each && fd < 0; each = each->ai_next)
        fd = connect_to(each, talk->timeout_ms);
    if (fd < 0)
        die("cannot connect to %s, port %s", talk->host, talk->port);
    freeaddrinfo(addresses);
    return fd;
}

static void start(struct talk *talk)
{
    talk->in = talk->file ? open(talk->file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (talk->in < 0)
        die("cannot open %s", talk->file);
    talk->room = talk->reads_late ? UNREAD_MOST : UNDER_WAY;
    talk->kept = malloc(talk->room); /* only what is used of it costs memory */
    if (!talk->kept)
        die("cannot have %zu bytes of memory", talk->room);
    clock_gettime(CLOCK_MONOTONIC, &talk->start);
    talk->socket = connect_somewhere(talk);
}

/* ---- The command line ---- */

enum { KEY_NO_READ = 1000, KEY_TIMEOUT };

static const struct argp_option LIST[] = {
    {"no-read", KEY_NO_READ, NULL, 0, "Write all first and read afterwards: shows the deadlock", 0},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "Give up when nothing moves for so long (default: 10)",
     0},
    {0},
};

static int milliseconds(struct argp_state *state, const char *text)
{
    char *end;
    double seconds = strtod(text, &end);

    if (end == text || *end || !(seconds >= 0.001 && seconds <= 3600))
        argp_error(state, "--timeout: '%s' is not a number of seconds from 0.001 to 3600", text);
    return (int)(seconds * 1000);
}

static error_t take(int key, char *text, struct argp_state *state)
{
    struct talk *talk = state->input;
    const char **arguments[] = {&talk->host, &talk->port, &talk->file};

    switch (key) {
    case KEY_NO_READ:
        talk->reads_late = true;
        return 0;
    case KEY_TIMEOUT:
        talk->timeout_ms = milliseconds(state, text);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 2)
            argp_error(state, "one file only, not also %s", text);
        *arguments[state->arg_num] = text;
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num < 2)
            argp_error(state, "which server? say HOST PORT");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp ARGP = {
        .options = LIST,
        .parser = take,
        .args_doc = "HOST PORT [FILE]",
        .doc = "Sends FILE, or standard input, to an echo server and checks what comes back.\v"
               "Prints one line: same, different, cut-off, timeout or deadlock, with the bytes "
               "sent and received, and the time. Exit status: 0, the same came back; 1, it did "
               "not, or nobody is there; 64, wrong usage.",
    };
    struct talk talk = {.timeout_ms = 10000};

    argp_program_version = "echo-client (c10kit) " C10KIT_VERSION;
    argp_parse(&ARGP, argc, argv, 0, NULL, &talk);
    start(&talk);
    while (step(&talk))
        continue;
    report(&talk, "same");
    free(talk.kept);
    return EXIT_SUCCESS;
}
