/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_RIG_H
#define TESTS_UNIT_RIG_H

#include "lib/conn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A loop of one connection, played by a test, and the client at its other end: by the pure half,
   or over a real TCP connection. Executables that use it are linked with --wrap=clock_gettime:
   from rig_init() to rig_finish() time passes only when the test says so. */

extern int64_t rig_now_ms; /* what the clock shows; negative: it is the real one */
extern bool rig_stopping;  /* the server was told to stop; false again with each rig_init() */
extern atomic_uint rig_resumptions; /* how often the process was continued */

enum { RIG_START_MS = 1000000, RIG_IDLE_MS = 60000, RIG_HEADER_MS = 10000, RIG_DRAIN_MS = 1500 };

struct rig {
    struct conn_rules rules; /* may be changed between rig_init() and rig_open() */
    _Atomic uint64_t counts[CONN_COUNTS];
    struct conns conns;
    struct conn *conn; /* NULL when closed, or refused */
    int peer;          /* the client's socket; -1: the pure half */
};

void rig_init(struct rig *rig, const struct protocol *protocol);

/* Opens the connection. sockets: over TCP. */
void rig_open(struct rig *rig, bool sockets);

/* Closes what is open. */
void rig_finish(struct rig *rig);

/* The client says this, and it is received: by conn_read() where there are sockets. Returns false
   where there was no memory for it. */
bool rig_say(struct rig *rig, const char *bytes, size_t len);
bool rig_say_text(struct rig *rig, const char *text);

/* All the output that is pending now is sent, and what the client hears of it goes into a buffer
   of the caller's, as a string. Returns its length. */
size_t rig_hear(struct rig *rig, char *heard, size_t size);

/* Lets time pass, as a loop sees it that wakes often; gives no turns. */
void rig_wait(struct rig *rig, int64_t ms);

/* Waits until the client can read, and reads once. 0: the end; -1: reset. */
long rig_client_read(const struct rig *rig, char *bytes, size_t size);
void rig_wait_readable(int fd);

/* Two ends of a TCP connection on the loopback interface. Neither blocks. */
void rig_pair(int ends[2]);

#endif
