/* SPDX-License-Identifier: MIT */
#include "bench/load/tally.h"

#include <inttypes.h>
#include <math.h>

#include "bench/base/text.h"

static const double ns_per_ms = 1e6;

struct tally *tally_new(void)
{
    return text_allocate(1, sizeof(struct tally));
}

static unsigned shift_of(unsigned index)
{
    return index < 2 * TALLY_HALF ? 0 : index / TALLY_HALF - 1;
}

uint64_t tally_lowest_ns(unsigned index)
{
    unsigned shift = shift_of(index);
    return (uint64_t)(index - shift * TALLY_HALF) << shift;
}

uint64_t tally_top_ns(unsigned index)
{
    return tally_lowest_ns(index) + (UINT64_C(1) << shift_of(index)) - 1;
}

static double middle_ns(unsigned index)
{
    return (double)(tally_lowest_ns(index) + ((UINT64_C(1) << shift_of(index)) >> 1));
}

void tally_merge(struct tally *into, const struct tally *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    into->count += from->count;
    for (unsigned i = 0; i < TALLY_BINS; i++)
        into->bins[i] += from->bins[i];
}

static uint64_t value_of(const struct tally *tally, unsigned index)
{
    uint64_t top = tally_top_ns(index);
    return top < tally->max_ns && index < TALLY_BINS - 1 ? top : tally->max_ns;
}

uint64_t tally_percentile_ns(const struct tally *tally, double p)
{
    double rank = ceil(p * (double)tally->count);
    uint64_t below = 0;
    for (unsigned i = 0; i < TALLY_BINS && tally->count; i++) {
        below += tally->bins[i];
        if (below > 0 && (double)below >= rank)
            return value_of(tally, i);
    }
    return tally->count ? tally->max_ns : 0;
}

double tally_mean_ns(const struct tally *tally)
{
    double sum = 0;
    for (unsigned i = 0; i < TALLY_BINS; i++)
        if (tally->bins[i])
            sum += (double)tally->bins[i] * middle_ns(i);
    /* The middle of a bin may lie beyond all that it holds. */
    return tally->count ? fmin(fmax(sum / (double)tally->count, (double)tally->min_ns),
                               (double)tally->max_ns)
                        : 0;
}

double tally_deviation_ns(const struct tally *tally)
{
    double mean = tally_mean_ns(tally), sum = 0;
    for (unsigned i = 0; i < TALLY_BINS; i++)
        if (tally->bins[i])
            sum += (double)tally->bins[i] * (middle_ns(i) - mean) * (middle_ns(i) - mean);
    return tally->count ? sqrt(sum / (double)tally->count) : 0;
}

void tally_export(const struct tally *tally, struct histogram *histogram)
{
    for (unsigned i = 0; i < TALLY_BINS; i++)
        if (tally->bins[i])
            histogram_add(histogram, value_of(tally, i), tally->bins[i]);
}

void tally_import(struct tally *tally, const struct histogram *histogram)
{
    for (size_t i = 0; i < histogram->used; i++) {
        uint64_t value = histogram->bins[i].value, count = histogram->bins[i].count;
        if (count == 0)
            continue;
        tally_add(tally, value);
        tally->bins[tally_index(value)] += count - 1;
        tally->count += count - 1;
    }
}

/* A line of the table: `percent` of all lie at or under the top of bin `index`. */
static void print_level(FILE *to, unsigned index, double percent, uint64_t below)
{
    double share = percent / 100;
    fprintf(to, "%12.3f %2.12f %10" PRIu64, (double)tally_top_ns(index) / ns_per_ms, share, below);
    if (share < 1)
        fprintf(to, " %14.2f", 1 / (1 - share));
    fputc('\n', to);
}

/* HdrHistogram's next level: steps get half as wide each time the distance to 100 halves. In
 * percent, as there, so that rounding is the same. */
static double next_level(double percent)
{
    enum { TICKS_PER_HALF_DISTANCE = 5 };
    double halvings = floor(log(100 / (100 - percent)) / log(2)) + 1;
    return percent + 100 / (TICKS_PER_HALF_DISTANCE * exp2(halvings));
}

static void print_levels(const struct tally *tally, FILE *to)
{
    double percent = 0;
    uint64_t below = 0;
    for (unsigned i = 0; i < TALLY_BINS && below < tally->count; i++) {
        if (tally->bins[i] == 0)
            continue;
        below += tally->bins[i];
        if (below == tally->count) {
            print_level(to, i, percent, below);
            print_level(to, i, 100, below);
            return;
        }
        while (100 * (double)below / (double)tally->count >= percent) {
            print_level(to, i, percent, below);
            percent = next_level(percent);
        }
    }
}

void tally_print_percentiles(const struct tally *tally, FILE *to)
{
    uint64_t max = tally->count ? tally_top_ns(tally_index(tally->max_ns)) : 0;
    fprintf(to, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    print_levels(tally, to);
    fprintf(to, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", tally_mean_ns(tally) / ns_per_ms,
            tally_deviation_ns(tally) / ns_per_ms);
    fprintf(to, "#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n", (double)max / ns_per_ms,
            tally->count);
    fprintf(to, "#[Buckets = %12d, SubBuckets     = %12d]\n", TALLY_DOUBLINGS + 1, 2 * TALLY_HALF);
}
