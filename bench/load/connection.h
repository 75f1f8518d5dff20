/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_CONNECTION_H
#define BENCH_LOAD_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/load/answer.h"

struct target;

enum connection_state {
    CONNECTION_NONE, /* no socket */
    CONNECTION_CONNECTING,
    CONNECTION_OPEN,
    CONNECTION_ENDING, /* all was answered and the server said that it will close: it is waited for
                        */
};

/* A request that has no answer yet. Closed loop: both times are the same. */
struct flight {
    uint64_t intended_ns, sent_ns;
    uint64_t late_ns; /* what the generator itself was late by */
};

/* One client: a connection, or in churn one after another. Its worker's alone. */
struct connection {
    int fd;
    enum connection_state state;
    unsigned under_way, oldest; /* flights, a ring: how many, and where the oldest is */
    struct flight *flights;     /* as many as a pipeline is deep; the worker's */
    size_t unsent, offset;      /* bytes of requests to be sent; where in a request they begin */
    struct answer answer;
    uint64_t began_ns; /* opening the socket */
    uint64_t free_ns;  /* open loop: since when it may be taken */
    bool pooled;       /* open loop: it waits among the free ones */
    uint64_t requests; /* in the window */
    uint64_t total_ns, longest_ns;
};

/* Opens the socket and registers it, once for all: edge-triggered, so that no request needs a
 * second call. False with errno: it could not be opened, and has no socket. */
bool connection_open(struct connection *, const struct target *, int epoll, uint64_t now_ns);

/* Closes the socket and forgets what was under way on it. */
void connection_close(struct connection *);

/* Adds `count` requests that are to be sent. */
void connection_ask(struct connection *, const struct target *, unsigned count,
                    struct flight flight);

enum connection_sent { CONNECTION_SENT, CONNECTION_FULL, CONNECTION_BROKEN };

/* Sends what is to be sent, as far as the kernel takes it. */
enum connection_sent connection_flush(struct connection *, const struct target *);

/* The oldest request has its answer, or has been given up. */
struct flight connection_landed(struct connection *, unsigned depth);

#endif
