/* SPDX-License-Identifier: MIT */
/* What a child leaves that has ended, and what slow calls do when a handler interrupts them. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"
#include "bench/lab/subject.h"

enum { STATUS = 42, MEMORY = 8 << 20, STEP_US = 200, LONG_MS = 100, LIMIT_MS = 2000 };

/* ---- Slow calls: each waits for what does not come ---- */

static int silent[2]; /* a pair of sockets, and a pipe that has nothing */

static void in_read(void)
{
    char byte;
    int ends[2];
    if (pipe(ends) == 0 && read(ends[0], &byte, 1) == 1)
        abort();
}

static void in_recv(void)
{
    char byte;
    recv(silent[0], &byte, 1, 0);
}

static void in_recv_with_timeout(void)
{
    const struct timeval limit = {.tv_usec = LONG_MS * 1000};
    setsockopt(silent[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    in_recv();
}

static void in_wait(void)
{
    pid_t child = fork();
    if (child == 0) {
        usleep(LONG_MS * 1000);
        _exit(EXIT_SUCCESS);
    }
    waitpid(child, NULL, 0);
    int error = errno;
    kill(child, SIGKILL);
    errno = error;
}

static void in_sem_wait(void)
{
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    sem_wait(&semaphore);
}

static void in_poll(void)
{
    poll(NULL, 0, LONG_MS);
}

static void in_select(void)
{
    struct timeval limit = {.tv_usec = LONG_MS * 1000};
    select(0, NULL, NULL, NULL, &limit);
}

static void in_epoll_wait(void)
{
    struct epoll_event event;
    epoll_wait(epoll_create1(0), &event, 1, LONG_MS);
}

static void in_nanosleep(void)
{
    const struct timespec limit = {0, LONG_MS * 1000000};
    nanosleep(&limit, NULL);
}

static const struct slow {
    const char *name;
    void (*call)(void);
} calls[] = {
    {"read", in_read},
    {"recv", in_recv},
    {"waitpid", in_wait},
    {"sem_wait", in_sem_wait},
    {"recv-timeout", in_recv_with_timeout},
    {"poll", in_poll},
    {"select", in_select},
    {"epoll_wait", in_epoll_wait},
    {"nanosleep", in_nanosleep},
};
enum { CALLS = sizeof calls / sizeof *calls };

struct scene {
    const struct slow *slow;
    bool restart;
    _Atomic bool calling, returned;
    _Atomic bool first, second; /* has come */
    bool begun_again;
    int error;
};

static struct scene *scene;

static void on_first(int number)
{
    (void)number;
    scene->first = true;
}

static void on_second(int number)
{
    (void)number;
    scene->second = true;
}

static void call(void *memory)
{
    scene = memory;
    struct sigaction first = {.sa_handler = on_first, .sa_flags = scene->restart ? SA_RESTART : 0};
    struct sigaction second = {.sa_handler = on_second};
    sigaction(SIGUSR1, &first, NULL);
    sigaction(SIGUSR2, &second, NULL);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, silent) < 0)
        _exit(EXIT_FAILURE);
    scene->calling = true;
    errno = 0;
    scene->slow->call();
    scene->error = errno;
    scene->returned = true;
    scene->begun_again = scene->second; /* the second signal, whose handler restarts nothing */
}

/* Or until the call has returned. */
static void wait_until_asleep(const struct scene *mine, pid_t subject)
{
    for (unsigned us = 0; us < LIMIT_MS * 1000; us += STEP_US) {
        usleep(STEP_US);
        if (mine->returned || subject_sleeps(subject))
            return;
    }
}

static void interrupt(struct experiment *experiment, const struct slow *slow, bool restart)
{
    struct scene *mine = subject_memory(experiment, sizeof *mine);
    bool hung;
    mine->slow = slow;
    mine->restart = restart;
    pid_t subject = subject_start(experiment, call, mine);
    for (unsigned ms = 0; !mine->calling && ms < LIMIT_MS; ms++)
        usleep(1000);
    wait_until_asleep(mine, subject);
    kill(subject, SIGUSR1);
    for (unsigned us = 0; !mine->first && us < LIMIT_MS * 1000; us += STEP_US)
        usleep(STEP_US);
    wait_until_asleep(mine, subject);
    if (!mine->returned)
        kill(subject, SIGUSR2);
    int status = subject_wait(subject, LIMIT_MS, &hung);
    if (hung || status != 0 || mine->error != EINTR)
        experiment_fail(experiment, "%s ends by something else than a signal", slow->name);
    experiment_share(experiment, slow->name, restart ? "begun_again_restart" : "begun_again_plain",
                     mine->begun_again, 1);
}

/* ---- What a child leaves ---- */

static bool has_line(pid_t child, const char *line)
{
    char *path = text_format("/proc/%d/status", (int)child), *text = text_read(path);
    bool found = text && strstr(text, line);
    free(text);
    free(path);
    return found;
}

static bool holds_descriptors(pid_t child)
{
    char link[256], *path = text_format("/proc/%d/fd/0", (int)child);
    bool held = readlink(path, link, sizeof link) >= 0;
    free(path);
    return held;
}

static void end_with_status(void *memory)
{
    memset(memory, 1, 1);
    char *own = malloc(MEMORY);
    if (own)
        memset(own, 1, MEMORY);
    _exit(STATUS);
}

static void look_at_zombie(struct experiment *experiment)
{
    char *memory = subject_memory(experiment, 1);
    pid_t child = subject_start(experiment, end_with_status, memory);
    siginfo_t info;
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT); /* it has ended, and is not waited for */
    experiment_share(experiment, "zombie", "entry_stays", has_line(child, "State:\tZ"), 1);
    experiment_share(experiment, "zombie", "holds_memory", has_line(child, "VmRSS:"), 1);
    experiment_share(experiment, "zombie", "holds_descriptors", holds_descriptors(child), 1);
    int status = subject_wait(child, LIMIT_MS, NULL);
    experiment_share(experiment, "zombie", "status_kept",
                     WIFEXITED(status) && WEXITSTATUS(status) == STATUS, 1);
    experiment_share(experiment, "zombie", "gone_when_waited_for", !has_line(child, "State:"), 1);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    if (cell == 2 * CALLS)
        look_at_zombie(experiment);
    else
        interrupt(experiment, &calls[cell / 2], cell % 2);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, 2 * CALLS + 1, try_one);
}

/* ---- The verdict ---- */

static bool is_owed_its_status(const struct figures *figures)
{
    return figures_interval(figures, "zombie", "status_kept").mean == 1 &&
           figures_interval(figures, "zombie", "entry_stays").mean == 1 &&
           figures_interval(figures, "zombie", "gone_when_waited_for").mean == 1 &&
           figures_interval(figures, "zombie", "holds_memory").mean == 0;
}

static struct claim_verdict judge(const struct figures *figures)
{
    char again[FIGURE_TEXT_SIZE] = "", fail[FIGURE_TEXT_SIZE] = "";
    for (size_t i = 0; i < CALLS; i++) {
        struct interval restart = figures_interval(figures, calls[i].name, "begun_again_restart");
        if (restart.n == 0)
            return verdict_undecided("%s was not tried", calls[i].name);
        if (restart.mean > 0 && restart.mean < 1)
            return verdict_undecided("%s began again only sometimes", calls[i].name);
        char *list = restart.mean == 1 ? again : fail;
        size_t used = strlen(list);
        snprintf(list + used, sizeof again - used, "%s%s", used ? ", " : "", calls[i].name);
    }
    if (!is_owed_its_status(figures) || !*again)
        return verdict_refuted();
    if (!*fail)
        return verdict_confirmed();
    return verdict_depends("the call: %.80s begin again; %.80s fail", again, fail);
}

const struct claim claim_e4 = {
    .id = "e4",
    .said = "A child cannot free itself, for its status is owed to its parent; a slow system call "
            "that a handler interrupts fails with EINTR, or begins again under SA_RESTART.",
    .test = "A child with 8 MiB ends; what is left of it is looked at before and after it is "
            "waited for. And nine calls wait for what does not come while a signal with a handler "
            "comes, with SA_RESTART and without; a second signal ends those that began again.",
    .rule = "Refuted: the entry does not stay until it is waited for, without memory and with the "
            "exit status, or no call begins again under SA_RESTART. Confirmed: every call does. "
            "Depends: some calls do. Undecided: a call does only sometimes.",
    .repeats = 5,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
