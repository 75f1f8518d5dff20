/* SPDX-License-Identifier: MIT */
/*
 * Thread: a thread for each connection.
 *
 * Who waits where: the main thread waits in accept; each other thread waits in recv for its own
 * client. The threads are detached: nobody joins them, the list of the living is only there to
 * interrupt their waits when the server stops.
 *
 * One more client costs: a stack (address space, and the pages that were touched), a kernel task.
 * What breaks it: memory and RLIMIT_NPROC with very many clients; a crash takes all with it.
 * Compare with: fork (nothing shared), and epoll-lt (one thread waits for all of them at once).
 */
#include "lib/die.h"
#include "lib/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

struct client { /* on its thread's stack */
    struct client *previous, *next;
    pthread_t thread;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t none; /* count has become 0 */
    struct client list;  /* the head of a circular list: the threads that have begun */
    size_t count;        /* and those that were created */
} living = {.lock = PTHREAD_MUTEX_INITIALIZER,
            .none = PTHREAD_COND_INITIALIZER,
            .list = {.previous = &living.list, .next = &living.list}};

static long stack_kib = 64; /* a turn takes a few of them */

static const struct knob knobs[] = {
    {.name = "stack-kib",
     .help = "Stack of each connection's thread, in KiB",
     .value = &stack_kib,
     .min = 32,
     .max = 65536,
     .sweep = "32|256|8192"},
    {0},
};

static const struct model model = {
    .name = "thread",
    .title = "a thread for each connection",
    .family = "blocking",
    .blocking = true,
    .accept_blocks = true,
    .knobs = knobs,
};

static void enter(struct client *client)
{
    client->thread = pthread_self();
    pthread_mutex_lock(&living.lock);
    client->next = living.list.next;
    client->previous = &living.list;
    client->next->previous = client->previous->next = client;
    pthread_mutex_unlock(&living.lock);
}

static void leave(struct client *client)
{
    pthread_mutex_lock(&living.lock);
    client->previous->next = client->next;
    client->next->previous = client->previous;
    if (--living.count == 0)
        pthread_cond_signal(&living.none);
    pthread_mutex_unlock(&living.lock);
}

static void *serve(void *fd)
{
    struct client client;
    struct conns conns;

    enter(&client);
    conns_init(&conns, server_rules());
    conns_converse(&conns, (int)(intptr_t)fd);
    conns_finish(&conns);
    leave(&client);
    return NULL;
}

static void count_thread(int change)
{
    pthread_mutex_lock(&living.lock);
    living.count += (size_t)change;
    pthread_mutex_unlock(&living.lock);
}

static void start_thread(const pthread_attr_t *attributes, int fd)
{
    pthread_t thread;

    count_thread(+1);
    if (pthread_create(&thread, attributes, serve, (void *)(intptr_t)fd) == 0)
        return;
    count_thread(-1);
    server_refuse(fd);
}

static void set_attributes(pthread_attr_t *attributes)
{
    pthread_attr_init(attributes);
    pthread_attr_setdetachstate(attributes, PTHREAD_CREATE_DETACHED);
    errno = pthread_attr_setstacksize(attributes, (size_t)stack_kib * 1024);
    if (errno)
        die("cannot set a stack of %ld KiB", stack_kib);
}

/* A thread may be between its look at the flag and its wait: it is interrupted until it has gone,
   which the drain timeout sees to. */
static void end_threads(void)
{
    pthread_mutex_lock(&living.lock);
    while (living.count > 0) {
        struct timespec until;

        for (struct client *c = living.list.next; c != &living.list; c = c->next)
            pthread_kill(c->thread, SIGALRM);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += SERVER_NUDGE_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&living.none, &living.lock, &until);
    }
    pthread_mutex_unlock(&living.lock);
}

int main(int argc, char **argv)
{
    pthread_attr_t attributes;
    int fd;

    server_start(&model, argc, argv);
    set_attributes(&attributes);
    while ((fd = server_accept()) >= 0)
        start_thread(&attributes, fd);
    end_threads();
    pthread_attr_destroy(&attributes);
    return server_end();
}
