/* SPDX-License-Identifier: MIT */
#include "bench/run/search.h"

#include <math.h>
#include <stdbool.h>

enum { QUESTIONS_MOST = 24, CONFIRMS = 2 };

static const double first_share = 0.85, least_share = 1.0 / 16;
static const double first_step = 1.1, fine_enough = 1.05;

enum search_answer search_judge(const struct search_window *window, int64_t bound_us)
{
    static const double answered_least = 0.99;
    const int64_t bound_ns = bound_us * 1000;
    const bool over = window->p99_ns > bound_ns;
    const bool kept_up = window->offered > 0 && window->starved == 0 &&
                         (double)window->answered >= answered_least * (double)window->offered;
    if (kept_up && !over)
        return SEARCH_HOLDS;
    const bool over_by_itself = window->on_time_p99_ns < 0 || window->on_time_p99_ns > bound_ns;
    return over && !over_by_itself ? SEARCH_UNKNOWN : SEARCH_FAILS;
}

struct search {
    enum search_answer (*ask)(void *argument, double rate);
    void *argument;
    struct search_result *result;
    double step;      /* by how much the next rate differs, while one side is open */
    int held;         /* how often the low one did */
    bool top_is_open; /* the high one could not be tried */
};

static void put(struct search *search, double rate)
{
    struct search_result *result = search->result;
    result->steps++;
    const enum search_answer answer = search->ask(search->argument, rate);
    switch (answer) {
    case SEARCH_HOLDS:
        search->held = rate > result->low ? 1 : search->held + 1;
        result->low = fmax(result->low, rate);
        return;
    case SEARCH_FAILS:
    case SEARCH_UNKNOWN:
        result->high = rate;
        search->top_is_open = answer == SEARCH_UNKNOWN;
        if (rate <= result->low) {
            result->low = search->held = 0;
            search->step = first_step;
        }
        return;
    }
}

/* Where to ask next, between what held and what failed; one of them may not be known yet. */
static double next_rate(struct search *search, double guess)
{
    const struct search_result *result = search->result;
    const double step = search->step;
    if (result->low > 0 && result->high > 0)
        return sqrt(result->low * result->high);
    if (result->low <= 0 && result->high <= 0)
        return guess * first_share;
    search->step *= step;
    return result->high <= 0 ? result->low * step : result->high / step;
}

void search_rate(enum search_answer (*ask)(void *argument, double rate), void *argument,
                 double guess, struct search_result *result)
{
    struct search search = {.ask = ask, .argument = argument, .result = result, .step = first_step};
    const double least = guess * least_share;
    *result = (struct search_result){0};
    while (result->steps < QUESTIONS_MOST) {
        bool near =
            result->low > 0 && result->high > 0 && result->high <= result->low * fine_enough;
        if (near && search.held >= CONFIRMS)
            break;
        double rate = near ? result->low : next_rate(&search, guess);
        if (result->high > 0 && result->high <= least)
            break;
        put(&search, fmax(rate, least));
    }
    result->blind = search.top_is_open && result->low <= 0;
    if (search.top_is_open)
        result->high = 0;
}
