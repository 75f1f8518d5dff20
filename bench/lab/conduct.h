/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_CONDUCT_H
#define BENCH_LAB_CONDUCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/lab/claim.h"

/* Trying claims one after the other, and what a folder of tried claims says. */

struct conduct_order {
    const struct claim *const *claims; /* NULL ends the list */
    const char *folder;
    bool quick;
    unsigned repeats; /* 0: what each claim says */
    uint64_t seed;
};

/*
 * Makes the folder where there is none, with its manifest, and tries the claims, each in a process
 * of its own, so that one that hangs or crashes costs only itself; what it started is ended. Prints
 * each one's figures and verdict. Returns how many could not be tried to their end; an interrupt
 * ends the run early and counts as one.
 */
size_t conduct_run(const struct conduct_order *);

/* figures.csv, verdicts.csv and charts of all claims that the folder holds. */
void conduct_summarise(const char *folder);

/* Why the folder holds no whole experiment on the claim, as "interrupted"; NULL: it does. */
const char *conduct_lack(const struct claim *, const struct figures *all);

/* What the folder's figures say of one claim; undecided when it was not tried to its end. */
struct claim_verdict conduct_judge(const struct claim *, const struct figures *all);

/* The figures of one claim; figures_finish() is due. */
void conduct_select(struct figures *, const struct figures *all, const char *claim);

/* One claim's figures, as lines of text. */
void conduct_print_figures(const struct figures *, FILE *out);

#endif
