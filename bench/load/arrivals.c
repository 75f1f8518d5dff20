/* SPDX-License-Identifier: MIT */
#include "bench/load/arrivals.h"

#include <math.h>
#include <stdlib.h>

#include "bench/load/clock.h"
#include "bench/base/text.h"

struct random {
    uint64_t state[4];
};

static uint64_t split_mix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void seed_random(struct random *random, uint64_t seed, unsigned part)
{
    uint64_t state = seed;
    for (unsigned i = 0; i <= part; i++) /* the parts' seeds are far apart */
        state = split_mix(&state) ^ i;
    for (int i = 0; i < 4; i++)
        random->state[i] = split_mix(&state);
}

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

/* From 0 up to, but never, 1: the upper 53 bits. */
static double draw(struct random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return (double)(result >> 11) * 0x1p-53;
}

static void append(struct arrivals *arrivals, size_t *room, double at_ns)
{
    if (arrivals->count == *room) {
        *room = *room ? *room + *room / 2 : 1024;
        arrivals->at_ns = text_reallocate(arrivals->at_ns, *room, sizeof *arrivals->at_ns);
    }
    arrivals->at_ns[arrivals->count++] = (uint64_t)at_ns;
}

void arrivals_draw(struct arrivals *arrivals, enum arrivals_kind kind, double rate,
                   uint64_t length_ns, uint64_t seed, unsigned part, unsigned parts)
{
    double mean_ns = (double)CLOCK_SECOND_NS / rate * parts;
    double shift_ns = (double)CLOCK_SECOND_NS / rate * part;
    struct random random;
    size_t room = 0;
    *arrivals = (struct arrivals){0};
    seed_random(&random, seed, part);
    for (double at_ns = 0, i = 0;; i++) {
        if (kind == ARRIVALS_POISSON)
            at_ns -= mean_ns * log1p(-draw(&random));
        else
            at_ns = shift_ns + i * mean_ns;
        if (at_ns >= (double)length_ns)
            break;
        append(arrivals, &room, at_ns);
    }
}

void arrivals_finish(struct arrivals *arrivals)
{
    free(arrivals->at_ns);
    *arrivals = (struct arrivals){0};
}
