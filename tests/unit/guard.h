/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_GUARD_H
#define TESTS_UNIT_GUARD_H

#include <stddef.h>

/* Memory that ends where a page begins that can be neither read nor written: one byte too far is a
   fault, under any compiler. */
struct guard {
    char *end; /* the first byte that faults */
    size_t size;
};

/* At least size bytes, owned by the caller until guard_free(). */
struct guard guard_new(size_t size);
void guard_free(struct guard *guard);

/* Copies len bytes so that they end at the guard. */
const char *guard_put(const struct guard *guard, const char *bytes, size_t len);

#endif
