/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_CHORUS_H
#define BENCH_LAB_CHORUS_H

#include <stdint.h>

#include "bench/lab/experiment.h"

/* Clients of an echo server who all send a short message at the same moment, every 2 ms, and wait
 * for it. They sleep in between, where c10kit-load would spin: who shares their CPU can work. */
enum { CHORUS_VOICES = 63, CHORUS_MESSAGE_BYTES = 64 };

struct chorus {
    double p50_us, p99_us; /* from a message's sending until it was back */
    unsigned unanswered;
};

/* Connects, sings for so long and leaves. A message that is not back within a second counts with
 * that second, and ends it. Fails the experiment when there is no connection. */
struct chorus chorus_sing(struct experiment *, uint16_t port, unsigned ms);

#endif
