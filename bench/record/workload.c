/* SPDX-License-Identifier: MIT */
#include "bench/record/workload.h"

#include <string.h>

enum { BUSY = 64, ORDINARY = 63, MANY = 256 };

#define LEVELS(...)                                                                                \
    {                                                                                              \
        {__VA_ARGS__}, sizeof((unsigned[]){__VA_ARGS__}) / sizeof(unsigned)                        \
    }

/* Levels that a model cannot reach (select's descriptors) end in a hollow cell that says so. */
static const struct workload_facts table[WORKLOAD_COUNT] = {
    [WORKLOAD_KEEP_ALIVE] = {.name = "keep-alive",
                             .about = "closed loop, wrk; level: connections",
                             .unit = LEVEL_CONNECTIONS,
                             .by_wrk = true,
                             .quick = LEVELS(64, 1000),
                             .standard = LEVELS(1, 8, 64, 256, 1000, 4000, 10000)},
    [WORKLOAD_CHURN] = {.name = "churn",
                        .about = "a new connection for each request, wrk; level: connections",
                        .unit = LEVEL_CONNECTIONS,
                        .by_wrk = true,
                        .churn = true,
                        .quick = LEVELS(64, 1000),
                        .standard = LEVELS(1, 8, 64, 256, 1000, 4000, 10000)},
    [WORKLOAD_PEAK] = {.name = "peak",
                       .about = "closed loop, c10kit-load; level: connections",
                       .unit = LEVEL_CONNECTIONS,
                       .quick = LEVELS(64),
                       .standard = LEVELS(64)},
    [WORKLOAD_PIPELINED] = {.name = "pipelined",
                            .about = "closed loop, 64 connections; level: requests in flight on "
                                     "each",
                            .unit = LEVEL_DEPTH,
                            .connections = BUSY,
                            .quick = LEVELS(1, 16),
                            .standard = LEVELS(1, 4, 16, 64)},
    [WORKLOAD_LATENCY_RATE] = {.name = "latency-rate",
                               .group = "latency",
                               .about = "open loop, Poisson; level: requests per second",
                               .unit = LEVEL_RATE,
                               .open_loop = true,
                               .connections = BUSY,
                               .quick = LEVELS(5000, 20000, 80000),
                               .standard = LEVELS(5000, 40000, 80000, 120000, 160000)},
    [WORKLOAD_LATENCY_SHARE] = {.name = "latency-share",
                                .group = "latency",
                                .about = "open loop; level: percent of the model's own peak",
                                .unit = LEVEL_SHARE,
                                .open_loop = true,
                                .connections = BUSY,
                                .quick = LEVELS(50, 80, 120),
                                .standard = LEVELS(20, 50, 80, 95, 120, 150)},
    [WORKLOAD_CAPACITY] = {.name = "capacity",
                           .about = "highest rate with p99 under a bound; level: the bound in us",
                           .unit = LEVEL_BOUND_US,
                           .open_loop = true,
                           .connections = BUSY,
                           .quick = LEVELS(5000),
                           .standard = LEVELS(5000)},
    [WORKLOAD_IDLE] = {.name = "idle",
                       .about = "closed loop at 64 connections; level: idle ones beside them",
                       .unit = LEVEL_IDLE,
                       .half_window = true,
                       .connections = BUSY,
                       .quick = LEVELS(0, 900, 10000),
                       .standard = LEVELS(0, 100, 500, 900, 2000, 5000, 10000, 15000)},
    [WORKLOAD_MEMORY] = {.name = "memory",
                         .about = "memory without load; level: idle connections",
                         .unit = LEVEL_IDLE,
                         .connections = 1, /* which sends a request now and then */
                         .quick = LEVELS(0, 500, 1000),
                         .standard = LEVELS(0, 500, 1000, 2000)},
    [WORKLOAD_ECHO] = {.name = "echo",
                       .about = "closed loop, echo protocol, 64 connections; level: bytes",
                       .unit = LEVEL_BYTES,
                       .echo = true,
                       .connections = BUSY,
                       .quick = LEVELS(64, 16384),
                       .standard = LEVELS(64, 1024, 16384, 131072, 1048576)},
    [WORKLOAD_MIXED] = {.name = "mixed",
                        .about = "63 clients and: 0 nobody, 1 a silent one, 2 a slow header, 3 a "
                                 "slow reader, 4 a fire hose, 5 one that resets",
                        .unit = LEVEL_CLIENT,
                        .connections = ORDINARY,
                        .quick = LEVELS(0, 1, 2, 3, 4, 5),
                        .standard = LEVELS(0, 1, 2, 3, 4, 5)},
    [WORKLOAD_SYSCALLS] = {.name = "syscalls",
                           .about = "system calls per request; level: percent of the peak",
                           .unit = LEVEL_SHARE,
                           .open_loop = true,
                           .connections = BUSY,
                           .quick = LEVELS(50),
                           .standard = LEVELS(25, 50, 90)},
    /* Those that the machine has, and all of them. */
    [WORKLOAD_SCALING] = {.name = "scaling",
                          .about = "closed loop at 256 connections; level: CPUs and workers of the "
                                   "server",
                          .unit = LEVEL_CPUS,
                          .connections = MANY,
                          .quick = LEVELS(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64),
                          .standard = LEVELS(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)},
    /* As many as the model has settings. */
    [WORKLOAD_KNOB] = {.name = "knob",
                       .about = "closed loop at 64 connections; level: 0 the default, then the "
                                "model's own settings",
                       .unit = LEVEL_SETTING,
                       .connections = BUSY,
                       .quick = LEVELS(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                       .standard = LEVELS(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)},
};

static const char *const units[] = {
    [LEVEL_CONNECTIONS] = "connections",
    [LEVEL_RATE] = "requests/s",
    [LEVEL_SHARE] = "% of its peak",
    [LEVEL_BOUND_US] = "us bound",
    [LEVEL_IDLE] = "idle connections",
    [LEVEL_BYTES] = "bytes",
    [LEVEL_DEPTH] = "in flight",
    [LEVEL_CLIENT] = "bad client",
    [LEVEL_CPUS] = "CPUs",
    [LEVEL_SETTING] = "setting",
};

static const char *const clients[] = {"",          "silent", "slow-header", "slow-reader",
                                      "fire-hose", "reset"};
enum { CLIENTS = sizeof clients / sizeof *clients };

const struct workload_facts *workload_facts(enum workload workload)
{
    return &table[workload];
}

const char *workload_name(enum workload workload)
{
    return table[workload].name;
}

enum workload workload_find(const char *name)
{
    int workload = 0;
    while (workload < WORKLOAD_COUNT && strcmp(name, table[workload].name) != 0)
        workload++;
    return (enum workload)workload;
}

int workload_order(const char *one, const char *other)
{
    int first = (int)workload_find(one), second = (int)workload_find(other);
    return first != second ? first - second : strcmp(one, other);
}

const char *workload_unit(enum workload workload)
{
    return units[table[workload].unit];
}

const char *workload_client(unsigned level)
{
    return level < CLIENTS ? clients[level] : NULL;
}

bool workload_has_level(enum workload workload, unsigned level)
{
    static const unsigned sockets_most = 60000, bytes_most = 1 << 20, depth_most = 64,
                          cpus_most = 1024;
    switch (table[workload].unit) {
    case LEVEL_CLIENT:
        return level < CLIENTS;
    case LEVEL_IDLE:
        return level <= sockets_most;
    case LEVEL_CONNECTIONS:
        return level >= 1 && level <= sockets_most;
    case LEVEL_DEPTH:
        return level >= 1 && level <= depth_most;
    case LEVEL_BYTES:
        return level >= 1 && level <= bytes_most;
    case LEVEL_CPUS:
        return level >= 1 && level <= cpus_most;
    case LEVEL_SETTING:
        return level < WORKLOAD_LEVELS_LIMIT;
    case LEVEL_RATE:
    case LEVEL_SHARE:
    case LEVEL_BOUND_US:
        break;
    }
    return level >= 1;
}

bool workload_is_overload(enum workload workload, unsigned level)
{
    return table[workload].unit == LEVEL_SHARE && level >= 100;
}

unsigned workload_connections(enum workload workload, unsigned level)
{
    return table[workload].unit == LEVEL_CONNECTIONS ? level : table[workload].connections;
}

unsigned workload_sockets(enum workload workload, unsigned level)
{
    unsigned idle = table[workload].unit == LEVEL_IDLE ? level : 0;
    return workload_connections(workload, level) + idle + 1;
}
