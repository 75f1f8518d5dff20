/* SPDX-License-Identifier: MIT */
/* The process or thread that serves one of several connections is killed by SIGSEGV: who else
 * notices? */
#include "bench/claims/claims.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/machine/meter.h"

enum { CLIENTS = 5, SETTLE_MS = 300 };

/* Those whose workers serve one client each have one for everybody, and one for a newcomer. */
static const struct arm {
    const char *model;
    const char *arguments[3];
} arms[] = {
    {"fork", {NULL}},
    {"prefork", {"--workers", "8", NULL}},
    {"epoll-exclusive", {"--workers", "2", NULL}},
    {"thread", {NULL}},
    {"prethread", {"--workers", "8", NULL}},
    {"epoll-lt", {NULL}},
};
enum {
    ARMS = sizeof arms / sizeof *arms,
    OF_THEIR_OWN = 2, /* the first of them: a process for each client */
    PROCESSES = 3     /* of the third any share of the clients is in one process, all five, too */
};

static size_t descriptors_of(pid_t pid)
{
    char *path = text_format("/proc/%d/fd", (int)pid);
    DIR *entries = opendir(path);
    size_t count = 0;
    while (entries && readdir(entries))
        count++;
    if (entries)
        closedir(entries);
    free(path);
    return count;
}

/* The process that serves most: of the children, where there are any, the one with most
 * descriptors. */
static pid_t busiest(const struct service *service)
{
    pid_t *pids, found = service->child.process.pid;
    size_t count = meter_processes(&service->meter, &pids), most = 0;
    for (size_t i = 0; i < count; i++) {
        size_t descriptors = descriptors_of(pids[i]);
        if (pids[i] != service->child.process.pid && descriptors > most) {
            most = descriptors;
            found = pids[i];
        }
    }
    free(pids);
    return found;
}

static bool answers(int fd)
{
    return client_send(fd, client_request, strlen(client_request)) && client_read_answer(fd);
}

static bool serves_newcomer(struct service *service)
{
    int fd = client_try(service->port);
    bool served = fd >= 0 && answers(fd);
    if (fd >= 0)
        client_close(fd);
    return served;
}

static void one(struct experiment *experiment, size_t cell)
{
    const struct arm *arm = &arms[cell];
    struct service service;
    int clients[CLIENTS], survivors = 0;
    service_start(experiment, &service, arm->model, arm->arguments);
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = client_asked(experiment, service.port);
    kill(busiest(&service), SIGSEGV);
    experiment_pass_ms(SETTLE_MS);
    for (size_t i = 0; i < CLIENTS; i++) {
        survivors += answers(clients[i]);
        client_close(clients[i]);
    }
    experiment_share(experiment, arm->model, "clients_left", survivors, CLIENTS);
    experiment_share(experiment, arm->model, "newcomer_served", serves_newcomer(&service), 1);
    service_end(experiment, &service);
    service_finish(&service);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, ARMS, one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    bool isolated = true, shared = true;
    for (size_t i = 0; i < ARMS; i++) {
        struct interval left = figures_interval(figures, arms[i].model, "clients_left");
        struct interval served = figures_interval(figures, arms[i].model, "newcomer_served");
        if (left.n == 0 || served.n == 0)
            return verdict_undecided("%s was not tried", arms[i].model);
        if (i < PROCESSES)
            isolated &= (left.mean > 0 || i >= OF_THEIR_OWN) && served.mean == 1;
        else
            shared &= left.mean == 0 && served.mean == 0;
    }
    if (isolated && shared)
        return verdict_confirmed();
    if (!isolated && !shared)
        return verdict_refuted();
    return verdict_depends("the model: %s", isolated ? "a crashed thread does not take all with it"
                                                     : "a crashed process is not alone");
}

const struct claim claim_f4 = {
    .id = "f4",
    .said = "The choice of processes or threads is a trade: isolation against cost.",
    .test =
        "Five clients are served; then the process that serves most of them dies of SIGSEGV, as "
        "one with a wild pointer does. How many of the five still get answers, and does a sixth "
        "one?",
    .rule = "Confirmed: with a process for each client somebody is left, and with processes of any "
            "kind a newcomer is served, always; without, nobody and never. Refuted: neither is so. "
            "What the isolation costs is measured by F1 (memory) and B2 (CPU).",
    .repeats = 5,
    .run = run,
    .judge = judge,
};
