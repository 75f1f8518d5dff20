/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_WRK_H
#define BENCH_RUN_WRK_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/record/histogram.h"
#include "bench/run/plan.h"

/* The load generator wrk (4.1 or later): how it is called and what its wrk.lua left. */
extern const char wrk_name[];

/* Where it is, or NULL; and its wrk.lua. The caller's to free. */
char *wrk_find(void);
char *wrk_find_script(void);

struct wrk_command {
    char *words[16]; /* NULL-ended; owned */
};

/* Every model gets the same options; `path` is what is asked for. One thread, since it has one CPU;
 * -d is only the outer limit: wrk counts in whole seconds, so the harness ends a run with SIGINT.
 */
void wrk_command_init(struct wrk_command *, const char *wrk, const char *script, uint16_t port,
                      const char *path, const struct cell *, unsigned limit_s);
void wrk_command_finish(struct wrk_command *);

struct wrk_result {
    int64_t duration_us, requests, bytes;
    int64_t errors_connect, errors_read, errors_write, errors_status, errors_timeout;
};

/* Reads what wrk.lua wrote; the histogram is as wrk corrected it, in microseconds. False when the
 * file is missing or cut off. */
bool wrk_read(const char *path, struct wrk_result *, struct histogram *);

#endif
