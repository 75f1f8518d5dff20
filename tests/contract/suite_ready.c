/* SPDX-License-Identifier: MIT */
/* Who is ready when his time is up. It takes a CPU away from the server, and so from every other
 * test that runs beside it: hence a suite of its own, to be run alone. */
#include "tests/contract/suite.h"

#include "tests/contract/client.h"
#include "tests/contract/model.h"
#include "tests/contract/patience.h"
#include "tests/contract/reply.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <pthread.h>
#include <sched.h>
#include <stddef.h>

#define GET "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

enum {
    SHORT_MS = 400, /* the idle timeout, with "0.4" */
    EARLY_MS = 20,  /* a server may count whole ticks of a coarse clock */
    READY_CLIENTS = 4,
    HELD_MS = 50 /* beyond the timeout; over 100 a wait counts as a suspension, and is forgiven */
};

static const char *const short_idle[] = {"--header-timeout", "30", "--idle-timeout", "0.4", NULL};

/* Keeps one CPU from everybody else. No signal and no stop: nothing that a server would hear of. */
struct hog {
    int cpu;
    long until_ms;
};

static void *run_hog(void *argument)
{
    const struct hog *hog = argument;
    const struct sched_param first = {.sched_priority = 1};
    cpu_set_t own;
    CPU_ZERO(&own);
    CPU_SET((size_t)hog->cpu, &own);
    bool rules = pthread_setaffinity_np(pthread_self(), sizeof own, &own) == 0 &&
                 pthread_setschedparam(pthread_self(), SCHED_FIFO, &first) == 0;
    while (rules && patience_now_ms() < hog->until_ms)
        continue;
    return rules ? argument : NULL;
}

/* On the first CPU that this process may use; false where it has no other to go to. */
static bool start_on_one_cpu(const char *const options[], int *cpu)
{
    cpu_set_t all, first;
    sched_getaffinity(0, sizeof all, &all);
    if (CPU_COUNT(&all) < 2)
        return false;
    for (*cpu = 0; !CPU_ISSET((size_t)*cpu, &all);)
        ++*cpu;
    CPU_ZERO(&first);
    CPU_SET((size_t)*cpu, &first);
    sched_setaffinity(0, sizeof first, &first);
    server_start(options);
    CPU_CLR((size_t)*cpu, &all);
    sched_setaffinity(0, sizeof all, &all);
    return true;
}

/* The server has no CPU until all requests are there and all times are up, but no longer than what
 * it forgives. Returns false where such a hog may not be. */
static bool ask_while_it_is_held_up(struct client *const client[], unsigned count, int cpu,
                                    long *asked_ms)
{
    pthread_t thread;
    void *ruled;
    struct hog hog = {cpu, patience_now_ms() + SHORT_MS + HELD_MS};
    if (pthread_create(&thread, NULL, run_hog, &hog) != 0)
        tap_bail_out("no thread");
    patience_pass_ms(SHORT_MS / 2);
    for (unsigned i = 0; i < count; i++)
        client_print(client[i], GET);
    *asked_ms = patience_now_ms();
    pthread_join(thread, &ruled);
    return ruled != NULL;
}

/* Both are as they have to be only on a machine that lets us: the requests went out before the
 * times were up, and the server had no CPU in between. */
static void who_is_ready_comes_before_the_clock(const void *unused)
{
    (void)unused;
    struct client *client[READY_CLIENTS];
    cpu_set_t before;
    int cpu;
    sched_getaffinity(0, sizeof before, &before);
    if (!start_on_one_cpu(short_idle, &cpu)) {
        tap_skip("it takes two CPUs");
        return;
    }
    unsigned count = model_clients(READY_CLIENTS);
    if (count < READY_CLIENTS)
        count = 1; /* as many as workers, of which there is one for each CPU */
    long since = patience_now_ms();
    for (unsigned i = 0; i < count; i++) {
        client[i] = client_open();
        if (client[i] == NULL || !client_print(client[i], GET) || !reply_expect(client[i], "200"))
            return;
    }
    long asked_ms;
    bool held_up = ask_while_it_is_held_up(client, count, cpu, &asked_ms);
    bool in_time = asked_ms - since < SHORT_MS - EARLY_MS;
    for (unsigned i = 0; held_up && in_time && i < count; i++)
        if (!reply_expect(client[i], "200"))
            break;
    if (!held_up)
        tap_skip("this process may not keep a CPU to itself");
    else if (!in_time)
        tap_skip("the machine was too busy to ask in time");
    sched_setaffinity(0, sizeof before, &before);
    clients_close();
    server_stop(NULL);
}

void suite_ready(void)
{
    suite_case("who is ready when his time is up has his turn", who_is_ready_comes_before_the_clock,
               NULL);
}
