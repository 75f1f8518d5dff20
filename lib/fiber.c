/* SPDX-License-Identifier: MIT */
#undef _FORTIFY_SOURCE /* its longjmp takes a jump to another stack for a mistake */

#include "lib/fiber.h"

#include <assert.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

/* The address sanitizer must be told of each change of stacks, before and after. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define TELL_SANITIZER
#endif
#endif
#if defined TELL_SANITIZER || defined __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(shadow, stack, size)  ((void)0)
#define __sanitizer_finish_switch_fiber(shadow, stack, size) ((void)0)
#endif

struct fiber { /* at the top of its stack */
    struct fiber *next;
    void *argument; /* NULL: no call */
    char *memory;   /* the guard page, then the stack */
    jmp_buf here;   /* where it waits */
    void *shadow;
};

struct fiber *fiber_self(const struct fibers *fibers)
{
    return fibers->running;
}

/* swapcontext() would do what these two pairs do, and save and set a signal mask that never
   changes: a system call for each switch. */
void fiber_wait(struct fibers *fibers)
{
    struct fiber *self = fibers->running;

    __sanitizer_start_switch_fiber(&self->shadow, fibers->own, fibers->own_size);
    if (_setjmp(self->here) == 0)
        _longjmp(fibers->here, 1);
    __sanitizer_finish_switch_fiber(fibers->running->shadow, &fibers->own, &fibers->own_size);
}

static void go_to(struct fibers *fibers, struct fiber *fiber, const ucontext_t *first)
{
    fibers->running = fiber;
    __sanitizer_start_switch_fiber(&fibers->shadow, fiber->memory + fibers->guard,
                                   fibers->stack - sizeof *fiber);
    if (_setjmp(fibers->here) == 0) {
        if (first)
            (void)setcontext(first);
        _longjmp(fiber->here, 1);
    }
    __sanitizer_finish_switch_fiber(fibers->shadow, NULL, NULL);
}

/* makecontext() passes ints: a pointer would need two. */
static _Thread_local struct fibers *beginning;

/* A stack's life: it waits for a call, makes it, and waits for the next. */
static void live(void)
{
    struct fibers *fibers = beginning;
    struct fiber *self = fibers->running;

    __sanitizer_finish_switch_fiber(NULL, &fibers->own, &fibers->own_size);
    for (;;) {
        self->argument = NULL;
        fiber_wait(fibers);
        fibers->run(self->argument);
    }
}

static void begin(struct fibers *fibers, struct fiber *fiber)
{
    ucontext_t context;

    (void)getcontext(&context);
    context.uc_stack.ss_sp = fiber->memory + fibers->guard;
    context.uc_stack.ss_size = fibers->stack - sizeof *fiber;
    makecontext(&context, live, 0);
    beginning = fibers;
    go_to(fibers, fiber, &context);
}

static void destroy(const struct fibers *fibers, struct fiber *fiber)
{
    (void)munmap(fiber->memory, fibers->guard + fibers->stack);
}

/* A guard by mprotect() divides the mapping: two for each stack, and a process has at most 65 530
   (vm.max_map_count). So that is for kernels which know no other. MAP_STACK: no huge pages, one of
   which would hold thirty stacks, untouched pages and all. */
static struct fiber *create(struct fibers *fibers)
{
    size_t size = fibers->guard + fibers->stack;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    struct fiber *fiber;

    if (memory == MAP_FAILED)
        return NULL;
    if (madvise(memory, fibers->guard, MADV_GUARD_INSTALL) &&
        mprotect(memory, fibers->guard, PROT_NONE)) {
        (void)munmap(memory, size);
        return NULL;
    }
    fiber = (struct fiber *)(void *)(memory + size) - 1;
    fiber->memory = memory;
    begin(fibers, fiber);
    return fiber;
}

static struct fiber *take(struct fibers *fibers)
{
    struct fiber *fiber = fibers->spare;

    if (!fiber)
        return create(fibers);
    fibers->spare = fiber->next;
    fibers->spares--;
    return fiber;
}

static void give(struct fibers *fibers, struct fiber *fiber)
{
    if (fibers->spares >= FIBER_SPARES) {
        destroy(fibers, fiber);
        return;
    }
    fiber->next = fibers->spare;
    fibers->spare = fiber;
    fibers->spares++;
}

void fiber_resume(struct fibers *fibers, struct fiber *fiber)
{
    go_to(fibers, fiber, NULL);
    if (!fiber->argument)
        give(fibers, fiber);
}

bool fiber_start(struct fibers *fibers, void *argument)
{
    struct fiber *fiber = take(fibers);

    assert(argument);
    if (!fiber)
        return false;
    fiber->argument = argument;
    fiber_resume(fibers, fiber);
    return true;
}

void fibers_init(struct fibers *fibers, size_t stack_size, void (*run)(void *))
{
    *fibers =
        (struct fibers){.run = run, .guard = (size_t)sysconf(_SC_PAGESIZE), .stack = stack_size};
}

void fibers_finish(struct fibers *fibers)
{
    while (fibers->spare)
        destroy(fibers, take(fibers));
}
