/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BASE_LOOP_H
#define BENCH_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

/* The harness's one event loop, turned into straight-line code: start something, then
 * loop_until() it is done, a deadline passes or the user interrupts. */

enum loop_patience {
    LOOP_INTERRUPTIBLE, /* give up at once on INT or TERM */
    LOOP_REGARDLESS     /* for cleaning up, which has to happen after an interrupt as well */
};

/* Also takes over INT, TERM and HUP: from here on they only set the flag. */
void loop_init(void);
uv_loop_t *loop_get(void);

/* The user asked the run to end. */
bool loop_interrupted(void);

/* Runs the loop until done(argument), at most so long. Returns done(argument). */
bool loop_until(bool (*done)(const void *argument), const void *argument, uint64_t limit_ms,
                enum loop_patience);

/* Lets the time pass while children's output is read; cut short by an interrupt. */
void loop_pause(uint64_t ms);

#endif
