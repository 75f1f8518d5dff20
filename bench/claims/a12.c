/* SPDX-License-Identifier: MIT */
/* A storm of the four stop signals while a process cleans up: how often does it clean up? */
#include "bench/claims/claims.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/places.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/subject.h"
#include "bench/run/catalogue.h"

enum { STORM = 200, GAP_NS = 20000, CLEAN_UP_MS = 2, LIMIT_MS = 2000 };

static const int stops[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { STOPS = sizeof stops / sizeof *stops };

static struct catalogue servers;

static void storm(pid_t whom, unsigned signals)
{
    const struct timespec gap = {0, GAP_NS};
    for (unsigned i = 0; i < signals; i++) {
        kill(whom, stops[i % STOPS]);
        nanosleep(&gap, NULL);
    }
}

/* ---- Three ways to clean up ---- */

enum place { IN_HANDLER, IN_MASKED_HANDLER, AFTER_LOOP, PLACES };
static const char *const places[] = {"handler", "masked-handler", "after-loop"};

struct house {
    enum place place;
    _Atomic bool ready;
    _Atomic unsigned clean_ups; /* that were begun */
};

static struct house *house;
static volatile sig_atomic_t told;

static _Noreturn void clean_up(void)
{
    struct timespec now, begun;
    house->clean_ups++;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 <
           CLEAN_UP_MS);
    _exit(EXIT_SUCCESS);
}

static void on_stop(int number)
{
    (void)number;
    if (house->place != AFTER_LOOP)
        clean_up();
    told = 1;
}

static void keep_house(void *memory)
{
    struct sigaction action = {.sa_handler = on_stop};
    sigset_t old;
    house = memory;
    for (size_t i = 0; house->place == IN_MASKED_HANDLER && i < STOPS; i++)
        sigaddset(&action.sa_mask, stops[i]);
    for (size_t i = 0; i < STOPS; i++)
        sigaction(stops[i], &action, NULL);
    sigfillset(&action.sa_mask);
    sigprocmask(SIG_BLOCK, &action.sa_mask, &old);
    house->ready = true;
    while (!told)
        sigsuspend(&old);
    sigprocmask(SIG_SETMASK, &old, NULL);
    clean_up();
}

static void try_place(struct experiment *experiment, enum place place)
{
    struct house *mine = subject_memory(experiment, sizeof *mine);
    mine->place = place;
    pid_t subject = subject_start(experiment, keep_house, mine);
    for (unsigned ms = 0; !mine->ready && ms < LIMIT_MS; ms++)
        usleep(1000);
    storm(subject, STORM);
    subject_wait(subject, LIMIT_MS, NULL);
    experiment_value(experiment, places[place], "clean_ups", mine->clean_ups);
    experiment_share(experiment, places[place], "twice", mine->clean_ups > 1, 1);
}

/* ---- The servers ---- */

static unsigned count_of(const char *text, const char *line)
{
    unsigned count = 0;
    for (; (text = strstr(text, line)); text += strlen(line))
        count++;
    return count;
}

/* It shuts down, and a request that has begun holds it up; then the rest of that comes. */
static void try_server(struct experiment *experiment, const char *name)
{
    static const char half[] = "GET / HTTP/1.1\r\n", rest[] = "Host: c10kit\r\n\r\n";
    struct service service;
    service_start(experiment, &service, name, NULL);
    pid_t pid = service.child.process.pid;
    int client = client_connect(experiment, service.port);
    client_send(client, half, strlen(half));
    if (!client_wait_read(client))
        experiment_fail(experiment, "%s does not read", name);
    storm(pid, STORM / 4);
    storm(-pid, STORM / 4); /* and all its processes, as Ctrl-C does */
    client_send(client, rest, strlen(rest));
    bool answered = client_read_answer(client);
    client_close(client);
    storm(pid, STORM / 2);
    int status = service_end(experiment, &service);
    unsigned farewells = count_of(service.child.errors.at, "stopped: ");
    bool reported = strstr(service.child.errors.at, "Sanitizer") != NULL;
    experiment_share(experiment, name, "exit_0", status == 0 && !reported, 1);
    experiment_share(experiment, name, "answered", answered, 1);
    experiment_share(experiment, name, "twice", farewells > 1, 1);
    experiment_share(experiment, "servers", "in_order",
                     status == 0 && !reported && answered && farewells == 1, 1);
    experiment_share(experiment, "servers", "twice", farewells > 1, 1);
    service_finish(&service);
}

static void try_one(struct experiment *experiment, size_t cell)
{
    if (cell < PLACES)
        try_place(experiment, (enum place)cell);
    else
        try_server(experiment, servers.models[cell - PLACES].name);
}

static void run(struct experiment *experiment)
{
    char *folder = places_servers();
    catalogue_read(&servers, folder, NULL);
    experiment_blocks(experiment, PLACES + servers.count, try_one);
    catalogue_finish(&servers);
    free(folder);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval in_handler = figures_interval(figures, places[IN_HANDLER], "twice");
    struct interval after_loop = figures_interval(figures, places[AFTER_LOOP], "twice");
    struct interval all = figures_interval(figures, "servers", "twice");
    struct interval in_order = figures_interval(figures, "servers", "in_order");
    if (in_handler.n == 0 || after_loop.n == 0 || all.n == 0)
        return verdict_undecided("not every place was tried");
    if (in_handler.mean == 0 && after_loop.mean == 0 && all.mean == 0)
        return verdict_refuted();
    if (all.mean > 0 || after_loop.mean > 0)
        return verdict_confirmed();
    if (in_order.mean < 1)
        return verdict_undecided("no server cleaned up twice, but %.0f of %zu ended in disorder",
                                 (1 - in_order.mean) * (double)in_order.n, in_order.n);
    return verdict_depends("where it is done: in a handler it ran again, after the loop and in all "
                           "servers here, whose handlers only take note, it never did");
}

const struct claim claim_a12 = {
    .id = "a12",
    .said = "Cleanup can run twice when signals arrive during it.",
    .test = "A storm of HUP, INT, QUIT and TERM hits a process that cleans up in its handler, in "
            "a handler that blocks the four, and after its loop; and every server while it shuts "
            "down with a request half read.",
    .rule = "Refuted: cleanup never ran twice, not even in a handler. Depends: in a handler it "
            "did, and never after the loop; every server answered, said its farewell once and "
            "exited with 0. Confirmed: it did after the loop too, or in a server. Undecided: a "
            "server ended in some other disorder.",
    .repeats = 4,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
