/* SPDX-License-Identifier: MIT */
/* A server that listens and never accepts: how many get in, by backlog? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"
#include "bench/lab/knock.h"
#include "bench/machine/netns.h"

enum {
    MORE = 16,      /* clients than there is room for */
    CAP = 128,      /* what the claim says somaxconn is */
    OVER_CAP = 512, /* a backlog above it */
    HALF_OPEN = 256,
    SETTLE_MS = 20 /* on loopback a handshake is done before connect returns */
};

static const int backlogs[] = {1, 2, 8, 64, 128, 256, 1024, 4096}, small[] = {8, 64};
enum {
    BACKLOGS = sizeof backlogs / sizeof *backlogs,
    SMALL = sizeof small / sizeof *small,
    CELLS = BACKLOGS + 1 + SMALL
};
static const char somaxconn[] = "/proc/sys/net/core/somaxconn";

/* The kernel's own, in a namespace where nobody has set anything yet. */
static int default_somaxconn(struct experiment *experiment)
{
    if (unshare(CLONE_NEWNET) < 0)
        experiment_fail(experiment, "no network namespace: %s", strerror(errno));
    char *text = text_read_trimmed(somaxconn);
    int most = atoi(text);
    free(text);
    netns_renew();
    return most;
}

static void set(struct experiment *experiment, const char *path, int value)
{
    char *text = text_format("%d", value);
    if (!text_write(path, text))
        experiment_fail(experiment, "cannot set %s: %s", path, strerror(errno));
    free(text);
}

static void try_backlog(struct experiment *experiment, const char *series, int backlog)
{
    char *name = text_format("%s@%d", series, backlog);
    uint16_t port;
    int listener = knock_listen(experiment, backlog, &port);
    size_t count = (size_t)backlog + MORE;
    int *crowd = knock_crowd(experiment, port, count, false);
    experiment_pass_ms(SETTLE_MS);
    struct knock_queue queue = knock_queue(listener);
    experiment_value(experiment, name, "connected_clients", (double)knock_connected(crowd, count));
    experiment_value(experiment, name, "waiting_clients", queue.waiting);
    experiment_value(experiment, name, "limit_clients", queue.limit);
    knock_close(crowd, count);
    close(listener);
    free(name);
}

/* Without cookies, which would let clients in past a full queue. */
static void try_half_open(struct experiment *experiment, int backlog)
{
    char *name = text_format("half-open@%d", backlog);
    uint16_t port;
    set(experiment, "/proc/sys/net/ipv4/tcp_syncookies", 0);
    int listener = knock_listen(experiment, backlog, &port);
    int *crowd = knock_crowd(experiment, port, HALF_OPEN, true);
    experiment_pass_ms(SETTLE_MS);
    experiment_value(experiment, name, "half_open_clients", (double)knock_half_open());
    knock_close(crowd, HALF_OPEN);
    close(listener);
    free(name);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    int most = default_somaxconn(experiment);
    if (cell < BACKLOGS) {
        set(experiment, somaxconn, most);
        try_backlog(experiment, "backlog", backlogs[cell]);
    } else if (cell == BACKLOGS) {
        set(experiment, somaxconn, CAP);
        try_backlog(experiment, "capped", OVER_CAP);
        experiment_value(experiment, "kernel", "somaxconn", most);
    } else {
        try_half_open(experiment, small[cell - BACKLOGS - 1]);
    }
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, CELLS, try_one);
}

static double figure_of(const struct figures *figures, const char *series, int setting,
                        const char *metric)
{
    char name[FIGURE_NAME_SIZE];
    snprintf(name, sizeof name, "%s@%d", series, setting);
    return round(figures_interval(figures, name, metric).mean); /* a geometric mean is inexact */
}

/* The queue holds what was asked for, capped, give or take the one that Linux adds. */
static bool holds(const struct figures *figures, const char *series, int backlog, double cap)
{
    double connected = figure_of(figures, series, backlog, "connected_clients");
    double room = backlog < cap ? backlog : cap;
    return connected >= room && connected <= room + 1;
}

static struct claim_verdict judge(const struct figures *figures)
{
    double most = round(figures_interval(figures, "kernel", "somaxconn").mean);
    double half_open = figure_of(figures, "half-open", small[0], "half_open_clients");
    bool bounds = true, capped = holds(figures, "capped", OVER_CAP, CAP);
    for (size_t i = 0; i < BACKLOGS; i++)
        bounds = bounds && holds(figures, "backlog", backlogs[i], most);
    if (!(most > 0 && half_open >= 0))
        return verdict_undecided("not all of it was tried");
    if (!bounds)
        return verdict_refuted();
    bool apart = half_open > 2 * small[0];
    if (capped && most == CAP && apart)
        return verdict_confirmed();
    return verdict_depends(
        "the kernel: here somaxconn is %.0f by default%s, and a backlog of %d %s "
        "%.0f half-open handshakes",
        most, capped ? "" : " and no cap", small[0],
        apart ? "leaves room for" : "bounds the SYN queue too, to", half_open);
}

const struct claim claim_b9 = {
    .id = "b9",
    .said = "On Linux backlog bounds the accept queue only, capped by somaxconn (default 128), the "
            "SYN queue apart.",
    .test = "A server that listens and never accepts, with a backlog of 1 to 4 096: how many "
            "clients think that they are connected, and what the kernel says of its queue. Then a "
            "backlog of 512 under a somaxconn of 128. Then 256 clients that never finish their "
            "handshake, without SYN cookies: how many of them the kernel keeps.",
    .rule = "Refuted: with some backlog the number of connected clients is not the smaller of "
            "backlog and somaxconn, or one more. Confirmed: it always is, somaxconn caps it, its "
            "default is 128, and with a backlog of 8 there is room for over 16 half-open "
            "handshakes. Depends on the kernel: the first holds, and one of the others does not.",
    .needs = CLAIM_NEEDS_NAMESPACE,
    .repeats = 3,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
