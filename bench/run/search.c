/* SPDX-License-Identifier: MIT */
#include "bench/run/search.h"

#include <math.h>
#include <stdbool.h>

enum { QUESTIONS_MOST = 24, CONFIRMS = 2 };

static const double first_share = 1.0 / 8, least_share = 1.0 / 4096;
static const double fine_enough = 1.05;

struct search {
    enum search_answer (*ask)(void *argument, double rate);
    void *argument;
    struct search_result *result;
    int held; /* how often the low one did */
    bool blocked;
};

static void put(struct search *search, double rate)
{
    struct search_result *result = search->result;
    result->steps++;
    switch (search->ask(search->argument, rate)) {
    case SEARCH_HOLDS:
        search->held = rate > result->low ? 1 : search->held + 1;
        result->low = fmax(result->low, rate);
        return;
    case SEARCH_FAILS:
        result->high = rate;
        if (rate <= result->low)
            result->low = search->held = 0;
        return;
    case SEARCH_UNKNOWN:
        break;
    }
    search->blocked = true;
}

/* Where to ask next, between what held and what failed; one of them may not be known yet. */
static double next_rate(const struct search_result *result, double guess)
{
    if (result->low <= 0 && result->high <= 0)
        return guess * first_share;
    if (result->high <= 0)
        return 2 * result->low;
    if (result->low <= 0)
        return result->high / 2;
    return sqrt(result->low * result->high);
}

void search_rate(enum search_answer (*ask)(void *argument, double rate), void *argument,
                 double guess, struct search_result *result)
{
    struct search search = {.ask = ask, .argument = argument, .result = result};
    *result = (struct search_result){0};
    while (result->steps < QUESTIONS_MOST && !search.blocked) {
        bool near =
            result->low > 0 && result->high > 0 && result->high <= result->low * fine_enough;
        if (near && search.held >= CONFIRMS)
            return;
        double rate = near ? result->low : next_rate(result, guess);
        if (rate < guess * least_share)
            return;
        put(&search, rate);
    }
}
