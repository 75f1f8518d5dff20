/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_DOCTOR_H
#define BENCH_RUN_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "bench/machine/cpus.h"
#include "bench/machine/hiccups.h"

/* Is this machine fit to measure? A closed list of checks over facts that the caller has gathered:
 * a pure function, so that a machine can be made up in a test. */

struct doctor_facts {
    const json_t *manifest; /* host_facts(), or a run's; the caller's */
    struct cpus cpus;       /* chosen */
    bool same_core;         /* server and load are hardware threads of one core */
    bool cpu_stat;          /* a control group of our own tells CPU time */
    int turbo;              /* 1: on, 0: off, -1: the kernel does not tell */
    double load;            /* average number of runnable tasks over the last minute */
    double steal_percent; /* at least, of the time that was wanted; NAN: the kernel does not tell */
    int tracepoint_error; /* 0: its own system calls could be counted; or errno */
    int io_uring_error;   /* 0: a ring could be set up; or errno */
    char *clock_source;
    struct hiccups *hiccups;
    size_t hiccup_count;
};

enum doctor_level { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_BAD, DOCTOR_LEVELS };

/* "ok", "note", "bad". */
const char *doctor_level_name(enum doctor_level);

struct doctor_finding {
    const char *check, *means, *advice;
    enum doctor_level level;
    char *found; /* owned */
};
struct doctor_findings {
    struct doctor_finding *all; /* owned */
    size_t count;
};

/* One finding for each check; for those of a CPU, one for each CPU. */
void doctor_examine(struct doctor_findings *, const struct doctor_facts *);
void doctor_findings_finish(struct doctor_findings *);

size_t doctor_count(const struct doctor_findings *, enum doctor_level);

/* Fit: nothing is bad. */
bool doctor_is_fit(const struct doctor_findings *);

json_t *doctor_to_json(const struct doctor_findings *, const struct doctor_facts *);

#endif
