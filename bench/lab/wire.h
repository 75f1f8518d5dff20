/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_WIRE_H
#define BENCH_LAB_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/lab/experiment.h"

/* TCP over loopback beside client.h, and times that are ranked. The calls fail the experiment when
 * the kernel refuses; descriptors are the caller's. */

/* So many silent connections to a server; wire_close() is due. */
int *wire_crowd(struct experiment *, uint16_t port, size_t connections);
void wire_close(int *crowd, size_t connections);

/* Both ends of one connection within this process, blocking, with a limit of a second on each wait.
 * With a buffer of more than 0 bytes, that is what each side's kernel buffers are set to. */
void wire_pair(struct experiment *, int ends[2], int buffer_bytes);

/* Times of one kind, to be ranked. Zeroed memory is an empty one. */
struct samples {
    double *all;
    size_t count, room;
};
void samples_add(struct samples *, double);

/* Nearest rank: the smallest that at least the share p (0 < p <= 1) lie at or under; NAN when there
 * is none. */
double samples_percentile(struct samples *, double p);
void samples_finish(struct samples *);

#endif
