/* SPDX-License-Identifier: MIT */
#ifndef LIB_FIBER_H
#define LIB_FIBER_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

/* Calls that can wait half-way: each runs on a stack of its own. A change of stacks is a function
   call that returns elsewhere. It makes no system call. */

struct fiber; /* a stack, and the call on it */

/* The fibers of one thread, which owns them. */
struct fibers {
    void (*run)(void *);   /* what each of them runs */
    size_t guard, stack;   /* bytes */
    struct fiber *running; /* or the last that was */
    struct fiber *spare;   /* whose call has ended: a list of stacks for the next */
    size_t spares;
    jmp_buf here; /* where the thread's own stack waits */
    void *shadow; /* the address sanitizer's, and the bounds of that stack */
    const void *own;
    size_t own_size;
};

enum { FIBER_SPARES = 256 }; /* kept at most: a few touched pages each */

/* stack_size in bytes, whole pages. Only touched pages take memory; a guard page below ends who
   needs more. */
void fibers_init(struct fibers *fibers, size_t stack_size, void (*run)(void *));

/* All calls must have ended. */
void fibers_finish(struct fibers *fibers);

/* Calls run(argument) on a stack of its own. Returns when it waits or has ended. false: there is no
   memory, nothing was called. */
bool fiber_start(struct fibers *fibers, void *argument);

/* Lets it go on from its fiber_wait(). Returns when it waits again or has ended. */
void fiber_resume(struct fibers *fibers, struct fiber *fiber);

/* For run(): waits until resumed. */
void fiber_wait(struct fibers *fibers);

/* For run(): which one it is on. */
struct fiber *fiber_self(const struct fibers *fibers);

#endif
