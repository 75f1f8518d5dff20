/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_ARRIVALS_H
#define BENCH_LOAD_ARRIVALS_H

#include <stddef.h>
#include <stdint.h>

enum arrivals_kind { ARRIVALS_POISSON, ARRIVALS_UNIFORM };

/* When requests are to be sent: ns from the load's start, ascending. The caller's to finish. */
struct arrivals {
    uint64_t *at_ns;
    size_t count;
};

/*
 * Draws the share `part` (from 0) of `parts` of all arrivals at `rate` per second within
 * `length_ns`. The parts together are one process of that rate.
 *
 * Poisson: gaps are -ln(1 - U) / rate, the inverse of the exponential distribution; parts are
 * independent processes of rate / parts, whose superposition is Poisson again (Kingman, Poisson
 * Processes, 2.2). U comes from xoshiro256** (Blackman, Vigna, 2018), seeded by splitmix64 with
 * seed and part: the same on every machine. Uniform: every 1 / rate, dealt out in turn; the seed is
 * not used.
 */
void arrivals_draw(struct arrivals *, enum arrivals_kind, double rate, uint64_t length_ns,
                   uint64_t seed, unsigned part, unsigned parts);
void arrivals_finish(struct arrivals *);

#endif
