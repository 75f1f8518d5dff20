/* SPDX-License-Identifier: MIT */
/*
 * Signal-driven: one thread, and a real-time signal for each change on a socket: the road that was
 * not taken when epoll came.
 *
 * Who waits where: the thread waits in sigtimedwait. The signal is blocked, so it queues, and no
 * handler runs. Each socket was told once whom to signal, and with what (F_SETOWN, F_SETSIG,
 * O_ASYNC). The signal brings the descriptor; one call, one signal.
 *
 * The traps. A change is told once, so turns go on until EAGAIN; one from before O_ASYNC is never
 * told, so turns follow it. Nothing is merged: ten segments are ten signals. Who goes leaves his
 * signals behind, for the next with his number: a turn for nothing. Anybody may send a signal like
 * ours; only the kernel's says what has changed. The queue is bounded, for all of a user's
 * processes together (RLIMIT_SIGPENDING): when it is full there comes one SIGIO that does not say
 * for whom. Then what is queued is thrown away, and poll asks all.
 *
 * Longer than the others: it takes epoll-et's list, a table by descriptor, and poll on top of them.
 *
 * One more client costs: three calls once, and no work while it is silent.
 * What breaks it: a burst. When there is most to do, it has to be found out by poll.
 * Compare with: epoll-et, which tells the same changes merged, many in one call, and loses none.
 */
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    DESCRIPTORS = 1 << 20, /* the kernel's bound for a process, unless told otherwise (nr_open) */
    SIGNALS = 64,          /* taken at most before the turns of those on the list */
    BUDGET = 16            /* turns for one connection at a time: 256 KiB each way */
};

static struct {
    struct conns conns;
    struct conn *by_fd[DESCRIPTORS]; /* of which only what is touched takes memory */
    int highest;                     /* that was ever used */
    sigset_t signals;                /* changed, and SIGIO */
    pid_t pid;
    int changed;        /* the real-time signal */
    bool newcomers;     /* somebody may wait to be accepted */
    struct conn *first; /* the list of those who may have more to give: note is true */
} loop;

static long queue;

static const struct knob knobs[] = {
    {.name = "queue",
     .help = "Signals that may be queued (RLIMIT_SIGPENDING); 0: as many as the system allows",
     .value = &queue,
     .max = 1 << 20,
     .sweep = "1|16|256"},
    {0},
};

static const struct model model = {
    .name = "signal-driven",
    .title = "one thread, a real-time signal for each change (F_SETSIG), poll when too many come",
    .family = "readiness",
    .max_descriptors = DESCRIPTORS,
    .knobs = knobs,
};

static void serve(struct conn *conn)
{
    enum conn_turn turn = CONN_MORE;

    if (conn->note)
        return;
    for (int i = 0; i < BUDGET && turn != CONN_DONE && turn != CONN_BLOCKED; i++)
        turn = conn_turn(conn);
    if (turn == CONN_DONE) {
        loop.by_fd[conn->fd] = NULL;
        conn_close(conn);
    } else if (turn != CONN_BLOCKED) {
        conn->note = true;
        conn->next = loop.first;
        loop.first = conn;
    }
}

static void serve_list(void)
{
    struct conn *conn = loop.first;

    loop.first = NULL;
    while (conn) {
        struct conn *next = conn->next;

        conn->note = false;
        serve(conn);
        conn = next;
    }
}

/* From here on each change is told. Returns false where that cannot be had. */
static bool signal_changes(int fd)
{
    return fcntl(fd, F_SETSIG, loop.changed) == 0 && fcntl(fd, F_SETOWN, loop.pid) == 0 &&
           fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK | O_ASYNC) == 0;
}

/* Who is served in one turn needs no signals. */
static void serve_newcomer(struct conn *conn)
{
    if (conn_turn(conn) == CONN_DONE) {
        conn_close(conn);
    } else if (conn->fd >= DESCRIPTORS || !signal_changes(conn->fd)) {
        conn_refuse(conn);
    } else {
        loop.by_fd[conn->fd] = conn;
        if (conn->fd > loop.highest)
            loop.highest = conn->fd;
        serve(conn);
    }
}

/* A newcomer's signal is taken, and he may still wait: behind 64 others, or for a descriptor. */
static void welcome(void)
{
    struct pollfd entry = {.fd = server_listener(), .events = POLLIN};

    server_welcome(&loop.conns, serve_newcomer);
    loop.newcomers = poll(&entry, 1, 0) != 0;
}

/* To ignore a signal empties its queue, in two calls instead of one for each in it. What comes
   after that is told again; what came before, poll sees. */
static void ask_all(void)
{
    static struct pollfd entries[DESCRIPTORS];
    nfds_t count = 0;
    bool failed;

    (void)signal(loop.changed, SIG_IGN);
    (void)signal(loop.changed, SIG_DFL);
    loop.newcomers = true;
    for (int fd = 0; fd <= loop.highest; fd++) {
        if (loop.by_fd[fd])
            entries[count++] = (struct pollfd){
                .fd = fd, .events = conn_want(loop.by_fd[fd]) == CONN_WRITE ? POLLOUT : POLLIN};
    }
    failed = poll(entries, count, 0) < 0; /* a stop, or no memory: then it is tried */
    for (nfds_t i = 0; i < count; i++) {
        if (failed || entries[i].revents)
            serve(loop.by_fd[entries[i].fd]);
    }
}

/* A sender other than the kernel has a code of 0 or less, and si_fd means nothing. */
static void take(const siginfo_t *info)
{
    if (info->si_signo == SIGIO)
        ask_all();
    else if (info->si_code > 0 && info->si_fd == server_listener())
        loop.newcomers = true;
    else if (info->si_code > 0 && info->si_fd < DESCRIPTORS && loop.by_fd[info->si_fd])
        serve(loop.by_fd[info->si_fd]);
}

/* Returns whether a signal came. */
static bool wait_for_signal(void)
{
    bool busy = loop.first || loop.newcomers;
    int wait_ms = conns_wait_ms(&loop.conns), signal;
    struct timespec wait = {busy ? 0 : wait_ms / 1000, busy ? 0 : wait_ms % 1000 * 1000000L};
    siginfo_t info;

    signal = sigtimedwait(&loop.signals, &info, busy || wait_ms >= 0 ? &wait : NULL);
    if (signal < 0 && errno != EAGAIN && errno != EINTR)
        die("cannot wait in sigtimedwait");
    conns_tick(&loop.conns);
    if (signal > 0)
        take(&info);
    return signal > 0;
}

static void start(void)
{
    struct rlimit limit = {(rlim_t)queue, (rlim_t)queue};

    conns_init(&loop.conns, server_rules());
    if (queue && setrlimit(RLIMIT_SIGPENDING, &limit))
        die("cannot have %ld signals queued", queue);
    loop.pid = getpid();
    loop.changed = SIGRTMIN;
    sigemptyset(&loop.signals);
    sigaddset(&loop.signals, SIGIO);
    sigaddset(&loop.signals, loop.changed);
    sigprocmask(SIG_BLOCK, &loop.signals, NULL);
    if (!signal_changes(server_listener()))
        die("cannot have signals from the listener");
    loop.newcomers = true; /* who came before that */
}

int main(int argc, char **argv)
{
    struct conn *conn;
    int taken = 0; /* signals, one after the other */

    server_start(&model, argc, argv);
    start();
    while (conns_live(&loop.conns)) {
        if (!wait_for_signal() || ++taken == SIGNALS) {
            taken = 0;
            if (loop.newcomers)
                welcome();
            serve_list();
            while ((conn = conns_due(&loop.conns))) /* who is ready has his turn before that */
                serve(conn);
        }
        if (loop.conns.stopping)
            server_deafen();
    }
    conns_finish(&loop.conns);
    return server_end();
}
