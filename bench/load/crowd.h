/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_CROWD_H
#define BENCH_LOAD_CROWD_H

#include <stdint.h>

/*
 * Connections beside the load that are not measured: they are there for what they do to the others.
 * How each behaves is a row of the table in crowd.c. They live in a thread of their own, which
 * shares nothing with the load but the CPUs of the process; or there is no load beside them.
 */
enum crowd_script {
    CROWD_IDLE,        /* says nothing and stays */
    CROWD_SILENT,      /* the same, but comes again when it is thrown out */
    CROWD_SLOW_HEADER, /* a byte of its request every 100 ms, and never the end */
    CROWD_SLOW_READER, /* asks as much as it can and takes a little every 100 ms */
    CROWD_FIRE_HOSE,   /* asks as much as it can and takes everything */
    CROWD_RESET, /* asks, and resets the connection before the answer: some 50 times a second */
    CROWD_SCRIPTS
};

struct target;
struct crowd;

struct crowd_counts {
    uint64_t asked, opened, refused; /* connections; refused: could not be opened */
    uint64_t closed;                 /* by the server */
    uint64_t resets;                 /* by us, on purpose */
    uint64_t bytes_sent, bytes_read;
};

const char *crowd_script_name(enum crowd_script);

/* Opens all connections, `wanted` of each script, and returns when they are open or after
 * `patience_ns`; then the thread keeps them. NULL when none is wanted. The target is borrowed;
 * those who ask as much as they can send all of its requests at once. */
struct crowd *crowd_start(const struct target *, const unsigned wanted[CROWD_SCRIPTS],
                          uint64_t patience_ns);

/* Closes all, ends the thread and says what came of them. NULL is allowed: counts are 0. */
void crowd_stop(struct crowd *, struct crowd_counts counts[CROWD_SCRIPTS]);

#endif
