/* SPDX-License-Identifier: MIT */
#ifndef LIB_DEADLINES_H
#define LIB_DEADLINES_H

#include <stdint.h>

/* Who must be cut off when. A timeout is the same for every connection, so whoever starts a timer
   last is due last: each timeout needs one list, appended to at its end, and no heap of timers.
   Starting, restarting and clearing are O(1) and make no call. */

enum timer {
    TIMER_IDLE,   /* the client does nothing: sends no request, sends no body, takes no output */
    TIMER_HEADER, /* a head has begun and is not complete */
    TIMER_DRAIN,  /* we wait for the client to see the end */
    TIMERS
};

static const int64_t NEVER_MS = INT64_MAX;

/* Lies inside whatever has the deadline; in no list when cleared. */
struct deadline {
    struct deadline *previous, *next;
    int64_t at_ms;
};

struct deadlines {
    struct deadline lists[TIMERS]; /* the heads of circular lists, soonest first */
    int64_t timeout_ms[TIMERS];    /* NEVER_MS: no such timeout */
};

void deadlines_init(struct deadlines *deadlines, const int64_t timeout_ms[TIMERS]);

/* Starts the timer at now_ms, or moves the deadline to it from the timer that it had. now_ms must
   not run backwards from call to call. */
void deadlines_start(struct deadlines *deadlines, struct deadline *deadline, enum timer timer,
                     int64_t now_ms);

/* As deadlines_start(), for one that runs on this timer already, or on none: does nothing when it
   is due at that time as it is, since the order of equals does not matter. Within one step of the
   clock a busy connection's neighbours in the list are then left alone, and out of the CPU's cache.
 */
void deadlines_renew(struct deadlines *deadlines, struct deadline *deadline, enum timer timer,
                     int64_t now_ms);

/* Puts a deadline where it belongs by its own at_ms, for one that comes from other lists: a step
   past each that is due later. It must be in no list. */
void deadlines_insert(struct deadlines *deadlines, struct deadline *deadline, enum timer timer,
                      int64_t at_ms);

/* Must have been cleared or started before: a new deadline is made with deadline_none(). */
void deadlines_clear(struct deadline *deadline);
void deadline_none(struct deadline *deadline);

/* The one that has run longest on that timer, or NULL. It stays in its list. */
struct deadline *deadlines_oldest(const struct deadlines *deadlines, enum timer timer);

/* The soonest of all, or NULL. It stays in its list. */
struct deadline *deadlines_soonest(const struct deadlines *deadlines);

#endif
