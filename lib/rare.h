/* SPDX-License-Identifier: MIT */
#ifndef LIB_RARE_H
#define LIB_RARE_H

/* Of a function that the usual request does not need. Between two requests the kernel's TCP takes
   the CPU's instruction cache for itself, and what a request costs in user mode is mostly the
   fetching of its code again: so what is rare stands apart, and what is not lies together. */
#define RARE __attribute__((cold))

#endif
