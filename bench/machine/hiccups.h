/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_HICCUPS_H
#define BENCH_MACHINE_HICCUPS_H

#include <stdbool.h>
#include <stdint.h>

/* What a thread that does nothing but read the clock, pinned to this CPU, saw between one reading
 * and the next: all that is not its own is other work on the machine. */
struct hiccups {
    int cpu;
    unsigned looked_ms;
    uint64_t readings;
    uint64_t median_ns, p999_ns, longest_ns;
    int64_t lost_ppm; /* share of the time that lies in gaps of over 1 us, in millionths */
};

/* Looks for so long; the harness's loop (loop.h) goes on meanwhile. False when that CPU may not be
 * used or the user interrupted. */
bool hiccups_look(struct hiccups *, int cpu, unsigned spin_ms);

#endif
