/* SPDX-License-Identifier: MIT */
#include "lib/deadlines.h"

#include <stdbool.h>
#include <stddef.h>

void deadline_none(struct deadline *deadline)
{
    deadline->previous = deadline->next = deadline;
    deadline->at_ms = NEVER_MS;
}

void deadlines_init(struct deadlines *deadlines, const int64_t timeout_ms[TIMERS])
{
    for (int timer = 0; timer < TIMERS; timer++) {
        deadline_none(&deadlines->lists[timer]);
        deadlines->timeout_ms[timer] = timeout_ms[timer];
    }
}

void deadlines_clear(struct deadline *deadline)
{
    deadline->previous->next = deadline->next;
    deadline->next->previous = deadline->previous;
    deadline_none(deadline);
}

static void link_behind(struct deadline *deadline, struct deadline *before)
{
    deadline->previous = before;
    deadline->next = before->next;
    before->next->previous = deadline;
    before->next = deadline;
}

static int64_t due_ms(const struct deadlines *deadlines, enum timer timer, int64_t now_ms)
{
    int64_t timeout_ms = deadlines->timeout_ms[timer];

    return timeout_ms == NEVER_MS ? NEVER_MS : now_ms + timeout_ms;
}

void deadlines_start(struct deadlines *deadlines, struct deadline *deadline, enum timer timer,
                     int64_t now_ms)
{
    deadlines_clear(deadline);
    deadline->at_ms = due_ms(deadlines, timer, now_ms);
    link_behind(deadline, deadlines->lists[timer].previous);
}

void deadlines_renew(struct deadlines *deadlines, struct deadline *deadline, enum timer timer,
                     int64_t now_ms)
{
    bool runs = deadline->next != deadline;

    if (!runs || deadline->at_ms != due_ms(deadlines, timer, now_ms))
        deadlines_start(deadlines, deadline, timer, now_ms);
}

void deadlines_insert(struct deadlines *deadlines, struct deadline *deadline, enum timer timer,
                      int64_t at_ms)
{
    const struct deadline *list = &deadlines->lists[timer];
    struct deadline *before = list->previous;

    while (before != list && before->at_ms > at_ms)
        before = before->previous;
    deadline->at_ms = at_ms;
    link_behind(deadline, before);
}

struct deadline *deadlines_oldest(const struct deadlines *deadlines, enum timer timer)
{
    const struct deadline *list = &deadlines->lists[timer];

    return list->next == list ? NULL : list->next;
}

struct deadline *deadlines_soonest(const struct deadlines *deadlines)
{
    struct deadline *soonest = NULL;

    for (enum timer timer = 0; timer < TIMERS; timer++) {
        struct deadline *oldest = deadlines_oldest(deadlines, timer);

        if (oldest && (!soonest || oldest->at_ms < soonest->at_ms))
            soonest = oldest;
    }
    return soonest;
}
