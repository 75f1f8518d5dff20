/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_DICE_H
#define TESTS_UNIT_DICE_H

#include <stddef.h>
#include <stdint.h>

/* Random numbers that a printed seed brings back. */
struct dice {
    uint64_t state;
};

/* Seeded by the environment's C10KIT_SEED, else anew each time; prints the seed. */
struct dice dice_new(void);
uint64_t dice_next(struct dice *dice);

/* From 0 to below most, which is at least 1. */
size_t dice_below(struct dice *dice, size_t most);

#endif
