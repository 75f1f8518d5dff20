/* SPDX-License-Identifier: MIT */
/* Every server and the five shutdown signals; and one that is none of the five. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/places.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/subject.h"
#include "bench/lab/wire.h"
#include "bench/run/catalogue.h"

enum { LIMIT_MS = 1000, ABORT_MS = 50 };

static const struct stop {
    int number;
    const char *name;
} stops[] = {
    {SIGHUP, "HUP"}, {SIGINT, "INT"}, {SIGQUIT, "QUIT"}, {SIGTERM, "TERM"}, {SIGABRT, "ABRT"}};
enum { STOPS = sizeof stops / sizeof *stops };

static struct catalogue servers;

/* Nobody takes a new client, within the limit. */
static bool is_deaf(uint16_t port, unsigned limit_ms)
{
    for (unsigned ms = 0; ms < limit_ms; ms++) {
        int fd = client_try(port); /* reset: the listener was shut in the middle of it */
        if (fd < 0 && errno == ECONNREFUSED)
            return true;
        if (fd >= 0)
            client_close(fd);
        experiment_pass_ms(1);
    }
    return false;
}

static void try_stop(struct experiment *experiment, const char *model, const struct stop *stop)
{
    static const char half[] = "GET / HTTP/1.1\r\n", rest[] = "Host: c10kit\r\n\r\n";
    struct service service;
    service_start(experiment, &service, model, NULL);
    pid_t pid = service.child.process.pid;
    kill(pid, SIGPIPE);
    int client = client_asked(experiment, service.port);
    client_send(client, half, strlen(half));
    if (!client_wait_read(client))
        experiment_fail(experiment, "%s does not read", model);
    kill(pid, stop->number);
    bool deaf = is_deaf(service.port, stop->number == SIGABRT ? ABORT_MS : LIMIT_MS);
    bool answered = client_send(client, rest, strlen(rest)) && client_read_answer(client);
    client_close(client);
    if (!child_wait_exit(&service.child, LIMIT_MS, LOOP_REGARDLESS))
        experiment_fail(experiment, "%s goes on after %s", model, stop->name);
    int status = service_end(experiment, &service);
    if (stop->number == SIGABRT)
        kill(-pid, SIGKILL); /* workers that the abort left behind */
    service_finish(&service);
    experiment_share(experiment, stop->name, "accepts_no_more", deaf, 1);
    experiment_share(experiment, stop->name, "answered", answered, 1);
    experiment_share(experiment, stop->name, "exit_0", status == 0, 1);
    experiment_share(experiment, stop->name, "killed_by_it", status == 128 + stop->number, 1);
    experiment_share(experiment, stop->name, "in_order", deaf && answered && status == 0, 1);
    if (stop->number == SIGABRT)
        experiment_share(experiment, model, "workers_outlive_abort", !deaf, 1);
    else
        experiment_share(experiment, model, "in_order", deaf && answered && status == 0, 1);
}

/* ---- One that is none of the five ---- */

static void write_to_nobody(void *memory)
{
    const int *pair = memory;
    close(pair[1]);
    for (int i = 0; i < 3; i++) {
        usleep(1000);
        if (write(pair[0], "x", 1) < 0)
            return; /* an error of that connection, and the server would go on */
    }
}

static void leave_pipe_at_default(struct experiment *experiment)
{
    int *pair = subject_memory(experiment, 2 * sizeof *pair);
    wire_pair(experiment, pair, 0);
    pid_t subject = subject_start(experiment, write_to_nobody, pair);
    close(pair[0]);
    close(pair[1]);
    int status = subject_wait(subject, LIMIT_MS, NULL);
    experiment_share(experiment, "PIPE", "killed_by_it",
                     WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, 1);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    if (cell == 0)
        leave_pipe_at_default(experiment);
    else
        try_stop(experiment, servers.models[(cell - 1) / STOPS].name, &stops[(cell - 1) % STOPS]);
}

static void run(struct experiment *experiment)
{
    const struct rlimit no_core = {0, 0};
    char *folder = places_servers();
    setrlimit(RLIMIT_CORE, &no_core); /* of an abort */
    catalogue_read(&servers, folder, NULL);
    experiment_blocks(experiment, 1 + servers.count * STOPS, try_one);
    catalogue_finish(&servers);
    free(folder);
}

static double share(const struct figures *figures, const char *cell, const char *metric)
{
    return figures_interval(figures, cell, metric).mean;
}

static struct claim_verdict judge(const struct figures *figures)
{
    if (figures_interval(figures, "PIPE", "killed_by_it").n == 0)
        return verdict_undecided("SIGPIPE at its default was not tried");
    for (size_t i = 0; i < STOPS; i++)
        if (stops[i].number != SIGABRT && !(share(figures, stops[i].name, "in_order") == 1))
            return verdict_undecided("not every server ended in order on SIG%s", stops[i].name);
    if (share(figures, "PIPE", "killed_by_it") > 0)
        return verdict_refuted();
    if (share(figures, "ABRT", "in_order") == 1)
        return verdict_confirmed();
    return verdict_depends("what counts as an answer: HUP, INT, QUIT and TERM end every server in "
                           "order, ABRT ends as an abort does");
}

const struct claim claim_a13 = {
    .id = "a13",
    .said = "Only shutdown signals need an answer: HUP, INT, QUIT, ABRT, TERM.",
    .test = "Every server gets each of the five while a request is half read: it has to take no "
            "new client, answer that one, and exit with 0. Beside them, a process writes to a "
            "connection whose reader has gone, with SIGPIPE at its default.",
    .rule = "Undecided: a server does not end in order on HUP, INT, QUIT or TERM. Refuted: SIGPIPE "
            "at its default ends the writer, so that it needs an answer and is none of the five. "
            "Depends: it does not, and ABRT ends a server otherwise than the four. Confirmed: "
            "all five end every server in order.",
    .repeats = 3,
    .quick_repeats = 1,
    .run = run,
    .judge = judge,
};
