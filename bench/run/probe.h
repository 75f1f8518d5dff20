/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_PROBE_H
#define BENCH_RUN_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/run/plan.h"

enum { PROBE_ROOM = 4096 };

/* One answer, byte for byte. */
struct probe {
    char bytes[PROBE_ROOM + 1]; /* always a string */
    size_t length;
};

/* What is asked for and what has to come. */
struct probe_question {
    const char *path, *body; /* body NULL: any of that length */
    size_t body_length;
};

/* What every model is asked. */
extern const struct probe_question probe_of_models;

/* Sends the request that the generator will send, on a connection of its own, and reads the whole
 * answer; under churn the server has to close after it, under keep-alive nothing may follow.
 * False, with the reason, when that did not come about within two seconds. */
bool probe_ask(uint16_t port, enum workload, const struct probe_question *, struct probe *,
               const char **reason);

/* Sends a message and reads it back on a connection of its own. False, with the reason, when not
 * the same bytes came within two seconds. */
bool probe_echo(uint16_t port, const char **reason);

/* Whether it is 200 with the body that was asked for and a length that fits. */
bool probe_is_right(const struct probe *, const struct probe_question *);

/* Whether two answers are the same bytes, but for the time in Date. */
bool probe_is_same(const struct probe *, const struct probe *);

#endif
