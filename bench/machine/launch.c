/* SPDX-License-Identifier: MIT */
#include "bench/machine/launch.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/base/places.h"
#include "bench/base/text.h"

enum { WORDS_BEFORE = 4 /* launcher, group, CPUs, padding */ };

static struct {
    char *launcher;
    char padding[16];
} self;

char **launch_command(const char *group, const char *cpus, unsigned padding_bytes,
                      char *const command[])
{
    size_t count = 0;
    while (command[count])
        count++;
    if (!self.launcher)
        self.launcher = places_program("c10kit-launch");
    snprintf(self.padding, sizeof self.padding, "%u", padding_bytes);
    const char **line = text_allocate(WORDS_BEFORE + count + 1, sizeof *line);
    line[0] = self.launcher;
    line[1] = group ? group : "-";
    line[2] = cpus;
    line[3] = self.padding;
    for (size_t i = 0; i < count; i++)
        line[WORDS_BEFORE + i] = command[i];
    return (char **)line;
}
