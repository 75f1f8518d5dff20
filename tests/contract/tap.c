/* SPDX-License-Identifier: MIT */
#include "tests/contract/tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MESSAGE_SIZE = 1024 };

static struct {
    const char *name;
    unsigned count, failed;
    bool ok, skipped;
    char reason[MESSAGE_SIZE];
} tap;

/* A diagnostic may quote what a server sent: anything but plain text would break the protocol. */
static void print_plain(const char *text)
{
    fputs("# ", stdout);
    for (; *text != '\0'; text++) {
        if (*text >= ' ' && *text <= '~')
            putchar(*text);
        else
            printf("\\x%02x", (unsigned char)*text);
    }
    putchar('\n');
    fflush(stdout);
}

void tap_begin(const char *name)
{
    tap.name = name;
    tap.ok = true;
    tap.skipped = false;
}

bool tap_check(bool ok, const char *format, ...)
{
    if (ok)
        return true;
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    tap.ok = false;
    print_plain(message);
    return false;
}

void tap_skip(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(tap.reason, sizeof tap.reason, format, arguments);
    va_end(arguments);
    tap.skipped = true;
}

void tap_note(const char *format, ...)
{
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    print_plain(message);
}

void tap_end(void)
{
    tap.count++;
    if (!tap.ok)
        tap.failed++;
    printf("%s %u - %s", tap.ok ? "ok" : "not ok", tap.count, tap.name);
    if (tap.ok && tap.skipped)
        printf(" # SKIP %s", tap.reason);
    putchar('\n');
    fflush(stdout);
}

_Noreturn void tap_bail_out(const char *why)
{
    printf("Bail out! %s\n", why);
    exit(1);
}

int tap_finish(void)
{
    printf("1..%u\n", tap.count);
    return tap.failed == 0 ? 0 : 1;
}
