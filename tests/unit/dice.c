/* SPDX-License-Identifier: MIT */
#include "tests/unit/dice.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct dice dice_new(void)
{
    const char *text = getenv("C10KIT_SEED");
    struct dice dice = {text ? strtoull(text, NULL, 0) : 0};
    ssize_t len = text ? (ssize_t)sizeof dice : getrandom(&dice, sizeof dice, 0);

    assert(len == (ssize_t)sizeof dice);
    fprintf(stderr, "C10KIT_SEED=0x%" PRIx64 "\n", dice.state);
    return dice;
}

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
uint64_t dice_next(struct dice *dice)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

size_t dice_below(struct dice *dice, size_t most)
{
    return (size_t)(dice_next(dice) % most);
}
