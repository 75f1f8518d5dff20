/* SPDX-License-Identifier: MIT */
/*
 * Polling list: two threads and a shared list, and nobody asks the kernel who is ready.
 *
 * Who waits where: thread 1 waits in accept and puts each client on the list. Thread 2 goes round
 * all clients, tries each one's non-blocking socket, serves whoever has sent something, drops
 * whoever has gone, then sleeps for --interval. Without clients it waits for the first.
 *
 * One more client costs: a failed recv in every round, whether it says anything or not.
 * What breaks it: silent clients. A short interval burns a CPU on them, a long one makes all wait;
 * there is no right one, which is what readiness calls were invented for.
 * Compare with: select, which asks about all sockets in one call and sleeps until one is ready.
 */
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

struct client {
    struct client *next;
    int fd;
    struct conn *conn; /* from when thread 2 has met it */
};

/* What the threads share: the clients that have come and that thread 2 has not met. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t some; /* a client has come, or the server stops */
    struct client *_Atomic list;
} arrived = {.lock = PTHREAD_MUTEX_INITIALIZER, .some = PTHREAD_COND_INITIALIZER};

/* Thread 2's own: those that it goes round to. */
static struct {
    struct conns conns;
    struct client *list;
} met;

static long interval_us = 100;

static const struct knob knobs[] = {
    {.name = "interval",
     .help = "Sleep between two rounds, in microseconds; 0 spins",
     .value = &interval_us,
     .min = 0,
     .max = 10000000,
     .sweep = "0|10|1000|10000"},
    {0},
};

static const struct model model = {
    .name = "polling-list",
    .title = "two threads and a shared list, no readiness call",
    .family = "polling",
    .accept_blocks = true,
    .knobs = knobs,
};

static void put_on_list(int fd)
{
    struct client *client = malloc(sizeof *client);

    if (!client) {
        server_refuse(fd);
        return;
    }
    client->fd = fd;
    pthread_mutex_lock(&arrived.lock);
    client->next = arrived.list;
    arrived.list = client;
    pthread_cond_signal(&arrived.some);
    pthread_mutex_unlock(&arrived.lock);
}

/* Takes the whole list; waits for somebody to arrive where there is nobody to go round to. */
static struct client *take_list(void)
{
    struct client *list;

    if (met.list && !arrived.list) /* a look without the lock: what it misses is there next time */
        return NULL;
    pthread_mutex_lock(&arrived.lock);
    while (!arrived.list && !met.list && !server_stopping())
        pthread_cond_wait(&arrived.some, &arrived.lock);
    list = arrived.list;
    arrived.list = NULL;
    pthread_mutex_unlock(&arrived.lock);
    return list;
}

static void meet(struct client *client)
{
    while (client) {
        struct client *next = client->next;

        client->conn = conns_open(&met.conns, client->fd);
        client->next = met.list;
        if (client->conn)
            met.list = client;
        else
            free(client);
        client = next;
    }
}

/* A turn for each client; those that have gone leave the list. */
static void go_round(void)
{
    for (struct client **link = &met.list; *link;) {
        struct client *client = *link;

        if (conn_turn(client->conn) != CONN_DONE) {
            link = &client->next;
            continue;
        }
        *link = client->next;
        conn_close(client->conn);
        free(client);
    }
}

/* They need a turn, ready or not. */
static bool some_are_due(void)
{
    bool some = false;

    while (conns_due(&met.conns))
        some = true;
    return some;
}

/* Until the next round: the interval, or less where somebody is due before. */
static void rest(void)
{
    int wait_ms = conns_wait_ms(&met.conns);
    long us = wait_ms < 0 || wait_ms > interval_us / 1000 ? interval_us : wait_ms * 1000L;

    conns_plan(&met.conns, us / 1000);
    if (us > 0 && met.list)
        nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

/* The process is stopped in a round as easily as in a rest, and whoever is served behind the stop
   is dated by the round's clock, from before it. So to the clock a round is a wait of no length:
   what it took too long does not count, and the dates hold. */
static void *serve(void *unused)
{
    prctl(PR_SET_TIMERSLACK, 1); /* the interval is what was asked for, not 50 us more */
    while (conns_live(&met.conns)) {
        struct client *newcomers = take_list();

        conns_tick(&met.conns);
        conns_plan(&met.conns, 0);
        meet(newcomers);
        go_round(); /* first: who has asked is heard before the clock is looked at */
        if (some_are_due())
            go_round();
        conns_tick(&met.conns);
        rest();
    }
    return unused;
}

/* Who arrived when thread 2 had gone. */
static void refuse_arrived(void)
{
    while (arrived.list) {
        struct client *client = arrived.list;

        arrived.list = client->next;
        server_refuse(client->fd);
        free(client);
    }
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int fd;

    server_start(&model, argc, argv);
    conns_init(&met.conns, server_rules());
    errno = pthread_create(&thread, NULL, serve, NULL);
    if (errno)
        die("cannot start the second thread");
    while ((fd = server_accept()) >= 0)
        put_on_list(fd);
    pthread_mutex_lock(&arrived.lock);
    pthread_cond_signal(&arrived.some);
    pthread_mutex_unlock(&arrived.lock);
    pthread_join(thread, NULL);
    refuse_arrived();
    conns_finish(&met.conns);
    return server_end();
}
