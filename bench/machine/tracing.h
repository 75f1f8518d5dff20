/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_TRACING_H
#define BENCH_MACHINE_TRACING_H

#include <stdint.h>

#include <jansson.h>

/*
 * The system calls of a control group, counted by number on entry: a few BPF instructions on the
 * kernel's tracepoint sys_enter, which add one to a counter that we read. Every task counts that is
 * in the group at that moment, however short its life. Each call of any process takes some tens of
 * nanoseconds longer for as long as one of these is open: what is counted is not timed.
 */
struct tracing;

/*
 * `group` is one of control group version 2, without groups inside. Stopped at first. NULL, with
 * the reason and what to do in `trouble` (the caller's to free), when the kernel does not let us.
 */
struct tracing *tracing_open(const char *group, char **trouble);
void tracing_close(struct tracing *); /* NULL is allowed */

/* Counts go on from where they stopped. */
void tracing_start(struct tracing *);
void tracing_stop(struct tracing *);

/* All calls up to the last stop, whatever their name. */
int64_t tracing_total(const struct tracing *);

/* {"read": 12, ..., "other": 3}: those that are not 0, most of them as strace(1) calls them;
 * "other" are those that no server was thought to make. A new reference. */
json_t *tracing_names(const struct tracing *);

#endif
