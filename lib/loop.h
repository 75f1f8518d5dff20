/* SPDX-License-Identifier: MIT */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include "lib/conn.h"

#include <stdbool.h>
#include <stdint.h>

/* The loop of servers/epoll-lt.c, level-triggered, for the models that have several of them and
   differ in how a loop comes by its clients. One thread's; the caller owns it. */
struct loop {
    struct conns conns;
    int epoll;
    int source; /* where clients come from: a listener, or a socket that brings them */
    uint32_t source_flags;
    bool shared; /* set by the model: a client's socket may be open in another process too */
    void (*on_source)(struct loop *);
};

/* Watches the source (epoll's flags, EPOLLIN among them) and calls on_source() when it is ready.
   Exits where that cannot be had. */
void loop_init(struct loop *loop, const struct conn_rules *rules, int source, uint32_t flags,
               void (*on_source)(struct loop *));

/* Takes the source out of the kernel's list and puts it in again: where several wait for it, this
   one goes to the end of their line. */
void loop_queue_anew(struct loop *loop);

/* Takes over a client's socket, and gives it its first turn. */
void loop_take(struct loop *loop, int fd);

/* Serves until the server stops and no connection is left; from the stop on the source is no longer
   watched. It stays open. */
void loop_run(struct loop *loop);

void loop_finish(struct loop *loop);

#endif
