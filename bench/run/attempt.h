/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_ATTEMPT_H
#define BENCH_RUN_ATTEMPT_H

#include "bench/base/child.h"
#include "bench/machine/meter.h"
#include "bench/machine/netns.h"
#include "bench/run/probe.h"
#include "bench/run/run.h"
#include "bench/machine/tracing.h"
#include "bench/record/trial.h"

/* One trial under way: its server, its meters, and what is noted of them. */
struct attempt {
    const struct run *run;
    const struct model *model;
    const struct cell *cell;
    struct trial *trial;
    char *stem;       /* of its files' names */
    struct cpus cpus; /* the run's, but for scaling */
    char *server_group, *load_group;
    char *memory_group;      /* of the server as well, see cgroup_make_memory() */
    struct tracing *tracing; /* of the server's system calls; NULL: they are not counted */
    struct child server;
    struct meter server_meter;
    struct meter crowd; /* the bad clients; pid 0: there are none */
    struct probe answer;
    const struct probe_question *question;
    struct peer_place place; /* of a peer */
    uint16_t port;
};

/* All meters at one moment. `generator` is the process; its group is the attempt's. */
struct attempt_reading {
    int64_t clock_us, harness_us, generator_wait_us, own_cpus_us;
    struct cpu_time server, generator, crowd;
    struct meter_machine machine;
    struct netns_counters net;
};
struct attempt_reading attempt_read(const struct attempt *, pid_t generator);

/* What was used between two readings, into the trial's fields of that span. */
void attempt_note_steady(struct trial *, const struct attempt_reading *from,
                         const struct attempt_reading *to);
void attempt_note_window(struct trial *, const struct attempt_reading *from,
                         const struct attempt_reading *to);

/* What the kernel lost from then to now. Call it before the generator is stopped: what it leaves
 * unread when it goes is nobody's loss. */
void attempt_note_losses(struct trial *, const struct netns_counters *from);

/* Whether server, generator and bad clients keep to their CPUs. */
void attempt_note_pinning(struct attempt *, pid_t generator);

/* The server's memory now; as a peak only where a look is cheap enough for a window. */
void attempt_note_memory(struct attempt *);
void attempt_note_peak(struct attempt *);

/* The first failure is the one that is told: not that of the client who finds nobody there. */
void attempt_note_early_end(struct attempt *);

#endif
