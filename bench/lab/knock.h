/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_KNOCK_H
#define BENCH_LAB_KNOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/lab/experiment.h"

/* Connections in the making: a listener that does not accept, and clients at its door. Everything
 * is in the network namespace of the calling thread; what the kernel refuses fails the experiment;
 * descriptors are the caller's. */

/* Listens on 127.0.0.1, non-blocking; the kernel chooses the port. */
int knock_listen(struct experiment *, int backlog, uint16_t *port);

/* What `ss -ltn` calls Recv-Q and Send-Q: how many wait to be accepted, and how many may. */
struct knock_queue {
    unsigned waiting, limit;
};
struct knock_queue knock_queue(int listener);

/* How many handshakes the kernel keeps half-open (SYN_RECV) in this namespace. */
size_t knock_half_open(void);

/* Begins to connect, and does not wait. A deaf client drops all that it is sent, so its handshake
 * stays half-open, until knock_hear(): then it is as if the first SYN-ACK had been lost. */
int knock(struct experiment *, uint16_t port, bool deaf);
void knock_hear(int client);

/* The client's own view. */
bool knock_is_connected(int client);

/* So many, which are not deaf; of these, how many are connected after a moment; all closed. */
int *knock_crowd(struct experiment *, uint16_t port, size_t count, bool deaf);
size_t knock_connected(const int *crowd, size_t count);
void knock_close(int *crowd, size_t count);

#endif
