/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_SEARCH_H
#define BENCH_RUN_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

/* The highest rate at which something still holds, by asking. Pure but for the asking. */

enum search_answer {
    SEARCH_HOLDS,
    SEARCH_FAILS,
    SEARCH_UNKNOWN /* could not be tried: the generator was the limit, and sets the top */
};

/* What a window at one rate has shown. */
struct search_window {
    int64_t offered, answered; /* requests that were due, and those of them with a right answer */
    int64_t starved;           /* connections without any answer */
    int64_t p99_ns;            /* of response */
    int64_t on_time_p99_ns;    /* of response less the generator's lateness; negative: not known */
};

/*
 * Whether 99 % were answered, nobody was starved and p99 was under the bound. Where p99 was over it
 * and would not have been without the generator's lateness nobody knows; whatever else was amiss is
 * the server's failure, however late the generator was.
 */
enum search_answer search_judge(const struct search_window *, int64_t bound_us);

struct search_result {
    double low;  /* the highest rate that held, twice; 0: none did */
    double high; /* the lowest that failed; 0: beyond the low one none could be tried */
    int steps;   /* questions asked */
    bool blind;  /* nothing held, and the generator was the limit to the last */
};

/*
 * Gallop, bisect, confirm. From 85 % of `guess` the rate is changed by 10 %, then by 21, 46 and so
 * on, each step the square of the one before, up while it holds or down while it fails, to a
 * sixteenth of the guess: who fails there does not fail for the load. Then the gap is halved, on
 * logarithms, until it is within 5 %. The rate that held is asked once more; when it fails then,
 * it is the new high, and the search goes on below it, so that a lucky answer does not stand. At
 * most 24 questions.
 */
void search_rate(enum search_answer (*ask)(void *argument, double rate), void *argument,
                 double guess, struct search_result *);

#endif
