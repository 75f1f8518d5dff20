/* SPDX-License-Identifier: MIT */
/*
 * Enters its control groups, pins itself, asks to be killed when the harness dies, adds to its
 * environment a variable of the length asked for, then becomes the command. So a server or
 * generator is metered and pinned from its first instruction, and the harness may itself be killed
 * without leaving it behind. A program of its own because the harness's libraries take longer to
 * load than a server takes to start.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "bench/machine/cpus.h"
#include "bench/base/say.h"
#include "bench/base/text.h"

static void enter(const char *group)
{
    char *members = text_format("%s/cgroup.procs", group);
    if (!text_write(members, "0"))
        say_and_exit("cannot enter %s: %s", group, strerror(errno));
    free(members);
}

/* One of version 2 and, where that does not count memory, one of version 1 that does. */
static void enter_all(char *groups)
{
    for (char *group = strtok(groups, ","); group; group = strtok(NULL, ","))
        enter(group);
}

static void pad_environment(size_t bytes)
{
    char *padding = text_allocate(bytes + 1, 1);
    memset(padding, 'x', bytes);
    setenv("C10KIT_PADDING", padding, 1);
    free(padding);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: c10kit-launch CGROUP[,CGROUP]|- CPUS PADDING COMMAND "
                        "[ARGUMENT...]\n");
        return 64;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (strcmp(argv[1], "-") != 0)
        enter_all(argv[1]);
    if (!cpus_pin(argv[2]))
        say_and_exit("cannot run on CPU %s: %s", argv[2], strerror(errno));
    pad_environment(strtoul(argv[3], NULL, 10));
    execvp(argv[4], argv + 4);
    say_and_exit("cannot run %s: %s", argv[4], strerror(errno));
}
