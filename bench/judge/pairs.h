/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_PAIRS_H
#define BENCH_JUDGE_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every pair of contestants, compared inside blocks: d_b = ln(A_b / B_b), one value a block, so
 * that what slows a whole block slows both. Pure functions.
 */

enum {
    /* Up to here all 2^n signs are counted; beyond, a sample of them. */
    PAIRS_EXACT_BLOCKS = 32
};

enum verdict {
    VERDICT_PREVIEW, /* too few blocks for any verdict */
    VERDICT_BETTER,
    VERDICT_WORSE,
    VERDICT_EQUIVALENT,
    VERDICT_NEGLIGIBLE, /* different, and by less than matters */
    VERDICT_INCONCLUSIVE
};

/* "better", "negligible", ... */
const char *pairs_verdict_name(enum verdict);

/* What is asked of all pairs of so many contestants. */
struct pairs_question {
    size_t contestants, blocks;
    const double *logs; /* ln y: the blocks of the first contestant, then of the second, ... */
    const bool *bounds; /* true: this contestant is as good as its values or better; or NULL */
    bool more_is_better;
    double threshold; /* what matters in practice, as a share: 0.01 */
    uint64_t seed;    /* of the sample of signs */
};

struct pair {
    size_t a, b;             /* a < b */
    double ratio, low, high; /* A / B; NAN: cannot be said */
    double p, p_holm;
    bool exact; /* p counts all signs */
    enum verdict verdict;
    size_t blocks_needed; /* inconclusive: how many would settle it; 0: not to be said */
};

/* How many pairs so many contestants make. */
size_t pairs_count(size_t contestants);

/*
 * The fewest blocks that can rank: ceil(1 + log2(m / 0.05)) for m pairs. The smallest p that the
 * sign-flip test can give is 2 / 2^B (all d_b of one sign), and Holm's first step asks for
 * p <= 0.05 / m. With fewer blocks no pair could come out different, however large the difference.
 */
size_t pairs_least_blocks(size_t pairs);

/* The larger of 1 % and the resolution, a share, that A/A pairs showed; NAN: there were none. */
double pairs_threshold(double resolution);

struct sign_flip {
    double p;
    bool exact;
};
/*
 * Two-sided randomisation test of "d is symmetric about 0": the share of all 2^n ways to give the
 * d_b their signs whose |sum| is at least that observed (Fisher, The Design of Experiments, 1935,
 * section 21; Pitman, Suppl. J. R. Stat. Soc. 4, 1937). Exact up to PAIRS_EXACT_BLOCKS: the sums of
 * each half of the d_b are listed in order, 2^(n/2) of them, and the pairs from both lists that
 * reach the observed sum are counted (the two lists of Horowitz and Sahni, J. ACM 21, 1974).
 * Beyond, p = (1 + hits) / (1 + N) over N random ways (Phipson and Smyth, Stat. Appl. Genet. Mol.
 * Biol. 9, 2010).
 */
struct sign_flip pairs_sign_flip(const double *d, size_t n, uint64_t seed);

/*
 * Adjusted p values of m tests: sorted upwards, p(i) becomes the largest of (m - j + 1) p(j), j <=
 * i, at most 1 (Holm, Scand. J. Stat. 6, 1979). Those <= 0.05 are different at a family-wise error
 * of 5 %, whatever depends on what.
 */
void pairs_holm(const double *p, size_t m, double *adjusted);

/*
 * Half the width of the interval of a mean of n values with standard deviation s, so that m such
 * intervals hold together at 95 %: t s / sqrt n, t the 1 - 0.05 / 2m quantile of Student's t with
 * n - 1 degrees of freedom (Bonferroni; Dunn, JASA 56, 1961). NAN under two values.
 */
double pairs_reach(double s, size_t n, size_t m);

/*
 * How many blocks, more than `blocks`, would settle a pair whose d have this mean and standard
 * deviation s: the smallest n with (t' + t'') s / sqrt n <= e. t' is that of pairs_reach(), t'' the
 * 80 % quantile: in 4 of 5 repetitions the interval is then short enough. e is the distance that it
 * has to stay within: |mean|, to leave 0 out; or, when that is more, delta - |mean|, to stay inside
 * +-delta. (The usual formula for a sample's size, with t for z: Julious, Stat. Med. 23, 2004.)
 * It takes mean and s as they came out, so it is a guess. 0: over 10 000.
 */
size_t pairs_blocks_needed(double mean, double s, size_t blocks, size_t m, double delta);

/*
 * Fills pairs_count() pairs. An interval inside +-ln(1 + threshold) says "small", p_holm <= 0.05
 * says "different"; both together are the verdict: different and not small, better or worse; small
 * and not different, equivalent; both, negligible; neither, inconclusive. (Small by the interval is
 * the test of equivalence of Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987, at a level stricter
 * than his.) Where a contestant may be better than its values, only its being better stands: all
 * else is inconclusive, and more blocks do not help.
 */
void pairs_compare(const struct pairs_question *, struct pair *pairs);

/* The same of every other contestant (a) against contestant 0 (b) only: contestants - 1 pairs, for
 * which p and intervals are adjusted. */
void pairs_compare_to_first(const struct pairs_question *, struct pair *pairs);

#endif
