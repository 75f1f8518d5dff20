/* SPDX-License-Identifier: MIT */
#ifndef LIB_CHILDREN_H
#define LIB_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The processes that a server has forked, so that it can tell them to stop. No signal handler
   touches the list: whoever was reaped meanwhile is found out, and forgotten, when it is full. */
struct children {
    pid_t *pids;
    size_t count, size;
};

/* Returns false where there is no memory to remember it; it lives on, untold. */
bool children_add(struct children *children, pid_t pid);

/* Sends the signal to all that have not ended. */
void children_tell(struct children *children, int signal);

void children_finish(struct children *children);

#endif
