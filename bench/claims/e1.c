/* SPDX-License-Identifier: MIT */
/* The fork server with its reaper switched off: what stays of its children, and for how long that
 * goes well. */
#include "bench/claims/claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/places.h"
#include "bench/base/text.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/subject.h"

enum { LIMITED_CLIENTS = 60, END_MS = 50, PATIENCE_MS = 1000 };

#define PRLIMIT "/usr/bin/prlimit"

/* So many processes may that user have, who has no others. root has no limit. */
static const char *const limited[] = {"--nproc=30", "setpriv", "--reuid=64999", "--regid=64999",
                                      "--clear-groups"};
enum { LIMITED = sizeof limited / sizeof *limited };

static const char *const reapers[] = {"none", "loop", "ignore"};
static const unsigned clients[] = {10, 50, 200};
enum {
    REAPERS = sizeof reapers / sizeof *reapers,
    STEPS = sizeof clients / sizeof *clients,
    CELLS = REAPERS * (STEPS + 1)
};

/* One after the other, each with a connection and so a child of its own; how many were answered. */
static unsigned be_served(struct experiment *experiment, uint16_t port, unsigned count)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: c10kit\r\nConnection: close\r\n\r\n";
    unsigned answered = 0;
    for (unsigned i = 0; i < count; i++) {
        int fd = client_connect(experiment, port);
        answered += client_send(fd, request, strlen(request)) && client_read_answer(fd);
        client_close(fd);
    }
    return answered;
}

static void count_zombies(struct experiment *experiment, const char *reaper, unsigned count)
{
    const char *const arguments[] = {"--reaper", reaper, NULL};
    char cell[FIGURE_NAME_SIZE];
    struct service service;
    service_start(experiment, &service, "fork", arguments);
    unsigned answered = be_served(experiment, service.port, count);
    experiment_pass_ms(END_MS);
    unsigned zombies = subject_zombies(service.child.process.pid);
    snprintf(cell, sizeof cell, "%s@%u", reaper, count);
    experiment_value(experiment, cell, "zombies", zombies);
    experiment_share(experiment, reaper, "stay", zombies, answered);
    service_stop(experiment, &service);
}

/* Whether that user can run the server: it may lie in a folder that is closed to others. */
static bool can_limit(char *const command[])
{
    struct child child;
    if (geteuid() != 0)
        return false;
    bool done = child_start(&child, command) == 0 &&
                child_wait_exit(&child, PATIENCE_MS, LOOP_INTERRUPTIBLE) && child.exit_status == 0;
    child_finish(&child);
    return done;
}

static void meet_limit(struct experiment *experiment, const char *reaper)
{
    char *folder = places_servers(), *server = text_format("%s/fork", folder), cell[64];
    const char *command[LIMITED + 5] = {PRLIMIT};
    struct service service;
    memcpy(command + 1, limited, sizeof limited);
    command[LIMITED + 1] = server;
    command[LIMITED + 2] = "--describe";
    snprintf(cell, sizeof cell, "%s-limited", reaper);
    if (can_limit((char *const *)command)) {
        command[LIMITED + 2] = "--reaper";
        command[LIMITED + 3] = reaper;
        service_start(experiment, &service, PRLIMIT, command + 1);
        unsigned answered = be_served(experiment, service.port, LIMITED_CLIENTS);
        experiment_share(experiment, cell, "answered", answered, LIMITED_CLIENTS);
        service_stop(experiment, &service);
    } else {
        experiment_text(
            experiment, cell, "answered",
            "not tried: it takes root, prlimit, setpriv, and a server that others may run");
    }
    free(server);
    free(folder);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    if (cell < REAPERS)
        meet_limit(experiment, reapers[cell]);
    else
        count_zombies(experiment, reapers[cell % REAPERS], clients[cell / REAPERS - 1]);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, CELLS, try_one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval none = figures_interval(figures, "none", "stay");
    struct interval loop = figures_interval(figures, "loop", "stay");
    struct interval ignored = figures_interval(figures, "ignore", "stay");
    if (none.n == 0 || loop.n == 0 || ignored.n == 0)
        return verdict_undecided("not every disposition was tried");
    if (loop.mean > 0)
        return verdict_undecided("children stay even where they are waited for");
    if (none.mean < 1)
        return verdict_refuted();
    if (ignored.mean == 1)
        return verdict_confirmed();
    if (ignored.mean == 0)
        return verdict_depends("what SIGCHLD is left at without a handler: at its default every "
                               "child stays, ignored none does");
    return verdict_undecided("with SIGCHLD ignored some stay and some do not");
}

const struct claim claim_e1 = {
    .id = "e1",
    .said = "Without a SIGCHLD handler every finished child stays a zombie.",
    .test = "10, 50 and 200 clients, one after the other, of a fork server that handles SIGCHLD, "
            "one that leaves it at its default and one that ignores it; then zombies are counted. "
            "And 60 clients of each when its user may have no more than 30 processes.",
    .rule = "Confirmed: at the default and ignored alike every child stays. Depends: at the "
            "default every child stays, ignored none does. Refuted: at the default not every "
            "child stays. Undecided: some stay although there is a handler, or ignored only some "
            "do.",
    .repeats = 4,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
