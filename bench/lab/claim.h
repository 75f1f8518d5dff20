/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_CLAIM_H
#define BENCH_LAB_CLAIM_H

#include <stddef.h>

#include "bench/lab/figures.h"

struct experiment;

/* What the figures say of a claim. */
enum finding {
    FINDING_UNDECIDED, /* the figures are missing, or their intervals too wide */
    FINDING_CONFIRMED,
    FINDING_REFUTED,
    FINDING_DEPENDS
};

struct claim_verdict {
    enum finding finding;
    char on[FIGURE_TEXT_SIZE]; /* depends: on what; undecided: why. "" else */
};

struct claim_verdict verdict_confirmed(void);
struct claim_verdict verdict_refuted(void);
__attribute__((format(printf, 1, 2))) struct claim_verdict verdict_depends(const char *on, ...);
__attribute__((format(printf, 1, 2))) struct claim_verdict verdict_undecided(const char *why, ...);

/* The rule of many claims, which say that something holds under several conditions: confirmed when
 * it holds under all, refuted when under none, depends on `on` when certainly under some and
 * certainly not under others; else undecided. */
struct claim_verdict verdict_of_all(const enum certainty *, size_t count, const char *on);

/* Both hold. */
enum certainty certain_both(enum certainty, enum certainty);

/* "confirmed", "refuted", "depends", "undecided". */
const char *finding_name(enum finding);

/* What an experiment cannot do without. */
enum claim_need {
    CLAIM_NEEDS_NOTHING,
    CLAIM_NEEDS_NAMESPACE = 1 /* a network namespace of its own: root, or CAP_SYS_ADMIN */
};

/* One statement and its experiment; one file of bench/claims. */
struct claim {
    const char *id;   /* "b3" */
    const char *said; /* the statement, as it is repeated: one sentence */
    const char *test; /* what is tried, in a sentence or two */
    const char *rule; /* how the verdict follows from the figures, in words; shown in the notes */
    unsigned needs;   /* CLAIM_NEEDS_... */
    unsigned repeats, quick_repeats; /* 0: eight and three */
    /* Tries it, and notes values. Runs in a process of its own, in a fresh network namespace where
     * it may have one. */
    void (*run)(struct experiment *);
    /* Pure. */
    struct claim_verdict (*judge)(const struct figures *);
    const char *chart; /* a gnuplot script of bench/claims; NULL: there is nothing to look at */
};

/* All, in the order of the notes; NULL ends the list. In bench/claims/claims.c. */
extern const struct claim *const claims[];
const struct claim *claim_find(const char *id);

#endif
