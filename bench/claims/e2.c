/* SPDX-License-Identifier: MIT */
/* Many children end at once: what do four ways to be rid of them leave behind? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lab/experiment.h"
#include "bench/lab/subject.h"

enum { LIMIT_MS = 10000, SETTLE_US = 2000, FEW = 10 };

enum way { LOOP, ONCE, IGNORE, NO_WAIT, WAYS };
static const char *const ways[] = {"loop", "once", "ignore", "no-wait"};
static const unsigned counts[] = {1, 2, 5, 10, 20, 50, 100, 200};
enum { COUNTS = sizeof counts / sizeof *counts };

struct family {
    enum way way;
    unsigned children, left;
    volatile sig_atomic_t signals;
};

static struct family *family;

static void on_child(int number)
{
    int saved = errno;
    (void)number;
    family->signals++;
    while (waitpid(-1, NULL, WNOHANG) > 0 && family->way == LOOP) {
    }
    errno = saved;
}

static void prepare(void)
{
    struct sigaction action = {.sa_handler = family->way == IGNORE    ? SIG_IGN
                                             : family->way == NO_WAIT ? SIG_DFL
                                                                      : on_child,
                               .sa_flags = family->way == NO_WAIT ? SA_NOCLDWAIT : 0};
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, NULL);
}

static void read_end(int fd)
{
    char byte;
    while (read(fd, &byte, 1) < 0 && errno == EINTR) {
    }
}

static void raise_family(const int starts[2], const int ends[2])
{
    for (unsigned i = 0; i < family->children; i++) {
        pid_t child = fork();
        if (child < 0)
            _exit(EXIT_FAILURE);
        if (child == 0) {
            close(starts[1]);
            read_end(starts[0]);
            _exit(EXIT_SUCCESS); /* and with it goes its ends[1] */
        }
    }
    close(ends[1]);
}

/* All children wait for the end of one pipe, and the last of them ends the other. */
static void end_at_once(void *memory)
{
    int starts[2], ends[2];
    sigset_t chld;
    family = memory;
    if (pipe(starts) < 0 || pipe(ends) < 0)
        _exit(EXIT_FAILURE);
    prepare();
    raise_family(starts, ends);
    close(starts[1]);
    read_end(ends[0]);
    for (int i = 0; i < 3; i++)
        usleep(SETTLE_US); /* a signal cuts it short */
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        family->left++;
}

static void try_one(struct experiment *experiment, size_t cell)
{
    struct family *mine = subject_memory(experiment, sizeof *mine);
    bool hung;
    char name[FIGURE_NAME_SIZE];
    mine->way = (enum way)(cell / COUNTS);
    mine->children = counts[cell % COUNTS];
    int status = subject_run(experiment, end_at_once, mine, LIMIT_MS, &hung);
    if (hung || status != 0)
        experiment_fail(experiment, "%u children do not come to their end", mine->children);
    snprintf(name, sizeof name, "%s@%u", ways[mine->way], mine->children);
    experiment_value(experiment, name, "zombies", mine->left);
    if (mine->way == LOOP || mine->way == ONCE)
        experiment_value(experiment, name, "signals", mine->signals);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, (size_t)WAYS * COUNTS, try_one);
}

static struct interval left(const struct figures *figures, enum way way, unsigned count)
{
    char name[FIGURE_NAME_SIZE];
    snprintf(name, sizeof name, "%s@%u", ways[way], count);
    return figures_interval(figures, name, "zombies");
}

/* The fewest children of which that way left some; 0: none was left of any number. */
static unsigned fewest_left(const struct figures *figures, enum way way)
{
    for (size_t i = 0; i < COUNTS; i++)
        if (left(figures, way, counts[i]).mean > 0)
            return counts[i];
    return 0;
}

static struct claim_verdict judge(const struct figures *figures)
{
    unsigned once = fewest_left(figures, ONCE);
    for (size_t i = 0; i < COUNTS; i++)
        if (left(figures, LOOP, counts[i]).n == 0 || left(figures, ONCE, counts[i]).n == 0)
            return verdict_undecided("not every number of children was tried");
    if (fewest_left(figures, LOOP) > 0 || once == 0)
        return verdict_refuted();
    if (once <= FEW)
        return verdict_confirmed();
    return verdict_depends("how many end at once: one call for each signal was enough for fewer "
                           "than %u",
                           once);
}

const struct claim claim_e2 = {
    .id = "e2",
    .said = "With a handler that loops waitpid(WNOHANG) none is left; calling waitpid once per "
            "signal is not enough because signals coalesce.",
    .test = "1 to 200 children end at once, under a handler that loops, one that calls waitpid "
            "once, with SIGCHLD ignored, and with SA_NOCLDWAIT; then what is left is counted.",
    .rule = "Refuted: the loop ever leaves a zombie, or a call for each signal never does. "
            "Confirmed: it does when 10 or fewer end at once. Depends: only when more do.",
    .run = run,
    .judge = judge,
    .chart = "e2.gp",
};
