/* SPDX-License-Identifier: MIT */
/*
 * Notify: a server that speaks when it has something to say. Nobody asks; whoever connects is a
 * subscriber and gets each notification as a line, "NUMBER NANOSECONDS": when it was made, by
 * CLOCK_MONOTONIC, so that a subscriber on the same machine knows how long it was under way.
 *
 * Who waits where: one thread, the loop, waits in epoll_wait for all subscribers. Each of N workers
 * waits until its next notification is due. A worker writes to no socket: two threads would mix
 * their lines. It lays the notification on a desk and, if the desk was empty, rings: a descriptor
 * that epoll watches too becomes readable (--wake). So threads and sockets are waited for in one
 * call.
 *
 * What it teaches: a socket has room nearly always, so readiness to be written to is to be asked
 * for only while something waits for room. Each line is sent at once; --interest is how the loop
 * waits where the kernel took less than all:
 *   armed    EPOLLOUT always, level-triggered: each wait returns at once, and the loop spins
 *   oneshot  EPOLLOUT only while there is a rest, once; one epoll_ctl more for each rest
 *   edge     EPOLLOUT registered once, reported when there is room again after there was none
 * The last line tells: idle-waits are returns from epoll_wait with nothing to do.
 *
 * What breaks it: a subscriber that does not read. Its queue is bounded, here and in the kernel;
 * lines that find no room are dropped, whole and for it alone. It sees the gap in the numbers.
 * Compare with: servers/epoll-lt.c and epoll-et.c, which speak only when they are spoken to.
 */
#include "lib/die.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    QUEUE = 16 << 10,        /* bytes that wait here for one subscriber at most */
    KERNEL_QUEUE = 16 << 10, /* and in the kernel, which would take megabytes; it doubles this */
    DESK = 1024,             /* notifications that wait for the loop at most */
    EVENTS = 256,            /* fetched in one wait at most */
    LINE = 48,               /* two numbers of 20 digits, a blank, a newline, and '\0' */
    WORKERS_MOST = 64,
    INTERVAL_MOST_US = 60000000,
    BACKLOG = 4096
};

#define SECOND_NS INT64_C(1000000000)

enum interest { INTEREST_ARMED, INTEREST_ONESHOT, INTEREST_EDGE };
enum wake { WAKE_EVENTFD, WAKE_PIPE, WAKE_SOCKETPAIR };

static struct {
    int interest, wake; /* of the enumerations */
    int port, workers, interval_us;
} options = {.interest = INTEREST_ONESHOT, .workers = 1, .interval_us = 10000};

struct note {
    uint64_t number;
    int64_t made_ns;
};

/* What workers and loop share. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t closing;
    bool closed;
    struct note notes[DESK];
    size_t len;
    uint64_t made, skipped; /* notifications; those due while the desk was full */
    int bell;               /* written to by who finds the desk empty */
} desk = {.lock = PTHREAD_MUTEX_INITIALIZER, .closing = PTHREAD_COND_INITIALIZER};

struct subscriber {
    struct subscriber *next;
    int fd;
    bool full; /* the kernel took less than all: EPOLLOUT will tell */
    bool gone; /* freed at the end of the round, for events of this one may still point to it */
    size_t len;
    char queue[QUEUE];
};

/* The loop's own. */
static struct {
    int epoll, listener, signals, bell;
    bool stopping, deaf, worked; /* deaf: out of descriptors; worked: this wait was of some use */
    struct subscriber *first;
    uint64_t delivered, waits, idle, partial, dropped;
} loop;

/* ---- Workers ---- */

static int64_t clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* The number is given and the note laid down under one lock, so the desk is in order. Eight bytes
   are what an eventfd takes; to a pipe they are just bytes. At most one ring is ever unheard. */
static void make_note(void)
{
    const uint64_t ring = 1;

    if (desk.len == DESK) {
        desk.skipped++;
        return;
    }
    desk.made++;
    desk.notes[desk.len] = (struct note){desk.made, clock_ns()};
    desk.len++;
    if (desk.len == 1 && write(desk.bell, &ring, sizeof ring) != sizeof ring)
        die("cannot wake the loop");
}

/* Each has its own beat, and the beats of all are evenly spread. */
static void *work(void *index)
{
    int64_t interval_ns = (int64_t)options.interval_us * 1000;
    int64_t due_ns = clock_ns() + interval_ns * (1 + (intptr_t)index);

    pthread_mutex_lock(&desk.lock);
    while (!desk.closed) {
        struct timespec due = {due_ns / SECOND_NS, due_ns % SECOND_NS};

        if (pthread_cond_clockwait(&desk.closing, &desk.lock, CLOCK_MONOTONIC, &due) != ETIMEDOUT)
            continue; /* the end, or woken for nothing */
        make_note();
        due_ns += interval_ns * options.workers;
    }
    pthread_mutex_unlock(&desk.lock);
    return NULL;
}

static void start_workers(pthread_t *workers)
{
    for (intptr_t i = 0; i < options.workers; i++) {
        errno = pthread_create(&workers[i], NULL, work, (void *)i);
        if (errno)
            die("cannot start a worker");
    }
}

static void end_workers(const pthread_t *workers)
{
    pthread_mutex_lock(&desk.lock);
    desk.closed = true;
    pthread_cond_broadcast(&desk.closing);
    pthread_mutex_unlock(&desk.lock);
    for (int i = 0; i < options.workers; i++)
        pthread_join(workers[i], NULL);
}

/* ---- Subscribers ---- */

static void watch(int operation, int fd, uint32_t events, void *whose)
{
    struct epoll_event event = {.events = events, .data.ptr = whose};

    if (epoll_ctl(loop.epoll, operation, fd, &event))
        die("cannot watch a descriptor");
}

/* Subscribers are not read from, so only their going is asked for beside the room. */
static uint32_t interest(const struct subscriber *subscriber)
{
    switch (options.interest) {
    case INTEREST_ARMED:
        return EPOLLRDHUP | EPOLLOUT;
    case INTEREST_EDGE:
        return EPOLLRDHUP | EPOLLOUT | EPOLLET;
    default:
        return EPOLLRDHUP | EPOLLONESHOT | (subscriber->full ? EPOLLOUT : 0);
    }
}

static void arm(struct subscriber *subscriber)
{
    if (options.interest == INTEREST_ONESHOT)
        watch(EPOLL_CTL_MOD, subscriber->fd, interest(subscriber), subscriber);
}

static uint64_t lines_in(const char *text, size_t len)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    return lines;
}

static void flush(struct subscriber *subscriber)
{
    ssize_t sent;
    size_t took;

    if (subscriber->len == 0 || subscriber->full || subscriber->gone)
        return;
    sent = send(subscriber->fd, subscriber->queue, subscriber->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    subscriber->gone = sent < 0 && errno != EAGAIN;
    took = sent > 0 ? (size_t)sent : 0;
    loop.worked = loop.worked || took > 0;
    loop.delivered += lines_in(subscriber->queue, took);
    subscriber->len -= took;
    memmove(subscriber->queue, subscriber->queue + took, subscriber->len);
    if (subscriber->len == 0 || subscriber->gone)
        return;
    loop.partial++;
    subscriber->full = true;
    arm(subscriber);
}

static void offer(struct subscriber *subscriber, const char *line, size_t len)
{
    if (len > QUEUE - subscriber->len)
        flush(subscriber);
    if (len > QUEUE - subscriber->len) {
        loop.dropped++;
        return;
    }
    memcpy(subscriber->queue + subscriber->len, line, len);
    subscriber->len += len;
}

static void serve(struct subscriber *subscriber, uint32_t events)
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        subscriber->gone = true;
        loop.worked = true;
        return;
    }
    subscriber->full = false;
    flush(subscriber);
    if (!subscriber->full)
        arm(subscriber); /* for its going alone */
}

/* Out of descriptors: whoever waits to be accepted would keep the listener ready and us busy, so
   we are deaf until somebody goes. */
static void welcome(void)
{
    int fd = accept4(loop.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct subscriber *subscriber;

    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
        if (!loop.first)
            die("cannot accept the first subscriber");
        watch(EPOLL_CTL_MOD, loop.listener, 0, &loop.listener);
        loop.deaf = true;
    }
    if (fd < 0)
        return; /* otherwise it has gone already */
    subscriber = malloc(sizeof *subscriber);
    if (!subscriber) {
        close(fd);
        return;
    }
    subscriber->fd = fd;
    subscriber->full = subscriber->gone = false;
    subscriber->len = 0;
    subscriber->next = loop.first;
    loop.first = subscriber;
    loop.worked = true;
    watch(EPOLL_CTL_ADD, fd, interest(subscriber), subscriber);
}

/* Frees those that have gone, or all. */
static void part(bool all)
{
    struct subscriber **at = &loop.first;

    while (*at) {
        struct subscriber *subscriber = *at;

        if (!all && !subscriber->gone) {
            at = &subscriber->next;
            continue;
        }
        *at = subscriber->next;
        close(subscriber->fd);
        free(subscriber);
        if (loop.deaf)
            watch(EPOLL_CTL_MOD, loop.listener, EPOLLIN, &loop.listener);
        loop.deaf = false;
    }
}

/* ---- The loop ---- */

/* First the bell, then the desk: a note laid down in between is taken now, and its ring is heard
   in the next round. */
static size_t clear_desk(struct note notes[DESK])
{
    char rings[64];
    size_t len;

    if (read(loop.bell, rings, sizeof rings) < 0 && errno != EAGAIN)
        die("cannot hear the bell");
    pthread_mutex_lock(&desk.lock);
    len = desk.len;
    memcpy(notes, desk.notes, len * sizeof *notes);
    desk.len = 0;
    pthread_mutex_unlock(&desk.lock);
    return len;
}

static void hand_out(void)
{
    static struct note notes[DESK];
    size_t len = clear_desk(notes);
    char line[LINE];

    for (size_t i = 0; i < len; i++) {
        int length = snprintf(line, sizeof line, "%ju %jd\n", (uintmax_t)notes[i].number,
                              (intmax_t)notes[i].made_ns);

        for (struct subscriber *each = loop.first; each; each = each->next)
            offer(each, line, (size_t)length);
    }
    for (struct subscriber *each = loop.first; each; each = each->next)
        flush(each);
    loop.worked = loop.worked || len > 0;
}

static void dispatch(const struct epoll_event *event)
{
    void *whose = event->data.ptr;

    if (whose == &loop.listener)
        welcome();
    else if (whose == &loop.bell)
        hand_out();
    else if (whose == &loop.signals)
        loop.stopping = true;
    else
        serve(whose, event->events);
}

static void turn(void)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(loop.epoll, events, EVENTS, -1);

    if (ready < 0 && errno != EINTR)
        die("cannot wait in epoll_wait");
    loop.waits++;
    loop.worked = false;
    for (int i = 0; i < ready; i++)
        dispatch(&events[i]);
    part(false);
    loop.idle += !loop.worked && !loop.stopping;
}

/* ---- Start and end ---- */

static void listen_and_tell(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)options.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    const int one = 1, room = KERNEL_QUEUE;

    loop.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* Accepted sockets inherit these. TCP_NODELAY: a line must not wait for the ACK of the last. */
    if (loop.listener < 0 ||
        setsockopt(loop.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        setsockopt(loop.listener, SOL_SOCKET, SO_SNDBUF, &room, sizeof room) ||
        setsockopt(loop.listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) ||
        bind(loop.listener, (struct sockaddr *)&address, len) || listen(loop.listener, BACKLOG) ||
        getsockname(loop.listener, (struct sockaddr *)&address, &len))
        die("cannot listen on 127.0.0.1:%d", options.port);
    printf("ready 127.0.0.1:%d\n", ntohs(address.sin_port));
    if (fflush(stdout))
        die("cannot write the ready line");
}

/* An eventfd is a number that one writes to and one reads; it needs one descriptor and no buffer.
   Pipe and socketpair are streams of bytes with two ends: older, and known to every Unix. */
static void hang_bell(void)
{
    int ends[2] = {-1, -1};
    int error = 0;

    if (options.wake == WAKE_EVENTFD)
        ends[0] = ends[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    else if (options.wake == WAKE_PIPE)
        error = pipe2(ends, O_NONBLOCK | O_CLOEXEC);
    else
        error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
    if (error || ends[0] < 0)
        die("cannot make the descriptor that wakes the loop");
    loop.bell = ends[0];
    desk.bell = ends[1];
}

/* Signals are one more descriptor to be read; blocked in all threads, they interrupt no call. */
static void block_signals(void)
{
    sigset_t stops;

    sigemptyset(&stops);
    sigaddset(&stops, SIGHUP);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGQUIT);
    sigaddset(&stops, SIGTERM);
    sigprocmask(SIG_SETMASK, &stops, NULL);
    loop.signals = signalfd(-1, &stops, SFD_CLOEXEC);
    if (loop.signals < 0)
        die("cannot make a signalfd");
}

static void start(void)
{
    block_signals();
    hang_bell();
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop.epoll < 0)
        die("cannot set up epoll");
    listen_and_tell();
    watch(EPOLL_CTL_ADD, loop.listener, EPOLLIN, &loop.listener);
    watch(EPOLL_CTL_ADD, loop.signals, EPOLLIN, &loop.signals);
    watch(EPOLL_CTL_ADD, loop.bell, EPOLLIN, &loop.bell);
}

static void finish(void)
{
    part(true);
    fprintf(stderr,
            "stopped: notifications=%ju delivered=%ju waits=%ju idle-waits=%ju partial-writes=%ju "
            "dropped=%ju skipped=%ju\n",
            (uintmax_t)desk.made, (uintmax_t)loop.delivered, (uintmax_t)loop.waits,
            (uintmax_t)loop.idle, (uintmax_t)loop.partial, (uintmax_t)loop.dropped,
            (uintmax_t)desk.skipped);
}

/* ---- The command line ---- */

enum { KEY_INTEREST = 1000, KEY_WAKE, KEY_WORKERS, KEY_INTERVAL, KEY_PORT };

static const struct argp_option LIST[] = {
    {"interest", KEY_INTEREST, "armed|oneshot|edge", 0,
     "How to wait for room in a socket: armed spins (default: oneshot)", 0},
    {"wake", KEY_WAKE, "eventfd|pipe|socketpair", 0, "How workers wake the loop (default: eventfd)",
     0},
    {"workers", KEY_WORKERS, "N", 0, "Threads that make notifications (1 to 64; default: 1)", 0},
    {"interval", KEY_INTERVAL, "US", 0,
     "Microseconds from one notification to the next, whoever makes it (default: 10000)", 0},
    {"port", KEY_PORT, "N", 0, "Listen on this port; 0: the kernel chooses (default: 0)", 0},
    {0},
};

static int number(struct argp_state *state, const char *text, int least, int most)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value < least || value > most)
        argp_error(state, "%s is not a whole number from %d to %d", text, least, most);
    return (int)value;
}

/* Which of the three words it is. */
static int choice(struct argp_state *state, const char *text, const char *const words[3])
{
    for (int i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    argp_error(state, "%s is none of %s, %s, %s", text, words[0], words[1], words[2]);
    return 0;
}

static error_t take(int key, char *text, struct argp_state *state)
{
    static const char *const INTERESTS[] = {"armed", "oneshot", "edge"};
    static const char *const WAKES[] = {"eventfd", "pipe", "socketpair"};

    switch (key) {
    case KEY_INTEREST:
        options.interest = choice(state, text, INTERESTS);
        return 0;
    case KEY_WAKE:
        options.wake = choice(state, text, WAKES);
        return 0;
    case KEY_WORKERS:
        options.workers = number(state, text, 1, WORKERS_MOST);
        return 0;
    case KEY_INTERVAL:
        options.interval_us = number(state, text, 1, INTERVAL_MOST_US);
        return 0;
    case KEY_PORT:
        options.port = number(state, text, 0, UINT16_MAX);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "%s: no arguments are taken, only options", text);
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp ARGP = {
        .options = LIST,
        .parser = take,
        .doc = "Sends notifications to all who connect: lines of a number and the time at which it "
               "was made (CLOCK_MONOTONIC, ns).\v"
               "SIGTERM ends it with one line of counts on standard error.",
    };
    pthread_t workers[WORKERS_MOST];

    argp_program_version = "notify (c10kit) " C10KIT_VERSION;
    argp_parse(&ARGP, argc, argv, 0, NULL, NULL);
    start();
    start_workers(workers);
    while (!loop.stopping)
        turn();
    end_workers(workers);
    finish();
    return EXIT_SUCCESS;
}
