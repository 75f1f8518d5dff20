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
