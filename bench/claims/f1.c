/* SPDX-License-Identifier: MIT */
/* A variable is changed in a child and in a thread: who else sees it? And what a connection costs a
 * server that has a process for each, one that has a thread for each, and one that has neither. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/machine/footprint.h"

enum { CONNECTIONS = 100, SETTLE_MS = 3000 };

static const char *const models[] = {"fork", "thread", "epoll-lt"};
enum { MODELS = sizeof models / sizeof *models, CELLS = MODELS + 2 };

static volatile int variable;

static void *change(void *argument)
{
    (void)argument;
    variable = 1;
    return NULL;
}

static void try_child(struct experiment *experiment)
{
    variable = 0;
    pid_t child = fork();
    if (child < 0)
        experiment_fail(experiment, "cannot fork: %s", strerror(errno));
    if (child == 0) {
        change(NULL);
        _exit(variable == 1 ? 0 : 1);
    }
    int status = 1;
    if (waitpid(child, &status, 0) != child || status != 0)
        experiment_fail(experiment, "the child did not change its variable");
    experiment_share(experiment, "child", "change_seen", variable, 1);
}

static void try_thread(struct experiment *experiment)
{
    variable = 0;
    pthread_t thread;
    int error = pthread_create(&thread, NULL, change, NULL);
    if (error)
        experiment_fail(experiment, "cannot start a thread: %s", strerror(error));
    pthread_join(thread, NULL);
    experiment_share(experiment, "in-thread", "change_seen", variable, 1);
}

static struct footprint weigh(struct experiment *experiment, const struct service *service)
{
    struct footprint_place place = {service->meter, NULL, service->port};
    struct footprint footprint;
    if (!footprint_settle(footprint_read, &place, SETTLE_MS, &footprint))
        experiment_fail(experiment, "memory does not come to rest");
    return footprint;
}

static void weigh_model(struct experiment *experiment, const char *model)
{
    struct service service;
    int clients[CONNECTIONS];
    service_start(experiment, &service, model, NULL);
    client_close(client_asked(experiment, service.port)); /* what only the first one costs */
    struct footprint before = weigh(experiment, &service);
    for (size_t i = 0; i < CONNECTIONS; i++)
        clients[i] = client_asked(experiment, service.port);
    struct footprint with = weigh(experiment, &service);
    experiment_value(experiment, model, "user_bytes",
                     (double)(with.user_bytes - before.user_bytes) / CONNECTIONS);
    experiment_value(experiment, model, "kernel_bytes",
                     (double)(with.kernel_bytes - before.kernel_bytes) / CONNECTIONS);
    for (size_t i = 0; i < CONNECTIONS; i++)
        client_close(clients[i]);
    service_stop(experiment, &service);
}

static void one(struct experiment *experiment, size_t cell)
{
    if (cell < MODELS)
        weigh_model(experiment, models[cell]);
    else if (cell == MODELS)
        try_child(experiment);
    else
        try_thread(experiment);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, CELLS, one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval child = figures_interval(figures, "child", "change_seen");
    struct interval thread = figures_interval(figures, "in-thread", "change_seen");
    if (child.n == 0 || thread.n == 0)
        return verdict_undecided("nothing was tried");
    if (child.mean > 0 || thread.mean < 1)
        return verdict_refuted();
    struct interval ratio = figures_ratio(figures, "fork", "thread", "user_bytes");
    switch (interval_over(ratio, 1)) {
    case CERTAIN_YES:
        return verdict_confirmed();
    case CERTAIN_NO:
        return verdict_depends("what is counted: changes stay private, but a process takes no "
                               "more memory than a thread");
    case UNCERTAIN:
    default:
        return verdict_undecided("whether a process takes more memory than a thread");
    }
}

const struct claim claim_f1 = {
    .id = "f1",
    .said = "Processes have memory of their own, threads share it.",
    .test = "A forked child and a thread each change a variable, and the parent looks at it. Then "
            "100 connections to servers that have a process, a thread, or neither for each: the "
            "memory of all processes (Pss) and of the kernel, per connection.",
    .rule = "Confirmed: the parent never sees the child's change, always the thread's, and a "
            "connection's process takes more memory than its thread (interval of the ratio over "
            "1). Refuted: a change is seen otherwise. Depends: it takes no more.",
    .repeats = 6,
    .run = run,
    .judge = judge,
    .chart = "f1.gp",
};
