/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_TARGET_H
#define BENCH_LOAD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "bench/load/plan.h"

/* Whom the load goes to, and what is said to it. Read only once it is made; threads share it. */
struct target {
    struct sockaddr_storage address;
    socklen_t address_len;
    char *request;      /* `requests` of them, one after the other: what a pipeline sends at once */
    size_t request_len; /* of one */
    unsigned requests;
    bool any_port; /* so many connections that every other port would not do */
};

/* Resolves HOST:PORT (a name, an IPv4 address, an IPv6 address in brackets; of a name's addresses
 * the first at which somebody listens) and writes the requests. Exits with one line where it
 * cannot. */
void target_init(struct target *, const struct plan *);
void target_finish(struct target *);

/* A non-blocking connection that is being opened, or -1 with errno. */
int target_connect(const struct target *);

#endif
