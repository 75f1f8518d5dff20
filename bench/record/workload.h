/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RECORD_WORKLOAD_H
#define BENCH_RECORD_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>

/* How a model is driven. What differs between workloads stands in one table, in workload.c. */
enum workload {
    WORKLOAD_KEEP_ALIVE,    /* closed loop, by wrk */
    WORKLOAD_CHURN,         /* the same, with a new connection for each request */
    WORKLOAD_PEAK,          /* closed loop, by c10kit-load: what shares are of */
    WORKLOAD_PIPELINED,     /* the same with several requests in flight on each connection */
    WORKLOAD_LATENCY_RATE,  /* open loop, the same rates for all */
    WORKLOAD_LATENCY_SHARE, /* open loop, at shares of each model's own peak */
    WORKLOAD_CAPACITY,      /* open loop, the highest rate whose p99 stays under a bound */
    WORKLOAD_IDLE,          /* closed loop beside idle connections */
    WORKLOAD_MEMORY,        /* idle connections and nothing else */
    WORKLOAD_ECHO,          /* closed loop, echo protocol */
    WORKLOAD_MIXED,         /* closed loop beside one bad client */
    WORKLOAD_SYSCALLS,      /* open loop, system calls counted, nothing timed */
    WORKLOAD_SCALING,       /* closed loop, as many workers as the server has CPUs */
    WORKLOAD_KNOB,          /* closed loop, the model's own parameters turned, one at a time */
    WORKLOAD_COUNT
};

/* What a workload's level is a number of. */
enum level_unit {
    LEVEL_CONNECTIONS, /* connections, all of them busy */
    LEVEL_RATE,        /* requests per second */
    LEVEL_SHARE,       /* percent of the model's own peak */
    LEVEL_BOUND_US,    /* of the 99th percentile, us */
    LEVEL_IDLE,        /* idle connections */
    LEVEL_BYTES,       /* bytes of a message */
    LEVEL_DEPTH,       /* requests in flight on each connection */
    LEVEL_CLIENT,      /* which bad client: workload_client() */
    LEVEL_CPUS,        /* CPUs of the server, and its workers */
    LEVEL_SETTING      /* 0: as the model comes; else its n-th setting, see the trial's `setting` */
};

enum { WORKLOAD_LEVELS_LIMIT = 16 };

struct workload_levels {
    unsigned of[WORKLOAD_LEVELS_LIMIT];
    size_t count;
};

struct workload_facts {
    const char *name;
    const char *group; /* asking for the group asks for all of it: "latency" */
    const char *about; /* for --help and list */
    enum level_unit unit;
    bool by_wrk; /* the others by c10kit-load */
    bool open_loop, churn, echo;
    bool half_window;     /* no percentile is asked of it: half a window will do */
    unsigned connections; /* that send requests; 0: the level */
    struct workload_levels quick, standard;
};

const struct workload_facts *workload_facts(enum workload);

/* "keep-alive", "latency-rate". */
const char *workload_name(enum workload);

/* Of that name, or WORKLOAD_COUNT. */
enum workload workload_find(const char *name);

/* Less than, equal to, greater than 0, as one stands in the table before, at or behind the other;
 * names that are not in it come last, by name. */
int workload_order(const char *one, const char *other);

/* "connections", "requests/s": what stands behind a level's number, and on axes. */
const char *workload_unit(enum workload);

/* Of LEVEL_CLIENT: the name by which c10kit-load knows the client; NULL: no such client. Level 0
 * is none, for comparison: "". */
const char *workload_client(unsigned level);

/* Whether it can be measured at this level. */
bool workload_has_level(enum workload, unsigned level);

/* Whether it asks for more than a model can do: nobody keeps up, and the queue grows as long as the
 * window lasts. */
bool workload_is_overload(enum workload, unsigned level);

/* How many connections send requests at this level, and how many are open in all. */
unsigned workload_connections(enum workload, unsigned level);
unsigned workload_sockets(enum workload, unsigned level);

#endif
