/* SPDX-License-Identifier: MIT */
/*
 * Thread pool: one thread accepts, N threads serve, a bounded queue between them.
 *
 * Who waits where: the main thread waits in accept and puts each client into the queue; an idle
 * worker waits on a condition until somebody is in it; a busy one waits in recv for its own client.
 * Where the queue is full the main thread accepts no more: the kernel's accept queue fills, and
 * after it the clients' patience. Without the bound, memory and descriptors would fill instead.
 * Whoever waits for a condition looks again when he wakes, for another may have been faster, and
 * each client wakes one worker, not all.
 *
 * One more client costs: a descriptor in the queue, until a worker is free.
 * What breaks it: N clients that keep their connections open, be they ever so idle: all others
 * wait. Compare with: prethread (no queue but the kernel's), epoll-workers (clients wait in epoll,
 * and only their requests are handed over).
 */
#include "lib/server.h"
#include "lib/workers.h"

#include <pthread.h>

enum { QUEUE_MOST = 4096 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t some, room;
    int clients[QUEUE_MOST]; /* a ring: the next one is at from */
    long from, count;
    bool ended; /* nobody comes any more */
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .some = PTHREAD_COND_INITIALIZER,
           .room = PTHREAD_COND_INITIALIZER};

static long workers, queue_size = 64;

static const struct knob knobs[] = {
    WORKERS_KNOB("Threads that serve", workers),
    {.name = "queue",
     .help = "Clients that may wait for a thread, accepted",
     .value = &queue_size,
     .min = 1,
     .max = QUEUE_MOST,
     .sweep = "1|8|1024"},
    {0},
};

static const struct model model = {
    .name = "thread-pool",
    .title = "one thread accepts, N threads made once serve from a bounded queue",
    .family = "blocking",
    .blocking = true,
    .accept_blocks = true,
    .workers = &workers,
    .client_each = true,
    .knobs = knobs,
};

/* Returns false when the server stops. Before accept, not after it: a client that has no place yet
   is better off in the kernel's queue. No signal handler may signal a condition, so the stop is
   looked for. */
static bool wait_for_room(void)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.count == queue_size && !server_stopping())
        workers_wait_briefly(&queue.room, &queue.lock);
    pthread_mutex_unlock(&queue.lock);
    return !server_stopping();
}

static void put(int fd)
{
    pthread_mutex_lock(&queue.lock);
    queue.clients[(queue.from + queue.count++) % queue_size] = fd;
    pthread_cond_signal(&queue.some);
    pthread_mutex_unlock(&queue.lock);
}

static void end(void)
{
    pthread_mutex_lock(&queue.lock);
    queue.ended = true;
    pthread_cond_broadcast(&queue.some);
    pthread_mutex_unlock(&queue.lock);
}

/* Returns the next client, or -1 where there will be no more. Those that were accepted are served
   also when the server stops. */
static int take(void)
{
    int fd = -1;

    pthread_mutex_lock(&queue.lock);
    while (queue.count == 0 && !queue.ended)
        pthread_cond_wait(&queue.some, &queue.lock);
    if (queue.count > 0) {
        fd = queue.clients[queue.from];
        queue.from = (queue.from + 1) % queue_size;
        queue.count--;
        pthread_cond_signal(&queue.room);
    }
    pthread_mutex_unlock(&queue.lock);
    return fd;
}

static void work(int index)
{
    struct conns conns;
    int fd;

    (void)index;
    conns_init(&conns, server_rules());
    while ((fd = take()) >= 0)
        conns_converse(&conns, fd);
    conns_finish(&conns);
}

int main(int argc, char **argv)
{
    int fd;

    server_start(&model, argc, argv);
    workers_start_threads(workers_count(&model), work);
    server_ready();
    while (wait_for_room() && (fd = server_accept()) >= 0)
        put(fd);
    end();
    workers_end_threads();
    return server_end();
}
