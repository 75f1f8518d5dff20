/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CLAIMS_FIXTURE_H
#define TESTS_CLAIMS_FIXTURE_H

#include "bench/lab/claim.h"

/*
 * Holds the claim's verdict on given figures against what it has to be. Figures are lines:
 *     poll@900 cpu_us_per_request 5.1 5.2 5.0     values of three repeats
 *     iterative answered 0/8                      a share
 *     plain outcome = reset                       a text
 */
void assert_finding(const struct claim *, const char *figures, enum finding);

/* The same, and the verdict names this: what it depends on, or why it is undecided. */
void assert_finding_on(const struct claim *, const char *figures, enum finding, const char *on);

/* Reads such lines; figures_finish() is due. */
void fixture_read(struct figures *, const char *lines);

#endif
