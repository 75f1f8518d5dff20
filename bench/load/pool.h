/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_POOL_H
#define BENCH_LOAD_POOL_H

#include <stdint.h>

struct connection;
struct worker;

/* Open loop: arrivals and the connections that take them, both first come, first served. */

/* The connection may be taken from now on. Done twice is done once. */
void pool_put(struct worker *, struct connection *, uint64_t now_ns);

/* Sends what is due, as long as there are free connections. */
void pool_dispatch(struct worker *);

/* Gives up arrivals that have waited for a connection for longer than the time limit. */
void pool_expire(struct worker *, uint64_t now_ns);

/* The window has ended: counts arrivals that never got a connection, at their age. */
void pool_close(struct worker *, uint64_t end_ns);

#endif
