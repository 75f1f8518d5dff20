/* SPDX-License-Identifier: MIT */
#include "bench/show/level.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/record/workload.h"

enum {
    TELLING_RATE = 20000,
    TELLING_SHARE = 80,
    TELLING_IDLE = 10000,
    TELLING_BYTES = 16384,
    TELLING_DEPTH = 16
};

static enum workload workload_of(const char *name)
{
    enum workload workload = workload_find(name);
    return workload < WORKLOAD_COUNT ? workload : WORKLOAD_KEEP_ALIVE;
}

static enum level_unit unit_of(const char *workload)
{
    return workload_facts(workload_of(workload))->unit;
}

static char *client_name(int64_t level)
{
    const char *name = workload_client((unsigned)level);
    if (!name)
        return text_format("%" PRId64, level);
    return text_copy(*name ? name : "nobody");
}

/* "16Ki": in the units in which sizes are chosen. */
static char *size_name(int64_t bytes)
{
    enum { KI = 1 << 10, MI = 1 << 20 };
    if (bytes >= MI && bytes % MI == 0)
        return text_format("%" PRId64 "Mi", bytes / MI);
    if (bytes >= KI && bytes % KI == 0)
        return text_format("%" PRId64 "Ki", bytes / KI);
    return text_format("%" PRId64, bytes);
}

/* Their axes have many levels of five digits and more. */
static char *large_name(int64_t level)
{
    enum { LARGE = 10000, THOUSAND = 1000 };
    if (level >= LARGE && level % THOUSAND == 0)
        return text_format("%" PRId64 "k", level / THOUSAND);
    return text_format("%" PRId64, level);
}

char *level_name(const char *workload, int64_t level)
{
    switch (unit_of(workload)) {
    case LEVEL_CLIENT:
        return client_name(level);
    case LEVEL_BYTES:
        return size_name(level);
    case LEVEL_RATE:
    case LEVEL_IDLE:
        return large_name(level);
    case LEVEL_SETTING:
        return level == 0 ? text_copy("default") : text_format("setting-%" PRId64, level);
    case LEVEL_CONNECTIONS:
    case LEVEL_SHARE:
    case LEVEL_BOUND_US:
    case LEVEL_DEPTH:
    case LEVEL_CPUS:
        break;
    }
    return text_format("%" PRId64, level);
}

char *level_of_cell(const struct summary_cell *cell)
{
    bool told = unit_of(cell->workload) == LEVEL_SETTING && *cell->setting;
    return told ? text_copy(cell->setting) : level_name(cell->workload, cell->level);
}

const char *level_word(const char *workload)
{
    enum level_unit unit = unit_of(workload);
    return unit == LEVEL_CLIENT ? "beside" : unit == LEVEL_SETTING ? "with" : "at";
}

const char *level_unit(const char *workload)
{
    return unit_of(workload) == LEVEL_CONNECTIONS ? "open connections"
                                                  : workload_unit(workload_of(workload));
}

const char *level_axis(const char *workload)
{
    static const char *const axes[] = {
        [LEVEL_CONNECTIONS] = "open connections",
        [LEVEL_RATE] = "offered load, requests per second",
        [LEVEL_SHARE] = "offered load, % of the model's own peak",
        [LEVEL_BOUND_US] = "bound of the 99th percentile, µs",
        [LEVEL_IDLE] = "idle connections",
        [LEVEL_BYTES] = "message, bytes",
        [LEVEL_DEPTH] = "requests in flight on each connection",
        [LEVEL_CLIENT] = "who is beside the ordinary clients",
        [LEVEL_CPUS] = "CPUs of the server, and workers on them",
        [LEVEL_SETTING] = "setting",
    };
    return axes[unit_of(workload)];
}

const char *level_layout(const char *workload, const struct summary *summary)
{
    int64_t highest = 0;
    for (size_t i = 0; i < summary->count; i++)
        if (strcmp(summary->cells[i].workload, workload) == 0 && summary->cells[i].level > highest)
            highest = summary->cells[i].level;
    bool named = unit_of(workload) == LEVEL_CLIENT || unit_of(workload) == LEVEL_SETTING;
    if (named || highest == 0)
        return "names";
    bool straight = workload_of(workload) == WORKLOAD_MEMORY || /* what it shows is a slope */
                    unit_of(workload) == LEVEL_RATE ||          /* the knees lie close together */
                    unit_of(workload) == LEVEL_CPUS;
    return straight || unit_of(workload) == LEVEL_SHARE ? "linear" : "log";
}

int64_t level_wanted(const char *workload, int64_t busy)
{
    switch (unit_of(workload)) {
    case LEVEL_RATE:
        return TELLING_RATE;
    case LEVEL_SHARE:
        return TELLING_SHARE;
    case LEVEL_IDLE:
        return TELLING_IDLE;
    case LEVEL_BYTES:
        return TELLING_BYTES;
    case LEVEL_DEPTH:
        return TELLING_DEPTH;
    case LEVEL_CLIENT:
    case LEVEL_CPUS:
        return INT32_MAX; /* the last */
    case LEVEL_SETTING:
        return 0;
    case LEVEL_CONNECTIONS:
    case LEVEL_BOUND_US:
        break;
    }
    return busy;
}

int64_t level_telling(const char *workload, const struct summary *summary, int64_t busy)
{
    int64_t wanted = level_wanted(workload, busy), nearest = busy;
    bool any = false;
    for (size_t i = 0; i < summary->count; i++) {
        int64_t level = summary->cells[i].level;
        if (strcmp(summary->cells[i].workload, workload) == 0 &&
            (!any || llabs(level - wanted) < llabs(nearest - wanted))) {
            nearest = level;
            any = true;
        }
    }
    return nearest;
}
