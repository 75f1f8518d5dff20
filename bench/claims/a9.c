/* SPDX-License-Identifier: MIT */
/* The same signal twice, by each function that installs a handler. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lab/experiment.h"
#include "bench/lab/subject.h"

enum { LIMIT_MS = 1000, NAP_US = 2000 };

static struct {
    volatile sig_atomic_t calls, blocked_inside;
} self;

/* What the process tells; what it could not tell before it was killed is 0. */
struct findings {
    void (*install)(void (*)(int));
    int handled, blocked_inside;
    bool restarted;
};

static void on_signal(int number)
{
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    self.blocked_inside = sigismember(&mask, number);
    self.calls++;
}

static void by_signal(void (*handler)(int))
{
    signal(SIGALRM, handler);
}

static void by_sysv_signal(void (*handler)(int))
{
    sysv_signal(SIGALRM, handler);
}

static void install_with(void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
}

static void by_sigaction(void (*handler)(int))
{
    install_with(handler, 0);
}

static void by_sigaction_restart(void (*handler)(int))
{
    install_with(handler, SA_RESTART);
}

static void by_sigaction_resethand(void (*handler)(int))
{
    install_with(handler, (int)SA_RESETHAND | SA_NODEFER);
}

/* A read of a pipe that has nothing, until the timer's signal interrupts it; when it begins again,
 * the handler's byte ends it. */
static int feed = -1;

static void on_alarm_feed(int number)
{
    on_signal(number);
    if (write(feed, "", 1) < 0)
        _exit(EXIT_FAILURE);
}

static void show(void *memory)
{
    struct findings *findings = memory;
    int ends[2];
    char byte;
    if (pipe(ends) < 0)
        _exit(EXIT_FAILURE);
    feed = ends[1];
    findings->install(on_alarm_feed);
    ualarm(NAP_US, 0);
    findings->restarted = read(ends[0], &byte, 1) == 1;
    findings->install(on_signal);
    self.calls = 0;
    raise(SIGALRM);
    findings->handled = self.calls;
    findings->blocked_inside = self.blocked_inside;
    raise(SIGALRM); /* at its default it ends the process */
    findings->handled = self.calls;
}

static const struct way {
    const char *name;
    void (*install)(void (*)(int));
} ways[] = {
    {"signal", by_signal},
    {"sysv_signal", by_sysv_signal},
    {"sigaction", by_sigaction},
    {"sigaction-restart", by_sigaction_restart},
    {"sigaction-resethand", by_sigaction_resethand},
};
enum { WAYS = sizeof ways / sizeof *ways };

static void try_way(struct experiment *experiment, size_t cell)
{
    const char *name = ways[cell].name;
    struct findings *findings = subject_memory(experiment, sizeof *findings);
    bool hung;
    findings->install = ways[cell].install;
    int status = subject_run(experiment, show, findings, LIMIT_MS, &hung);
    if (hung || (WIFEXITED(status) && WEXITSTATUS(status) != 0))
        experiment_fail(experiment, "%s: the process does not get so far", name);
    experiment_share(experiment, name, "handled_first", findings->handled >= 1, 1);
    experiment_share(experiment, name, "handled_second", findings->handled == 2, 1);
    experiment_share(experiment, name, "killed_by_second", WIFSIGNALED(status), 1);
    experiment_share(experiment, name, "blocked_inside", findings->blocked_inside, 1);
    experiment_share(experiment, name, "read_begun_again", findings->restarted, 1);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, WAYS, try_way);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval plain = figures_interval(figures, "signal", "handled_second");
    struct interval sysv = figures_interval(figures, "sysv_signal", "handled_second");
    struct interval kept = figures_interval(figures, "sigaction", "handled_second");
    if (plain.n == 0 || sysv.n == 0 || kept.n == 0)
        return verdict_undecided("not every function was tried");
    if (kept.mean < 1)
        return verdict_undecided("the handler of sigaction does not stay either");
    if (plain.mean == 0)
        return verdict_confirmed();
    if (plain.mean == 1 && sysv.mean == 0)
        return verdict_depends("which signal() the libc gives: BSD's, the default here, keeps the "
                               "handler, System V's resets it");
    if (plain.mean == 1)
        return verdict_refuted();
    return verdict_undecided("signal() kept its handler only sometimes");
}

const struct claim claim_a9 = {
    .id = "a9",
    .said = "signal() resets its handler each time, so use sigaction.",
    .test = "A process installs a handler by signal() as this libc has it, by System V's, by "
            "sigaction with and without flags, and raises the signal twice; before that, the "
            "signal interrupts a read.",
    .rule = "Confirmed: signal() is reset, so that the second signal is not handled. Depends: it "
            "keeps its handler, and System V's signal() of the same libc does not. Refuted: both "
            "keep it.",
    .repeats = 4,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
