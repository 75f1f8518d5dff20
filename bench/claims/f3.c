/* SPDX-License-Identifier: MIT */
/* What a client may do to its connection, and whether the server's second write then raises
 * SIGPIPE, fails, or does neither. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/lab/experiment.h"

enum { SETTLE_MS = 100 };

static volatile sig_atomic_t raised;

static void on_pipe(int number)
{
    (void)number;
    raised++;
}

struct ends {
    int server, client;
};

static struct ends connect_pair(struct experiment *experiment)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct ends ends = {-1, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 ||
        listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0 ||
        connect(ends.client, (struct sockaddr *)&address, length) < 0 ||
        (ends.server = accept(listener, NULL, NULL)) < 0)
        experiment_fail(experiment, "no connection: %s", strerror(errno));
    close(listener);
    return ends;
}

/* Until the server's end has noticed: readable (end of file) or in error. */
static void wait_for_notice(int fd)
{
    struct pollfd poll_one = {.fd = fd, .events = POLLIN | POLLRDHUP};
    poll(&poll_one, 1, SETTLE_MS);
}

static void half_close(struct ends *ends)
{
    shutdown(ends->client, SHUT_WR);
    wait_for_notice(ends->server);
}

static void close_politely(struct ends *ends)
{
    close(ends->client);
    wait_for_notice(ends->server);
}

static void close_with_unread(struct ends *ends)
{
    char byte = 'x';
    send(ends->server, &byte, 1, 0);
    struct pollfd readable = {.fd = ends->client, .events = POLLIN};
    poll(&readable, 1, SETTLE_MS);
    close_politely(ends);
}

static void reset(struct ends *ends)
{
    struct linger now = {.l_onoff = 1};
    setsockopt(ends->client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close_politely(ends);
}

static void shut_own_side(struct ends *ends)
{
    shutdown(ends->server, SHUT_WR);
}

static void stop_reading(struct ends *ends)
{
    shutdown(ends->client, SHUT_RD);
}

static const struct behaviour {
    const char *name;
    void (*act)(struct ends *);
    bool open; /* the client's end is still a descriptor */
} behaviours[] = {
    {"half-close", half_close, true},           {"close", close_politely, false},
    {"close-unread", close_with_unread, false}, {"reset", reset, false},
    {"server-shut", shut_own_side, true},       {"stop-reading", stop_reading, true},
};
enum { BEHAVIOURS = sizeof behaviours / sizeof *behaviours };

/* One write; whether it raised the signal, and how it ended. */
static void write_once(struct experiment *experiment, const char *cell, const char *which, int fd)
{
    char metric[FIGURE_NAME_SIZE], byte = 'y';
    raised = 0;
    errno = 0;
    ssize_t sent = send(fd, &byte, 1, 0);
    const char *ended = sent == 1 ? "accepted" : strerrorname_np(errno);
    snprintf(metric, sizeof metric, "%s_raised", which);
    experiment_share(experiment, cell, metric, raised > 0, 1);
    snprintf(metric, sizeof metric, "%s_write", which);
    experiment_text(experiment, cell, metric, ended);
}

static void one(struct experiment *experiment, size_t cell)
{
    struct ends ends = connect_pair(experiment);
    signal(SIGPIPE, on_pipe);
    behaviours[cell].act(&ends);
    write_once(experiment, behaviours[cell].name, "first", ends.server);
    wait_for_notice(ends.server); /* an RST that the first one called forth has then come */
    write_once(experiment, behaviours[cell].name, "second", ends.server);
    close(ends.server);
    if (behaviours[cell].open)
        close(ends.client);
    signal(SIGPIPE, SIG_IGN);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, BEHAVIOURS, one);
}

static double raised_by(const struct figures *figures, const char *cell, const char *metric)
{
    return figures_interval(figures, cell, metric).mean;
}

static struct claim_verdict judge(const struct figures *figures)
{
    double after_reset = raised_by(figures, "reset", "second_raised");
    double at_once = raised_by(figures, "reset", "first_raised");
    double without = raised_by(figures, "server-shut", "first_raised");
    if (!(after_reset >= 0 && at_once >= 0 && without >= 0))
        return verdict_undecided("nothing was tried");
    if (after_reset == 0)
        return verdict_refuted();
    if (at_once == 1 && without == 0)
        return verdict_confirmed();
    return verdict_depends("which write it is: the first one after the RST came %s the signal, the "
                           "second %s%s",
                           at_once > 0 ? "raises" : "fails with ECONNRESET and does not raise",
                           after_reset == 1 ? "does" : "may",
                           without > 0 ? "; and it is raised without any RST when the server shut "
                                         "its own side"
                                       : "");
}

const struct claim claim_f3 = {
    .id = "f3",
    .said = "A handler for SIGPIPE runs when the connection is broken (RST).",
    .test = "Six things that may befall a connection, then two writes of one byte each by the "
            "server: does a handler for SIGPIPE run, and what does the write return?",
    .rule = "Confirmed: after an RST the first write raises the signal, and nothing but a broken "
            "connection does. Refuted: no write after an RST raises it. Else it depends on which "
            "write it is, and on what else raises it.",
    .run = run,
    .judge = judge,
};
