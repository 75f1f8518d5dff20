/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/lab/conduct.h"

enum { CLAIMS_MOST = 64, REPEATS_MOST = 1000, KEY_SEED = 1000 };

struct claims_options {
    const char *folder;
    bool quick;
    unsigned repeats; /* 0: what each claim says */
    uint64_t seed;
    const struct claim *chosen[CLAIMS_MOST + 1];
    size_t count;
};

/* ---- list ---- */

static int list(int argc, char **argv)
{
    static const struct argp argp = {.doc = "Lists the claims that can be tried."};
    argp_parse(&argp, argc, argv, 0, NULL, NULL);
    for (size_t i = 0; claims[i]; i++)
        printf("%-4s %s%s\n", claims[i]->id, claims[i]->said,
               claims[i]->needs & CLAIM_NEEDS_NAMESPACE ? " (needs root)" : "");
    return 0;
}

/* ---- run ---- */

static const struct argp_option run_options[] = {
    {"output", 'o', "DIR", 0, "Keep the record in DIR (default: results/claims-DATE-TIME)", 0},
    {"quick", 'q', NULL, 0, "Fewer repeats and shorter windows: a preview", 0},
    {"repeats", 'r', "N", 0, "Repeats of each experiment (default: what it says; most say 8)", 0},
    {"seed", KEY_SEED, "N", 0, "Draw the orders with this seed (default: the time)", 0},
    {0},
};

static uint64_t whole(struct argp_state *state, const char *text, long most)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end || errno || number < 1 || number > most)
        argp_error(state, "%s is not a whole number from 1 to %ld", text, most);
    return (uint64_t)number;
}

static error_t parse_run(int key, char *argument, struct argp_state *state)
{
    struct claims_options *asked = state->input;
    switch (key) {
    case 'o':
        asked->folder = argument;
        return 0;
    case 'q':
        asked->quick = true;
        return 0;
    case 'r':
        asked->repeats = (unsigned)whole(state, argument, REPEATS_MOST);
        return 0;
    case KEY_SEED:
        asked->seed = whole(state, argument, LONG_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (!claim_find(argument))
            argp_error(state, "no claim %s: `c10kit claims list` names them", argument);
        if (asked->count == CLAIMS_MOST)
            argp_error(state, "more than %d claims", CLAIMS_MOST);
        asked->chosen[asked->count++] = claim_find(argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The caller's to free. */
static char *folder_of_now(void)
{
    char text[64];
    time_t now = time(NULL);
    struct tm local;
    strftime(text, sizeof text, "results/claims-%Y%m%d-%H%M%S", localtime_r(&now, &local));
    return text_copy(text);
}

static int run(int argc, char **argv)
{
    static const struct argp argp = {
        .options = run_options,
        .parser = parse_run,
        .args_doc = "[ID...]",
        .doc = "Tries the claims (all, or those named), and says what the figures say of each."};
    struct claims_options asked = {.seed = (uint64_t)time(NULL)};
    argp_parse(&argp, argc, argv, 0, NULL, &asked);
    char *folder = asked.folder ? text_copy(asked.folder) : folder_of_now();
    const struct conduct_order order = {.claims = asked.count ? asked.chosen : claims,
                                        .folder = folder,
                                        .quick = asked.quick,
                                        .repeats = asked.repeats,
                                        .seed = asked.seed};
    size_t failed = conduct_run(&order);
    conduct_summarise(folder);
    printf("record:  %s\n", folder);
    if (failed)
        say("%zu claims could not be tried to their end", failed);
    free(folder);
    return failed ? 1 : 0;
}

/* ---- The verb ---- */

static const struct subverb {
    const char *name;
    char *title;
    int (*run)(int argc, char **argv);
} subverbs[] = {
    {"list", (char[]){"c10kit claims list"}, list},
    {"run", (char[]){"c10kit claims run"}, run},
};
enum { SUBVERBS = sizeof subverbs / sizeof *subverbs };

static int usage(FILE *to, int status)
{
    fputs("Usage: c10kit claims list\n"
          "       c10kit claims run [OPTION...] [ID...]\n\n"
          "Puts statements about server concurrency to the test. `c10kit claims run --help` tells "
          "more.\n",
          to);
    return status;
}

int claims_verb(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    for (size_t i = 0; i < SUBVERBS; i++)
        if (strcmp(argv[1], subverbs[i].name) == 0) {
            argv[1] = subverbs[i].title;
            return subverbs[i].run(argc - 1, argv + 1);
        }
    fprintf(stderr, "c10kit: no verb claims %s\n", argv[1]);
    return usage(stderr, EXIT_USAGE);
}
