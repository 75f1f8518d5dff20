/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_RANK_H
#define BENCH_JUDGE_RANK_H

#include <stdio.h>

#include "bench/judge/pairs.h"
#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* Who is better than whom: contests of all models in one workload, at one level, by one metric. A
 * pure function of the record. */

enum { RANK_CONTESTANTS_LIMIT = 64 };

/* [1 + significantly better ones, k - significantly worse ones]: 1 to 3 is a rank, and says that
 * one to three may be the place. */
struct rank {
    size_t first, last;
};

/* Of k contestants, from all their pairs. Only "better" and "worse" move a rank. */
void rank_places(const struct pair *pairs, size_t contestants, struct rank *ranks);

/*
 * Compact letter display: two contestants share a letter when, and only when, neither came out
 * better (insert-and-absorb: Piepho, J. Comput. Graph. Stat. 13, 2004). Fills one string
 * per contestant, the caller's to free; "a" goes to contestant 0 and those tied with it, so number
 * them from the best. At most RANK_CONTESTANTS_LIMIT. After z come a', b', ... Returns how many
 * letters it took; a contest that takes more than the alphabet has none.
 */
size_t rank_letters(const struct pair *pairs, size_t contestants, char **letters);

struct contestant {
    const struct summary_cell *cell;
    const char *reason; /* why it is not compared; "" when it is */
    bool bound;         /* the generator set the speed: it is as good as its value or better */
    double mean;        /* geometric, over the contest's blocks; NAN: not compared */
    struct rank rank;   /* {0, 0}: none */
    char *letters;      /* "": none, or more than can be read */
};

struct contest {
    const char *workload, *twin_of; /* twin_of: NULL without a twin */
    int64_t level;
    enum metric metric;
    struct contestant *contestants; /* those compared first, from the best to the worst */
    size_t count, compared;
    struct pair *pairs; /* pairs_count(compared) of them */
    size_t blocks, blocks_needed;
    struct pair twins; /* a model against itself (A/A); ratio NAN: not measured here */
    double threshold;
};

/* One for each workload, level and metric that some valid cell has and that is compared there. */
struct ranking {
    struct contest *contests;
    size_t count;
};

/*
 * The summary must outlive it. Compared are the models whose cell is valid and has the metric in
 * each trial, over the blocks that all of these have; not the twin. What the twin and its model
 * show against each other is the resolution, see pairs_threshold(): the farther end of the interval
 * of their ratio. In a contest that has none it is the coarsest of that metric's.
 */
void rank_build(struct ranking *, const struct record *, const struct summary *);
void rank_finish(struct ranking *);

/* A contest of two or more over enough blocks. */
bool rank_is_ranked(const struct contest *);

/* What the twins show: the farther end of the interval of their ratio, as a share; NAN: nothing. */
double rank_resolution(const struct contest *);

/* "epoll-lt.twin": a model that is another one once more. */
bool rank_is_twin(const char *model);

void rank_write_pairs(const struct ranking *, FILE *csv);
void rank_write(const struct ranking *, FILE *csv);

/* One row per contest that the twins stood in. */
void rank_write_resolution(const struct ranking *, FILE *csv);

/* For people: one line per ranked contest, and one for all that are not ranked. */
void rank_print(const struct ranking *, FILE *);

#endif
