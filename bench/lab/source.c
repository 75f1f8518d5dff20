/* SPDX-License-Identifier: MIT */
#include "bench/lab/source.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/config.h"

/* Behind a string or character constant that begins here. */
static const char *skip_quoted(const char *at)
{
    char quote = *at++;
    while (*at && *at != quote)
        at += at[0] == '\\' && at[1] ? 2 : 1;
    return *at ? at + 1 : at;
}

/* Behind a comment that begins here; where none does, `at`. */
static const char *skip_comment(const char *at)
{
    const char *end = at;
    if (strncmp(at, "//", 2) == 0)
        end = at + strcspn(at, "\n");
    if (strncmp(at, "/*", 2) == 0)
        end = strstr(at, "*/") ? strstr(at, "*/") + 2 : at + strlen(at);
    return end;
}

size_t source_lines(const char *text)
{
    size_t lines = 0;
    bool holds = false;
    for (const char *at = text; *at;) {
        const char *behind = skip_comment(at);
        if (behind > at) {
            at = behind;
            continue;
        }
        if (!isspace((unsigned char)*at))
            lines += !holds, holds = true;
        else if (*at == '\n')
            holds = false;
        at = *at == '"' || *at == '\'' ? skip_quoted(at) : at + 1;
    }
    return lines;
}

size_t source_lines_of_model(const char *model)
{
    char *path = text_format("%s/servers/%s.c", CONFIG_SOURCE_ROOT, model);
    char *text = text_read(path);
    size_t lines = text ? source_lines(text) : 0;
    free(text);
    free(path);
    return lines;
}
