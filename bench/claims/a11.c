/* SPDX-License-Identifier: MIT */
/* Write after write to a connection whose reader has gone in one way or another. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/lab/experiment.h"
#include "bench/lab/subject.h"
#include "bench/lab/wire.h"

enum { WRITES = 3, SETTLE_MS = 5, LIMIT_MS = 5000 };

/* How the reader goes. */
static void close_it(int reader)
{
    close(reader); /* all was read: FIN */
}

static void reset_it(int reader)
{
    const struct linger at_once = {.l_onoff = 1};
    setsockopt(reader, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(reader); /* RST */
}

static void close_unread(int reader)
{
    struct pollfd ready = {.fd = reader, .events = POLLIN};
    poll(&ready, 1, LIMIT_MS);
    close(reader); /* what was sent to it is lost: RST */
}

static void shut_reading(int reader)
{
    shutdown(reader, SHUT_RD); /* nothing goes over the wire */
}

static const struct way {
    const char *name;
    void (*go)(int reader);
    bool sent_before; /* a byte, which is not read */
    int flags;
} ways[] = {
    {"fin", close_it, false, 0},
    {"rst", reset_it, false, 0},
    {"rst-unread", close_unread, true, 0},
    {"shut-rd", shut_reading, false, 0},
    {"fin-nosignal", close_it, false, MSG_NOSIGNAL},
};
enum { WAYS = sizeof ways / sizeof *ways };

struct scene {
    const struct way *way;
    int pair[2];
    int error[WRITES]; /* 0: the write succeeded */
    bool signalled[WRITES];
};

static volatile sig_atomic_t pipe_signals;

static void on_pipe(int number)
{
    (void)number;
    pipe_signals++;
}

static void pause_ms(unsigned ms)
{
    usleep(ms * 1000);
}

static void write_on(void *memory)
{
    struct scene *scene = memory;
    struct sigaction action = {.sa_handler = on_pipe};
    sigaction(SIGPIPE, &action, NULL);
    if (scene->way->sent_before && send(scene->pair[0], "x", 1, 0) < 0)
        return;
    scene->way->go(scene->pair[1]);
    for (int i = 0; i < WRITES; i++) {
        pause_ms(SETTLE_MS); /* whatever the last one brought about has come */
        sig_atomic_t before = pipe_signals;
        scene->error[i] = send(scene->pair[0], "x", 1, scene->way->flags) < 0 ? errno : 0;
        scene->signalled[i] = pipe_signals > before;
    }
}

static void note_write(struct experiment *experiment, const struct scene *scene, int i)
{
    char cell[FIGURE_NAME_SIZE];
    snprintf(cell, sizeof cell, "%s@%d", scene->way->name, i + 1);
    experiment_text(experiment, cell, "result",
                    scene->error[i] ? strerrorname_np(scene->error[i]) : "taken");
    experiment_share(experiment, cell, "failed", scene->error[i] != 0, 1);
    experiment_share(experiment, cell, "sigpipe", scene->signalled[i], 1);
}

static void try_way(struct experiment *experiment, size_t cell)
{
    struct scene *scene = subject_memory(experiment, sizeof *scene);
    bool hung;
    scene->way = &ways[cell];
    wire_pair(experiment, scene->pair, 0);
    pid_t subject = subject_start(experiment, write_on, scene);
    close(scene->pair[0]); /* a reader is gone when nobody has its socket any more */
    close(scene->pair[1]);
    subject_wait(subject, LIMIT_MS, &hung);
    if (hung)
        experiment_fail(experiment, "%s: a write of one byte does not return", ways[cell].name);
    for (int i = 0; i < WRITES; i++)
        note_write(experiment, scene, i);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, WAYS, try_way);
}

static double share(const struct figures *figures, const char *way, int number, const char *metric)
{
    char cell[FIGURE_NAME_SIZE];
    snprintf(cell, sizeof cell, "%s@%d", way, number);
    return figures_interval(figures, cell, metric).mean;
}

/* The write that raises the signal and fails, from 1; 0: none, or not every time. */
static int signalling_write(const struct figures *figures, const char *way)
{
    for (int number = 1; number <= WRITES; number++)
        if (share(figures, way, number, "sigpipe") == 1 &&
            share(figures, way, number, "failed") == 1)
            return number;
    return 0;
}

static const char *const ordinals[WRITES + 1] = {"none", "the first", "the second", "the third"};

static struct claim_verdict judge(const struct figures *figures)
{
    int after_fin = signalling_write(figures, "fin"), after_rst = signalling_write(figures, "rst");
    if (figures_interval(figures, "fin@1", "sigpipe").n == 0 ||
        figures_interval(figures, "rst@1", "sigpipe").n == 0)
        return verdict_undecided("not every way to go was tried");
    if (after_fin == 1 && after_rst == 1)
        return verdict_confirmed();
    if (after_fin == 0 && after_rst == 0)
        return verdict_refuted();
    return verdict_depends("which write it is: after FIN %s raises it, after RST %s",
                           ordinals[after_fin], ordinals[after_rst]);
}

const struct claim claim_a11 = {
    .id = "a11",
    .said = "Writing to a connection whose reader is gone raises SIGPIPE and may also fail the "
            "call.",
    .test = "A reader goes: it closes (FIN), resets (RST), closes with something unread (RST), or "
            "only stops reading. The other side writes a byte three times, with time between for "
            "what each brings about, and handles SIGPIPE.",
    .rule = "Confirmed: the first write raises SIGPIPE and fails, after FIN as after RST. Refuted: "
            "no write does, after either. Depends: it is a later write, or only after one of them.",
    .repeats = 5,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
