/* SPDX-License-Identifier: MIT */
#include "lib/die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { LINE = 512 }; /* a longer message is cut: one line is one write, also between processes */

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list arguments,
                                                      const char *reason)
{
    char message[LINE];

    vsnprintf(message, sizeof message, format, arguments);
    if (reason)
        fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, message, reason);
    else
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, message);
}

void die(const char *format, ...)
{
    const char *reason = strerror(errno); /* NOLINT(concurrency-mt-unsafe): not so in glibc */
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments, reason);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

void die_usage(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments, NULL);
    va_end(arguments);
    exit(EX_USAGE);
}

void warn(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say(format, arguments, NULL);
    va_end(arguments);
}
