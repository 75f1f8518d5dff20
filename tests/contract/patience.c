/* SPDX-License-Identifier: MIT */
#include "tests/contract/patience.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LIMIT_MS = 20000,
    SANITIZED_LIMIT_MS = 60000,
    LOOK_AGAIN_MS = 1, /* between the first two looks: no event tells of a change */
    SELDOM_MS = 16,    /* between later ones */
};

bool patience_sanitized(void)
{
    const char *value = getenv("C10KIT_SANITIZED");
    return value != NULL && strcmp(value, "1") == 0;
}

long patience_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

long patience_limit_ms(void)
{
    return patience_sanitized() ? SANITIZED_LIMIT_MS : LIMIT_MS;
}

bool patience_until(bool (*holds)(void *argument), void *argument)
{
    long end = patience_now_ms() + patience_limit_ms();
    long pause_ms = LOOK_AGAIN_MS;
    while (!holds(argument)) {
        if (patience_now_ms() > end)
            return false;
        patience_pass_ms(pause_ms);
        pause_ms = pause_ms < SELDOM_MS ? 2 * pause_ms : SELDOM_MS;
    }
    return true;
}

void patience_pass_ms(long ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}
