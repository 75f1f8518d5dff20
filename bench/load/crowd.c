/* SPDX-License-Identifier: MIT */
#include "bench/load/crowd.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/clock.h"
#include "bench/load/complain.h"
#include "bench/load/target.h"
#include "bench/base/text.h"

enum {
    EVENTS = 256,
    OPENING_MOST = 256, /* at a time: a backlog must hold them */
    TICK_MS = 10,       /* how exact the scripts' pauses are */
    CALM_MS = 100,      /* no script has pauses: how soon a stop is seen */
    GULP = 64 << 10,
    SIP = 16,            /* bytes that a slow reader takes */
    SMALL_WINDOW = 4096, /* of a slow reader's receive buffer: the server feels it soon */
    VOLLEYS = 64         /* a fire hose's sends before the others have their turn */
};

enum talk { SAY_NOTHING, SAY_BYTE, SAY_ONCE, SAY_ALL };
enum ear { HEAR_NOTHING, HEAR_LITTLE, HEAR_ALL };

static const struct script {
    const char *name;
    enum talk talk;
    enum ear ear;
    unsigned pause_ms; /* between two steps; 0: whenever the kernel lets it */
    bool again;        /* opened anew when it is closed */
    bool resets;       /* by itself, after it has spoken */
} scripts[CROWD_SCRIPTS] = {
    [CROWD_IDLE] = {"idle", SAY_NOTHING, HEAR_NOTHING, 0, false, false},
    [CROWD_SILENT] = {"silent", SAY_NOTHING, HEAR_NOTHING, 0, true, false},
    [CROWD_SLOW_HEADER] = {"slow-header", SAY_BYTE, HEAR_ALL, 100, true, false},
    [CROWD_SLOW_READER] = {"slow-reader", SAY_ALL, HEAR_LITTLE, 100, true, false},
    [CROWD_FIRE_HOSE] = {"fire-hose", SAY_ALL, HEAR_ALL, 0, true, false},
    [CROWD_RESET] = {"reset", SAY_ONCE, HEAR_NOTHING, 10, true, true},
};

struct guest {
    int fd;
    enum crowd_script script;
    bool connected, done;
    size_t offset; /* in the requests, of what is said next */
    uint64_t next_ns;
};

struct crowd {
    const struct target *target;
    struct guest *guests;
    size_t count, opening;
    int epoll;
    bool has_pauses;
    char *buffer;
    pthread_t thread;
    atomic_bool stop;
    struct crowd_counts counts[CROWD_SCRIPTS]; /* the thread's, until it has ended */
};

const char *crowd_script_name(enum crowd_script script)
{
    return scripts[script].name;
}

static struct crowd_counts *counts_of(struct crowd *crowd, const struct guest *guest)
{
    return &crowd->counts[guest->script];
}

/* ---- Coming and going ---- */

static void enter(struct crowd *crowd, struct guest *guest)
{
    const struct script *script = &scripts[guest->script];
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = guest};
    static const int small = SMALL_WINDOW;
    guest->connected = false;
    guest->offset = 0;
    guest->fd = target_connect(crowd->target);
    if (guest->fd >= 0 && script->ear == HEAR_LITTLE)
        (void)setsockopt(guest->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (guest->fd < 0 || epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, guest->fd, &event)) {
        counts_of(crowd, guest)->refused++;
        if (guest->fd >= 0)
            close(guest->fd);
        guest->fd = -1;
        guest->next_ns = clock_now_ns() + CALM_MS * UINT64_C(1000000);
        return;
    }
    crowd->opening++;
}

static void leave(struct crowd *crowd, struct guest *guest)
{
    if (!guest->connected)
        crowd->opening--;
    close(guest->fd);
    guest->fd = -1;
    guest->done = !scripts[guest->script].again;
    /* Never at once: a server that throws everybody out is not to be stormed. */
    guest->next_ns = clock_now_ns() + TICK_MS * UINT64_C(1000000);
}

static void thrown_out(struct crowd *crowd, struct guest *guest)
{
    if (guest->connected)
        counts_of(crowd, guest)->closed++;
    else
        counts_of(crowd, guest)->refused++;
    leave(crowd, guest);
}

static void reset(struct crowd *crowd, struct guest *guest)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(guest->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    counts_of(crowd, guest)->resets++;
    leave(crowd, guest);
}

/* ---- One step of a script ---- */

/* False: the connection is gone. */
static bool say(struct crowd *crowd, struct guest *guest)
{
    const struct target *target = crowd->target;
    enum talk talk = scripts[guest->script].talk;
    size_t all = target->requests * target->request_len;
    size_t last = talk == SAY_BYTE  ? target->request_len - 1
                  : talk == SAY_ALL ? all
                                    : target->request_len;
    int volleys = talk == SAY_ALL ? VOLLEYS : 1;
    for (int i = 0; i < volleys && guest->offset < last; i++) {
        size_t len = talk == SAY_BYTE ? 1 : last - guest->offset;
        ssize_t sent = send(guest->fd, target->request + guest->offset, len, MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (sent < 0)
            return false;
        counts_of(crowd, guest)->bytes_sent += (uint64_t)sent;
        guest->offset += (size_t)sent;
        if (talk == SAY_ALL)
            guest->offset %= all;
    }
    return true;
}

/* False: the connection is gone. */
static bool hear(struct crowd *crowd, struct guest *guest)
{
    bool all = scripts[guest->script].ear == HEAR_ALL;
    for (;;) {
        ssize_t got = recv(guest->fd, crowd->buffer, all ? GULP : SIP, 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (got < 0)
            return true;
        counts_of(crowd, guest)->bytes_read += (uint64_t)got;
        if (!all)
            return true;
    }
}

static void act(struct crowd *crowd, struct guest *guest, uint64_t now_ns)
{
    const struct script *script = &scripts[guest->script];
    guest->next_ns = now_ns + script->pause_ms * UINT64_C(1000000);
    if ((script->talk != SAY_NOTHING && !say(crowd, guest)) ||
        (script->ear != HEAR_NOTHING && !hear(crowd, guest)))
        thrown_out(crowd, guest);
    else if (script->resets)
        reset(crowd, guest);
}

static void greet(struct crowd *crowd, struct guest *guest)
{
    guest->connected = true;
    crowd->opening--;
    counts_of(crowd, guest)->opened++;
}

/* A script with pauses acts when its time has come, not when the kernel has news. */
static void meet(struct crowd *crowd, struct guest *guest, uint32_t events, uint64_t now_ns)
{
    const struct script *script = &scripts[guest->script];
    if (events & (EPOLLERR | EPOLLHUP)) {
        thrown_out(crowd, guest);
        return;
    }
    if (!guest->connected && (events & EPOLLOUT))
        greet(crowd, guest);
    if ((events & EPOLLRDHUP) && script->ear != HEAR_LITTLE)
        thrown_out(crowd, guest);
    else if (script->pause_ms == 0)
        act(crowd, guest, now_ns);
}

/* ---- The thread ---- */

static void wait_and_meet(struct crowd *crowd, int patience_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(crowd->epoll, events, EVENTS, patience_ms);
    uint64_t now = clock_now_ns();
    for (int i = 0; i < count; i++)
        meet(crowd, events[i].data.ptr, events[i].events, now);
}

/* A fire hose that had its volleys has no news to wait for: it goes on with each tick as well. */
static void tick(struct crowd *crowd)
{
    uint64_t now = clock_now_ns();
    for (size_t i = 0; i < crowd->count; i++) {
        struct guest *guest = &crowd->guests[i];
        const struct script *script = &scripts[guest->script];
        if (guest->done || now < guest->next_ns)
            continue;
        if (guest->fd < 0)
            enter(crowd, guest);
        else if (guest->connected && script->talk != SAY_NOTHING)
            act(crowd, guest, now);
    }
}

static void *keep(void *argument)
{
    struct crowd *crowd = argument;
    uint64_t next_ns = 0;
    while (!crowd->stop) {
        wait_and_meet(crowd, crowd->has_pauses ? TICK_MS : CALM_MS);
        uint64_t now = clock_now_ns();
        if (now < next_ns)
            continue;
        tick(crowd);
        next_ns = now + (crowd->has_pauses ? TICK_MS : CALM_MS) * UINT64_C(1000000);
    }
    return NULL;
}

static void open_all(struct crowd *crowd, uint64_t patience_ns)
{
    uint64_t end = clock_now_ns() + patience_ns;
    size_t next = 0;
    while ((next < crowd->count || crowd->opening > 0) && clock_now_ns() < end) {
        while (next < crowd->count && crowd->opening < OPENING_MOST)
            enter(crowd, &crowd->guests[next++]);
        wait_and_meet(crowd, TICK_MS);
    }
}

struct crowd *crowd_start(const struct target *target, const unsigned wanted[CROWD_SCRIPTS],
                          uint64_t patience_ns)
{
    size_t count = 0;
    for (int i = 0; i < CROWD_SCRIPTS; i++)
        count += wanted[i];
    if (count == 0)
        return NULL;
    struct crowd *crowd = text_allocate(1, sizeof *crowd);
    crowd->target = target;
    crowd->guests = text_allocate(count, sizeof *crowd->guests);
    crowd->buffer = text_allocate(GULP, 1);
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < CROWD_SCRIPTS; i++) {
        crowd->counts[i].asked = wanted[i];
        crowd->has_pauses |= wanted[i] > 0 && i != CROWD_IDLE;
        for (unsigned n = 0; n < wanted[i]; n++)
            crowd->guests[crowd->count++] =
                (struct guest){.fd = -1, .script = (enum crowd_script)i};
    }
    if (crowd->epoll < 0)
        complain_and_exit("cannot set up epoll: %s", strerror(errno));
    open_all(crowd, patience_ns);
    int error = pthread_create(&crowd->thread, NULL, keep, crowd);
    if (error)
        complain_and_exit("cannot start a thread: %s", strerror(error));
    return crowd;
}

void crowd_stop(struct crowd *crowd, struct crowd_counts counts[CROWD_SCRIPTS])
{
    memset(counts, 0, CROWD_SCRIPTS * sizeof *counts);
    if (!crowd)
        return;
    crowd->stop = true;
    pthread_join(crowd->thread, NULL);
    memcpy(counts, crowd->counts, sizeof crowd->counts);
    for (size_t i = 0; i < crowd->count; i++)
        if (crowd->guests[i].fd >= 0)
            close(crowd->guests[i].fd);
    close(crowd->epoll);
    free(crowd->buffer);
    free(crowd->guests);
    free(crowd);
}
