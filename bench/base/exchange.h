/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BASE_EXCHANGE_H
#define BENCH_BASE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One connection by hand to 127.0.0.1, for what no generator does: connect, send, read an answer
 * of HTTP that tells its length. Blocking; waiting ends after the connection's patience. */

/* A socket of the caller's; -1 with errno: nobody takes it. */
int exchange_connect(uint16_t port, unsigned patience_ms);

/* Sends all of it; false with errno when the server does not take it in time. */
bool exchange_send(int fd, const char *bytes, size_t length);

/* How long the whole answer is, head and body by Content-Length, in bytes; 0 while its head is not
 * complete, or does not say. `answer` is a string. */
size_t exchange_announced(const char *answer);

/* Reads on until the first answer in `answer` is whole. `answer` holds *used bytes, and has room
 * for `room` and a NUL, which is kept at its end. Returns the answer's length, which is less than
 * *used where more came with it; 0 when the connection or the room ends before it, or none came in
 * time. */
size_t exchange_read(int fd, char *answer, size_t room, size_t *used);

#endif
