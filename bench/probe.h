/* SPDX-License-Identifier: MIT */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/plan.h"

enum { PROBE_ROOM = 4096 };

/* One answer, byte for byte. */
struct probe {
    char bytes[PROBE_ROOM + 1]; /* always a string */
    size_t length;
};

/* Sends the request that the generator will send, on a connection of its own, and reads the whole
 * answer; under churn the server has to close after it, under keep-alive nothing may follow.
 * False, with the reason, when that did not come about within two seconds. */
bool probe_ask(uint16_t port, enum mode, struct probe *, const char **reason);

/* Whether it is 200 with the one body that all servers give and a length that fits. */
bool probe_is_right(const struct probe *);

/* Whether two answers are the same bytes, but for the time in Date. */
bool probe_is_same(const struct probe *, const struct probe *);

#endif
