/* SPDX-License-Identifier: MIT */
/* A child ends while its parent waits in accept: how does the call return? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/subject.h"

enum { TURNS = 20, CHILD_US = 500, CLIENT_US = 2500, LIMIT_MS = 10000 };

static const struct way {
    const char *name;
    bool handled, restart, timeout, polled;
} ways[] = {
    {"no-handler", false, false, false, false}, {"plain", true, false, false, false},
    {"restart", true, true, false, false},      {"restart-timeout", true, true, true, false},
    {"restart-poll", true, true, false, true},
};
enum { WAYS = sizeof ways / sizeof *ways };

struct scene {
    const struct way *way;
    int listener;
    uint16_t port;
    _Atomic unsigned turn; /* has begun */
    unsigned ended, interrupted;
};

static void on_child(int number)
{
    int saved = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    errno = saved;
}

static void open_listener(struct experiment *experiment, struct scene *scene)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval limit = {.tv_sec = 5};
    socklen_t size = sizeof address;
    scene->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (scene->way->timeout)
        setsockopt(scene->listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (bind(scene->listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(scene->listener, TURNS) < 0 ||
        getsockname(scene->listener, (struct sockaddr *)&address, &size) < 0)
        experiment_fail(experiment, "no listener: %s", strerror(errno));
    scene->port = ntohs(address.sin_port);
}

/* One client, and the ends of children that come before him. */
static void wait_for_client(struct scene *scene)
{
    struct pollfd ready = {.fd = scene->listener, .events = POLLIN};
    int client = -1;
    while (client < 0) {
        if (!scene->way->polled || poll(&ready, 1, -1) > 0)
            client = accept(scene->listener, NULL, NULL);
        if (client < 0 && errno != EINTR)
            _exit(EXIT_FAILURE);
        scene->interrupted += client < 0;
    }
    close(client);
}

static void serve(void *memory)
{
    struct scene *scene = memory;
    struct sigaction action = {.sa_handler = on_child,
                               .sa_flags = scene->way->restart ? SA_RESTART : 0};
    sigemptyset(&action.sa_mask);
    if (scene->way->handled)
        sigaction(SIGCHLD, &action, NULL);
    while (scene->turn < TURNS) {
        pid_t child = fork();
        if (child == 0) {
            usleep(CHILD_US); /* the parent waits by now */
            _exit(EXIT_SUCCESS);
        }
        scene->ended += child > 0;
        scene->turn++;
        wait_for_client(scene);
    }
}

static void try_way(struct experiment *experiment, size_t cell)
{
    struct scene *scene = subject_memory(experiment, sizeof *scene);
    bool hung;
    scene->way = &ways[cell];
    open_listener(experiment, scene);
    pid_t subject = subject_start(experiment, serve, scene);
    for (unsigned turn = 1; turn <= TURNS; turn++) {
        for (unsigned ms = 0; scene->turn < turn && ms < LIMIT_MS; ms++)
            usleep(100);
        usleep(CLIENT_US); /* the child has ended by now */
        client_close(client_connect(experiment, scene->port));
    }
    int status = subject_wait(subject, LIMIT_MS, &hung);
    close(scene->listener);
    if (hung || status != 0)
        experiment_fail(experiment, "%s: the server does not come to its end", ways[cell].name);
    experiment_share(experiment, ways[cell].name, "interrupted", scene->interrupted, scene->ended);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, WAYS, try_way);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval plain = figures_interval(figures, "plain", "interrupted");
    struct interval restart = figures_interval(figures, "restart", "interrupted");
    enum certainty by_plain = interval_over(plain, 0.5);
    enum certainty by_restart = interval_over(restart, 0.5);
    if (by_plain == UNCERTAIN || by_restart == UNCERTAIN)
        return verdict_undecided("whether a child's end interrupts accept cannot be told");
    if (by_plain == CERTAIN_NO && by_restart == CERTAIN_NO)
        return verdict_refuted();
    if (by_plain == CERTAIN_YES && by_restart == CERTAIN_YES)
        return verdict_confirmed();
    if (by_plain == CERTAIN_NO)
        return verdict_undecided("accept is interrupted with SA_RESTART alone");
    if (interval_over(figures_interval(figures, "restart-timeout", "interrupted"), 0.5) ==
        CERTAIN_YES)
        return verdict_depends("SA_RESTART, with which accept begins again, unless the listener "
                               "has a time-out (SO_RCVTIMEO)");
    return verdict_depends("SA_RESTART, with which accept begins again");
}

const struct claim claim_e3 = {
    .id = "e3",
    .said = "SIGCHLD interrupts accept with EINTR, which must be handled.",
    .test = "A child ends while its parent waits in accept, 20 times a repeat: without a handler, "
            "with one, with SA_RESTART, with that and a time-out on the listener, and in poll "
            "before accept. Counted is how often the wait ended with EINTR.",
    .rule = "Confirmed: more than half of the ends interrupt accept (the whole interval), with "
            "SA_RESTART and without. Depends: without it only. Refuted: with neither. Undecided: "
            "an interval has a half in it, or it is so with SA_RESTART alone.",
    .repeats = 6,
    .run = run,
    .judge = judge,
};
