/* SPDX-License-Identifier: MIT */
#include "bench/judge/pairs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/base/text.h"

enum {
    SAMPLED_SIGNS = 99999, /* p = 0.0005 is then known to a seventh of itself */
    MOST_BLOCKS = 10000    /* nobody runs more */
};

static const double alpha = 0.05;
static const double power = 0.80;
static const double least_threshold = 0.01;
static const double rounding = 1e-9; /* sums that differ by less, relatively, are equal */

const char *pairs_verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_PREVIEW] = "preview",       [VERDICT_BETTER] = "better",
        [VERDICT_WORSE] = "worse",           [VERDICT_EQUIVALENT] = "equivalent",
        [VERDICT_NEGLIGIBLE] = "negligible", [VERDICT_INCONCLUSIVE] = "inconclusive",
    };
    return names[verdict];
}

size_t pairs_count(size_t contestants)
{
    return contestants < 2 ? 0 : contestants * (contestants - 1) / 2;
}

size_t pairs_least_blocks(size_t pairs)
{
    return pairs == 0 ? 1 : (size_t)ceil(1 + log2((double)pairs / alpha));
}

double pairs_threshold(double resolution)
{
    return resolution > least_threshold ? resolution : least_threshold;
}

/* All 2^n signed sums of d, upwards: those with -|d| and those with +|d| of the sums without it
 * are both in order already. */
static double *sorted_sums(const double *d, size_t n)
{
    size_t count = 1;
    double *sums = text_allocate((size_t)1 << n, sizeof *sums);
    double *merged = text_allocate((size_t)1 << n, sizeof *merged);
    for (size_t i = 0; i < n; i++) {
        double step = fabs(d[i]);
        for (size_t low = 0, high = 0; low + high < 2 * count;) {
            bool take_low = high == count || (low < count && sums[low] - step <= sums[high] + step);
            size_t at = low + high;
            merged[at] = take_low ? sums[low++] - step : sums[high++] + step;
        }
        count *= 2;
        double *spent = sums;
        sums = merged;
        merged = spent;
    }
    free(merged);
    return sums;
}

/* The share of all 2^n signed sums that are at least `bar`. */
static double share_above(const double *d, size_t n, double bar)
{
    size_t left = n / 2, right = n - left;
    double *lefts = sorted_sums(d, left), *rights = sorted_sums(d + left, right);
    double count = 0; /* at most 2^32: exact */
    size_t many = (size_t)1 << right, from = many;
    for (size_t i = 0; i < (size_t)1 << left; i++) {
        while (from > 0 && lefts[i] + rights[from - 1] >= bar)
            from--;
        count += (double)(many - from);
    }
    free(lefts);
    free(rights);
    return count / exp2((double)n);
}

static double random_sum(const double *d, size_t n, gsl_rng *generator)
{
    double sum = 0;
    unsigned long signs = 0;
    for (size_t i = 0; i < n; i++, signs >>= 1) {
        if (i % 32 == 0)
            signs = gsl_rng_get(generator); /* mt19937 gives 32 bits */
        sum += signs & 1 ? d[i] : -d[i];
    }
    return sum;
}

static double sampled_share(const double *d, size_t n, double bar, uint64_t seed)
{
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(generator, seed);
    size_t hits = 0;
    for (int i = 0; i < SAMPLED_SIGNS; i++)
        hits += fabs(random_sum(d, n, generator)) >= bar;
    gsl_rng_free(generator);
    return (1 + (double)hits) / (1 + SAMPLED_SIGNS);
}

struct sign_flip pairs_sign_flip(const double *d, size_t n, uint64_t seed)
{
    double sum = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        sum += d[i];
        size += fabs(d[i]);
    }
    double slack = rounding * size, bar = fabs(sum) - slack;
    if (!(bar > 0)) /* every way to sign them reaches 0 */
        return (struct sign_flip){1, true};
    if (n > PAIRS_EXACT_BLOCKS)
        return (struct sign_flip){sampled_share(d, n, bar, seed), false};
    return (struct sign_flip){2 * share_above(d, n, bar), true};
}

void pairs_holm(const double *p, size_t m, double *adjusted)
{
    size_t *order = text_allocate(m, sizeof *order);
    double largest = 0;
    gsl_sort_index(order, p, 1, m);
    for (size_t i = 0; i < m; i++) {
        largest = fmax(largest, (double)(m - i) * p[order[i]]);
        adjusted[order[i]] = fmin(largest, 1);
    }
    free(order);
}

static double simultaneous_t(size_t n, size_t m)
{
    return gsl_cdf_tdist_Pinv(1 - alpha / (2 * (double)m), (double)n - 1);
}

double pairs_reach(double s, size_t n, size_t m)
{
    return n < 2 ? NAN : simultaneous_t(n, m) * s / sqrt((double)n);
}

static bool suffices(size_t n, double s, size_t m, double distance)
{
    double t = simultaneous_t(n, m) + gsl_cdf_tdist_Pinv(power, (double)n - 1);
    return t * s / sqrt((double)n) <= distance;
}

size_t pairs_blocks_needed(double mean, double s, size_t blocks, size_t m, double delta)
{
    double distance = fmax(fabs(mean), delta - fabs(mean));
    size_t too_few = blocks > 1 ? blocks : 1, enough = MOST_BLOCKS;
    if (too_few >= enough || !suffices(enough, s, m, distance))
        return 0;
    while (enough - too_few > 1) {
        size_t middle = too_few + (enough - too_few) / 2;
        if (suffices(middle, s, m, distance))
            enough = middle;
        else
            too_few = middle;
    }
    return enough;
}

static enum verdict verdict_of(const struct pairs_question *question, const struct pair *pair,
                               size_t m)
{
    double delta = log1p(question->threshold);
    bool small = log(pair->low) > -delta && log(pair->high) < delta;
    bool different = pair->p_holm <= alpha;
    bool a_is_better = (pair->ratio > 1) == question->more_is_better;
    bool a_is_bound = question->bounds && question->bounds[pair->a];
    bool b_is_bound = question->bounds && question->bounds[pair->b];
    if (question->blocks < pairs_least_blocks(m))
        return VERDICT_PREVIEW;
    if (a_is_bound || b_is_bound)
        small = false;
    if (different && (a_is_better ? b_is_bound : a_is_bound))
        return VERDICT_INCONCLUSIVE;
    if (different && !small)
        return a_is_better ? VERDICT_BETTER : VERDICT_WORSE;
    if (small)
        return different ? VERDICT_NEGLIGIBLE : VERDICT_EQUIVALENT;
    return VERDICT_INCONCLUSIVE;
}

struct spread {
    double mean, s;
};

/* Everything of one of m pairs that does not depend on the others. */
static struct spread compare_two(const struct pairs_question *question, struct pair *pair, size_t m)
{
    size_t n = question->blocks;
    struct spread spread = {NAN, NAN};
    double *d = text_allocate(n, sizeof *d);
    for (size_t i = 0; i < n; i++)
        d[i] = question->logs[pair->a * n + i] - question->logs[pair->b * n + i];
    if (n > 0)
        spread.mean = gsl_stats_mean(d, 1, n);
    if (n > 1)
        spread.s = gsl_stats_sd_m(d, 1, n, spread.mean);
    double reach = pairs_reach(spread.s, n, m);
    pair->ratio = exp(spread.mean);
    pair->low = exp(spread.mean - reach);
    pair->high = exp(spread.mean + reach);
    struct sign_flip test = pairs_sign_flip(d, n, question->seed);
    pair->p = test.p;
    pair->exact = test.exact;
    free(d);
    return spread;
}

static void adjust(struct pair *pairs, size_t m)
{
    double *p = text_allocate(m, sizeof *p), *adjusted = text_allocate(m, sizeof *adjusted);
    for (size_t i = 0; i < m; i++)
        p[i] = pairs[i].p;
    pairs_holm(p, m, adjusted);
    for (size_t i = 0; i < m; i++)
        pairs[i].p_holm = adjusted[i];
    free(adjusted);
    free(p);
}

static bool has_bound(const struct pairs_question *question, const struct pair *pair)
{
    return question->bounds && (question->bounds[pair->a] || question->bounds[pair->b]);
}

/* Each pair has its a and b. */
static void compare_all(const struct pairs_question *question, struct pair *pairs, size_t m)
{
    struct spread *spreads = text_allocate(m, sizeof *spreads);
    for (size_t i = 0; i < m; i++)
        spreads[i] = compare_two(question, &pairs[i], m);
    adjust(pairs, m);
    for (size_t i = 0; i < m; i++) {
        pairs[i].verdict = verdict_of(question, &pairs[i], m);
        if (pairs[i].verdict == VERDICT_INCONCLUSIVE && !has_bound(question, &pairs[i]))
            pairs[i].blocks_needed = pairs_blocks_needed(
                spreads[i].mean, spreads[i].s, question->blocks, m, log1p(question->threshold));
    }
    free(spreads);
}

void pairs_compare(const struct pairs_question *question, struct pair *pairs)
{
    size_t next = 0;
    for (size_t a = 0; a < question->contestants; a++)
        for (size_t b = a + 1; b < question->contestants; b++)
            pairs[next++] = (struct pair){.a = a, .b = b};
    compare_all(question, pairs, next);
}

void pairs_compare_to_first(const struct pairs_question *question, struct pair *pairs)
{
    for (size_t a = 1; a < question->contestants; a++)
        pairs[a - 1] = (struct pair){.a = a, .b = 0};
    compare_all(question, pairs, question->contestants < 2 ? 0 : question->contestants - 1);
}
