/* SPDX-License-Identifier: MIT */
/*
 * Fork: a process for each connection.
 *
 * Who waits where: the parent waits in accept; each child waits in recv for its own client. A
 * child that ends becomes a zombie and raises SIGCHLD; signals of one kind coalesce while one is
 * pending, so the handler must reap in a loop. It may interrupt any call of the parent (EINTR).
 *
 * One more client costs: a process (page tables, kernel stack, task), a fork and an exit.
 * What breaks it: many short connections (the fork is most of the work), RLIMIT_NPROC, memory.
 * What it gives: a crash is one client's loss alone.
 * Compare with: thread, the same loop with less of its own for each client.
 */
#include "lib/children.h"
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum reaper { REAPER_LOOP, REAPER_ONCE, REAPER_NONE, REAPER_IGNORE };

enum { LATE_MS = 200 }; /* the children cut off by themselves: so much later we are sure */

static long reaper = REAPER_LOOP;

static const struct knob knobs[] = {
    {.name = "reaper",
     .help =
         "What SIGCHLD does: reap all, reap one, nothing (zombies stay), or leave it to the kernel",
     .value = &reaper,
     .choices = "loop|!once|!none|ignore"},
    {0},
};

static const struct model model = {
    .name = "fork",
    .title = "a process for each connection, reaped on SIGCHLD",
    .family = "blocking",
    .blocking = true,
    .accept_blocks = true,
    .knobs = knobs,
};

static struct {
    pid_t parent;
    struct conns conns; /* the children's: each has a copy of its own */
    struct children children;
} family;

/* Returns whether a child was there to be reaped. */
static bool reap_one(void)
{
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);

    if (pid > 0 && WIFSIGNALED(status))
        server_count(COUNT_FAILED); /* its crash is its client's loss, and nobody else's */
    return pid > 0;
}

static void on_child(int signal)
{
    int saved = errno; /* the interrupted code may be about to read it */

    (void)signal;
    while (reap_one() && reaper == REAPER_LOOP) {
    }
    errno = saved;
}

static void handle_children(void)
{
    struct sigaction action = {.sa_flags = SA_NOCLDSTOP};

    sigemptyset(&action.sa_mask);
    action.sa_handler = reaper == REAPER_NONE     ? SIG_DFL
                        : reaper == REAPER_IGNORE ? SIG_IGN
                                                  : on_child;
    if (sigaction(SIGCHLD, &action, NULL))
        die("cannot handle SIGCHLD");
}

static _Noreturn void serve(int fd)
{
    server_deafen();                  /* it is the parent that listens */
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* the parent's end, however it comes, is ours */
    if (getppid() != family.parent)
        raise(SIGTERM);
    conns_converse(&family.conns, fd);
    _exit(0);
}

static void start_child(int fd)
{
    pid_t pid;

    conns_tick(&family.conns); /* the date is written once a second, not once for each child */
    pid = fork();
    if (pid == 0)
        serve(fd);
    if (pid < 0) {
        server_refuse(fd);
        return;
    }
    if (!children_add(&family.children, pid))
        (void)kill(pid, SIGTERM); /* it could not be told later */
    close(fd);
}

/* Returns whether there is a child still. */
static bool reap_all(void)
{
    errno = 0;
    while (reap_one()) {
    }
    return errno != ECHILD;
}

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Tells the children to stop and waits for the last of them. Those that outlive the drain timeout
   by LATE_MS are ended. */
static void end_children(void)
{
    const struct timespec tick = {0, SERVER_NUDGE_MS * 1000000L};
    int64_t end_ms = clock_ms() + server_rules()->timeout_ms[TIMER_DRAIN] + LATE_MS;
    sigset_t chld;

    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    children_tell(&family.children, SIGTERM);
    while (reap_all() && clock_ms() <= end_ms + LATE_MS) {
        if (clock_ms() > end_ms)
            children_tell(&family.children, SIGKILL);
        sigtimedwait(&chld, NULL, &tick);
    }
}

int main(int argc, char **argv)
{
    int fd;

    server_start(&model, argc, argv);
    handle_children();
    family.parent = getpid();
    conns_init(&family.conns, server_rules());
    while ((fd = server_accept()) >= 0)
        start_child(fd);
    end_children();
    children_finish(&family.children);
    return server_end();
}
