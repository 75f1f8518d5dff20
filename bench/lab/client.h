/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_CLIENT_H
#define BENCH_LAB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/lab/experiment.h"

/* A client by hand, for what a generator does not do. Blocking sockets on 127.0.0.1; waiting ends
 * after CLIENT_PATIENCE_MS with EAGAIN. */
enum { CLIENT_PATIENCE_MS = 3000 };

extern const char client_request[]; /* GET /, keep-alive */

/* -1: nobody takes it. */
int client_try(uint16_t port);

/* Fails the experiment when there is no connection. */
int client_connect(struct experiment *, uint16_t port);

/* Sends all of it; false when the server does not take it. */
bool client_send(int fd, const char *bytes, size_t length);

/* Waits until the server has accepted the connection and read all that was sent, for
 * CLIENT_PATIENCE_MS at most; false when it has not. */
bool client_wait_read(int fd);

/* Reads one whole answer (head and body by Content-Length). False: none came in time, or the
 * connection ended. */
bool client_read_answer(int fd);

/* Reads answers until there are no more of them. */
int client_count_answers(int fd);

/* A connection that has had one answer. Fails the experiment when none came. */
int client_asked(struct experiment *, uint16_t port);

void client_close(int fd);

int64_t client_clock_ns(void); /* monotonic */

#endif
