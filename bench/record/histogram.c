/* SPDX-License-Identifier: MIT */
#include "bench/record/histogram.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"

enum { SUPPORT_SAMPLES = 100 };

static const char header[] = "latency_ns,count\n";

void histogram_add(struct histogram *histogram, uint64_t value, uint64_t count)
{
    if (histogram->used > 0) {
        struct histogram_bin *last = &histogram->bins[histogram->used - 1];
        assert(value >= last->value);
        if (value == last->value) {
            last->count += count;
            return;
        }
    }
    if (histogram->used == histogram->room) {
        histogram->room = histogram->room ? 2 * histogram->room : 256;
        histogram->bins =
            text_reallocate(histogram->bins, histogram->room, sizeof *histogram->bins);
    }
    histogram->bins[histogram->used++] = (struct histogram_bin){value, count};
}

void histogram_finish(struct histogram *histogram)
{
    free(histogram->bins);
    *histogram = (struct histogram){0};
}

uint64_t histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (size_t i = 0; i < histogram->used; i++)
        count += histogram->bins[i].count;
    return count;
}

uint64_t histogram_max(const struct histogram *histogram)
{
    return histogram->used ? histogram->bins[histogram->used - 1].value : 0;
}

double histogram_mean(const struct histogram *histogram)
{
    double sum = 0;
    for (size_t i = 0; i < histogram->used; i++)
        sum += (double)histogram->bins[i].value * (double)histogram->bins[i].count;
    uint64_t count = histogram_count(histogram);
    return count ? sum / (double)count : 0;
}

uint64_t histogram_percentile(const struct histogram *histogram, double p)
{
    double rank = ceil(p * (double)histogram_count(histogram));
    uint64_t below = 0;
    for (size_t i = 0; i < histogram->used; i++) {
        below += histogram->bins[i].count;
        if ((double)below >= rank)
            return histogram->bins[i].value;
    }
    return histogram_max(histogram);
}

bool histogram_supports(uint64_t count, double p)
{
    return llround((double)count * (1 - p)) >= SUPPORT_SAMPLES;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    struct histogram merged = {0};
    size_t a = 0, b = 0;
    while (a < into->used || b < from->used) {
        bool first =
            b == from->used || (a < into->used && into->bins[a].value <= from->bins[b].value);
        const struct histogram_bin *bin = first ? &into->bins[a++] : &from->bins[b++];
        histogram_add(&merged, bin->value, bin->count);
    }
    histogram_finish(into);
    *into = merged;
}

static bool take_back(uint64_t *counts, uint64_t max, uint64_t interval)
{
    for (uint64_t n = max; n >= 2 * interval; n--) {
        if (counts[n] == 0)
            continue;
        for (uint64_t m = n - interval; m > interval; m -= interval) {
            if (counts[m] < counts[n])
                return false;
            counts[m] -= counts[n];
        }
    }
    return true;
}

bool histogram_uncorrect(struct histogram *histogram, uint64_t duration_us, uint64_t requests,
                         uint64_t connections)
{
    uint64_t each = connections ? requests / connections : 0;
    uint64_t interval = each ? duration_us / each : 0;
    uint64_t max = histogram_max(histogram);
    if (each == 0 || max < 2 * interval)
        return true; /* wrk changed nothing */
    if (interval == 0)
        return false;
    uint64_t *counts = text_allocate(max + 1, sizeof *counts);
    for (size_t i = 0; i < histogram->used; i++)
        counts[histogram->bins[i].value] = histogram->bins[i].count;
    bool undone = take_back(counts, max, interval);
    if (undone) {
        histogram->used = 0;
        for (uint64_t n = 0; n <= max; n++)
            if (counts[n])
                histogram_add(histogram, n, counts[n]);
    }
    free(counts);
    return undone;
}

bool histogram_write(const struct histogram *histogram, const char *path, uint64_t unit_ns)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    fputs(header, file);
    for (size_t i = 0; i < histogram->used; i++)
        fprintf(file, "%" PRIu64 ",%" PRIu64 "\n", histogram->bins[i].value * unit_ns,
                histogram->bins[i].count);
    bool failed = ferror(file);
    return fclose(file) == 0 && !failed;
}

bool histogram_read(struct histogram *histogram, const char *path)
{
    char *text = text_read(path);
    if (!text || strncmp(text, header, strlen(header)) != 0) {
        free(text);
        return false;
    }
    char *at = text + strlen(header);
    while (*at) {
        uint64_t value = strtoull(at, &at, 10);
        uint64_t count = *at == ',' ? strtoull(at + 1, &at, 10) : 0;
        if (*at++ != '\n')
            break; /* the file of a trial that was cut short */
        histogram_add(histogram, value, count);
    }
    free(text);
    return true;
}
