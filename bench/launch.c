/* SPDX-License-Identifier: MIT */
#include "bench/launch.h"

#include <stdlib.h>

#include "bench/places.h"
#include "bench/text.h"

enum { WORDS_BEFORE = 3 /* launcher, group, CPUs */ };

static struct {
    char *launcher;
} self;

char **launch_command(const char *group, const char *cpus, char *const command[])
{
    size_t count = 0;
    while (command[count])
        count++;
    if (!self.launcher)
        self.launcher = places_program("c10kit-launch");
    const char **line = text_allocate(WORDS_BEFORE + count + 1, sizeof *line);
    line[0] = self.launcher;
    line[1] = group ? group : "-";
    line[2] = cpus;
    for (size_t i = 0; i < count; i++)
        line[WORDS_BEFORE + i] = command[i];
    return (char **)line;
}
