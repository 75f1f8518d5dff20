/* SPDX-License-Identifier: MIT */
#include "bench/base/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LINE_WIDTH = 110,
    LINES_SKIPPED = 20 /* a log of 270 trials is then 14 lines */
};

static struct {
    bool open;
    unsigned count;
} progress;

__attribute__((format(printf, 1, 0))) static void print_line(const char *format, va_list arguments)
{
    say_progress_end();
    fputs("c10kit: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
}

void say_and_exit(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line(format, arguments);
    va_end(arguments);
    exit(1);
}

void say_progress(const char *format, ...)
{
    char line[LINE_WIDTH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%s\033[K", line);
        progress.open = true;
    } else if (progress.count % LINES_SKIPPED == 0) {
        fprintf(stderr, "%s\n", line);
    }
    progress.count++;
}

void say_progress_end(void)
{
    if (progress.open)
        fputc('\n', stderr);
    progress.open = false;
}
