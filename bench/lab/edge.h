/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_EDGE_H
#define BENCH_LAB_EDGE_H

#include <stdbool.h>

/* An edge-triggered echo server of a few lines, which may go on in the wrong way. */

enum { EDGE_TURN_BYTES = 16 << 10 }; /* a turn: at most one recv of so much, and one send */

struct edge_manner {
    int turns;       /* for one connection, before it is another's turn */
    bool comes_back; /* later, to whom the turns did not suffice */
};

struct edge {
    struct edge_manner manner;
    int listener; /* does not block */
};

/* Serves until it is killed; for subject_start(). The memory is a struct edge. */
void edge_serve(void *memory);

#endif
