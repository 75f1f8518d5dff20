/* SPDX-License-Identifier: MIT */
#include "bench/machine/hiccups.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <uv.h>

#include "bench/machine/cpus.h"
#include "bench/record/histogram.h"
#include "bench/base/loop.h"
#include "bench/base/text.h"

enum {
    EXACT_NS = 1 << 16, /* shorter gaps are counted by their length, longer ones kept one by one */
    LOST_NS = 1000,     /* a longer gap was not the thread's own */
    SPIN_SPARE_MS = 60000
};

/* The worker thread's until it has ended. */
struct spin {
    uv_work_t work;
    atomic_bool stop;
    bool pinned, ended;
    int cpu;
    uint64_t limit_ns;
    uint64_t *counts; /* by length in ns, EXACT_NS of them */
    uint64_t *gaps;   /* the others */
    size_t gap_count;
};

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void work_spin(uv_work_t *work)
{
    struct spin *spin = work->data;
    char cpu[16];
    snprintf(cpu, sizeof cpu, "%d", spin->cpu);
    spin->pinned = cpus_pin(cpu);
    uint64_t last = clock_ns(), end = last + spin->limit_ns;
    while (spin->pinned && last < end && !atomic_load_explicit(&spin->stop, memory_order_relaxed)) {
        uint64_t now = clock_ns(), gap = now - last;
        if (gap < EXACT_NS)
            spin->counts[gap]++;
        else
            spin->gaps[spin->gap_count++] = gap;
        last = now;
    }
}

static void on_spun(uv_work_t *work, int status)
{
    (void)status;
    struct spin *spin = work->data;
    spin->ended = true;
}

static bool has_ended(const void *argument)
{
    const struct spin *spin = argument;
    return spin->ended;
}

static int by_length(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

static struct hiccups hiccups_of(struct spin *spin)
{
    struct histogram seen = {0};
    double total_ns = 0, lost_ns = 0;
    qsort(spin->gaps, spin->gap_count, sizeof *spin->gaps, by_length);
    for (uint64_t gap = 0; gap < EXACT_NS; gap++)
        if (spin->counts[gap])
            histogram_add(&seen, gap, spin->counts[gap]);
    for (size_t i = 0; i < spin->gap_count; i++)
        histogram_add(&seen, spin->gaps[i], 1);
    for (size_t i = 0; i < seen.used; i++) {
        double length_ns = (double)seen.bins[i].value * (double)seen.bins[i].count;
        total_ns += length_ns;
        lost_ns += seen.bins[i].value > LOST_NS ? length_ns : 0;
    }
    struct hiccups hiccups = {
        .cpu = spin->cpu,
        .readings = histogram_count(&seen),
        .median_ns = histogram_percentile(&seen, 0.5),
        .p999_ns = histogram_percentile(&seen, 0.999),
        .longest_ns = histogram_max(&seen),
        .lost_ppm = total_ns > 0 ? (int64_t)lround(1e6 * lost_ns / total_ns) : 0,
    };
    histogram_finish(&seen);
    return hiccups;
}

bool hiccups_look(struct hiccups *hiccups, int cpu, unsigned spin_ms)
{
    struct spin spin = {.cpu = cpu, .limit_ns = (uint64_t)spin_ms * 1000000};
    spin.counts = text_allocate(EXACT_NS, sizeof *spin.counts);
    spin.gaps = text_allocate(spin.limit_ns / EXACT_NS + 2, sizeof *spin.gaps);
    spin.work.data = &spin;
    uv_queue_work(loop_get(), &spin.work, work_spin, on_spun);
    bool whole = loop_until(has_ended, &spin, spin_ms + SPIN_SPARE_MS, LOOP_INTERRUPTIBLE);
    atomic_store(&spin.stop, true);
    while (!spin.ended) /* it owns our memory till then */
        loop_until(has_ended, &spin, SPIN_SPARE_MS, LOOP_REGARDLESS);
    whole = whole && spin.pinned;
    if (whole)
        *hiccups = hiccups_of(&spin);
    hiccups->looked_ms = spin_ms;
    free(spin.gaps);
    free(spin.counts);
    return whole;
}
