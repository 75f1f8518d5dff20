/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_TURN_H
#define BENCH_LOAD_TURN_H

#include <stdint.h>

struct connection;
struct flight;
struct worker;

/*
 * What happens to one connection, and what follows from it.
 *
 * Where the clock is read. Sent: right before each send(); where a connection has to be opened for
 * the request, before connect(). Done: the stamp of the wake-up that reported the answer, for it
 * was there by then; so what waits in our own loop is not charged to the server. This holds when
 * one answer was owed and came whole in one piece. Otherwise (pipelining, long answers) the clock
 * is read again behind recv(): part of it may have come since.
 */

/* The kernel reported something. */
void turn_event(struct worker *, struct connection *, uint32_t events, uint64_t wake_ns);

/* Opens the connection, for whatever is to be sent on it. */
void turn_open(struct worker *, struct connection *);

/* Sends requests, or opens the connection for them. */
void turn_ask(struct worker *, struct connection *, unsigned count, struct flight);

/* Closed loop: begins on a connection that is open, or opens it. */
void turn_begin(struct worker *, struct connection *);

/* Now and then: gives up what has taken too long, and tries again what could not be opened. */
void turn_look(struct worker *, struct connection *, uint64_t now_ns);

#endif
