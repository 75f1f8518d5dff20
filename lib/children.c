/* SPDX-License-Identifier: MIT */
#include "lib/children.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

/* Only while it is ours and not reaped does a pid stand for the child that had it. */
static bool is_child(pid_t pid)
{
    siginfo_t info;

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

static void forget_reaped(struct children *children)
{
    size_t count = 0;

    for (size_t i = 0; i < children->count; i++)
        if (is_child(children->pids[i]))
            children->pids[count++] = children->pids[i];
    children->count = count;
}

/* Room for one more. Grown only when most are alive, so that looking costs O(1) for each child. */
static bool make_room(struct children *children)
{
    size_t size = children->size * 2 + 64;
    pid_t *pids;

    if (children->count < children->size)
        return true;
    forget_reaped(children);
    if (children->count < children->size / 2)
        return true;
    pids = reallocarray(children->pids, size, sizeof *pids);
    if (pids) {
        children->pids = pids;
        children->size = size;
    }
    return children->count < children->size;
}

bool children_add(struct children *children, pid_t pid)
{
    if (!make_room(children))
        return false;
    children->pids[children->count++] = pid;
    return true;
}

void children_tell(struct children *children, int signal)
{
    forget_reaped(children);
    for (size_t i = 0; i < children->count; i++)
        (void)kill(children->pids[i], signal);
}

void children_finish(struct children *children)
{
    free(children->pids);
    *children = (struct children){0};
}
