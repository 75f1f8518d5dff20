/* SPDX-License-Identifier: MIT */
#include "bench/lab/claim.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

struct claim_verdict verdict_confirmed(void)
{
    return (struct claim_verdict){.finding = FINDING_CONFIRMED};
}

struct claim_verdict verdict_refuted(void)
{
    return (struct claim_verdict){.finding = FINDING_REFUTED};
}

struct claim_verdict verdict_depends(const char *on, ...)
{
    struct claim_verdict verdict = {.finding = FINDING_DEPENDS};
    va_list arguments;
    va_start(arguments, on);
    vsnprintf(verdict.on, sizeof verdict.on, on, arguments);
    va_end(arguments);
    return verdict;
}

struct claim_verdict verdict_undecided(const char *why, ...)
{
    struct claim_verdict verdict = {.finding = FINDING_UNDECIDED};
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(verdict.on, sizeof verdict.on, why, arguments);
    va_end(arguments);
    return verdict;
}

struct claim_verdict verdict_of_all(const enum certainty *each, size_t count, const char *on)
{
    size_t holds = 0, fails = 0;
    for (size_t i = 0; i < count; i++) {
        holds += each[i] == CERTAIN_YES;
        fails += each[i] == CERTAIN_NO;
    }
    if (holds == count)
        return verdict_confirmed();
    if (fails == count)
        return verdict_refuted();
    if (holds > 0 && fails > 0)
        return verdict_depends("%s", on);
    return verdict_undecided("%zu of %zu comparisons are missing, or their intervals too wide",
                             count - holds - fails, count);
}

enum certainty certain_both(enum certainty one, enum certainty other)
{
    if (one == CERTAIN_NO || other == CERTAIN_NO)
        return CERTAIN_NO;
    return one == CERTAIN_YES && other == CERTAIN_YES ? CERTAIN_YES : UNCERTAIN;
}

const char *finding_name(enum finding finding)
{
    static const char *const names[] = {"undecided", "confirmed", "refuted", "depends"};
    return names[finding];
}

const struct claim *claim_find(const char *id)
{
    for (size_t i = 0; claims[i]; i++)
        if (strcasecmp(claims[i]->id, id) == 0)
            return claims[i];
    return NULL;
}
