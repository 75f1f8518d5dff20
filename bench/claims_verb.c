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
#include "bench/lab/notes.h"

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
        say("not tried to their end: %zu of the claims", failed);
    free(folder);
    return failed ? 1 : 0;
}

/* ---- report ---- */

static error_t parse_report(int key, char *argument, struct argp_state *state)
{
    const char **folder = state->input;
    if (key != ARGP_KEY_ARG || state->arg_num > 0)
        return ARGP_ERR_UNKNOWN;
    *folder = argument;
    return 0;
}

static int report(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = parse_report,
        .args_doc = "[DIR]",
        .doc = "Sums up, judges and draws again what `c10kit claims run` recorded in DIR (default: "
               "results/claims). Measures nothing."};
    const char *folder = "results/claims";
    argp_parse(&argp, argc, argv, 0, NULL, &folder);
    conduct_summarise(folder);
    return 0;
}

/* ---- notes ---- */

struct notes_options {
    const char *record, *reference, *template_path, *output, *charts;
};

enum { KEY_RECORD = 2000, KEY_REFERENCE, KEY_TEMPLATE, KEY_CHARTS };

static const struct argp_option notes_options[] = {
    {"record", KEY_RECORD, "DIR", 0, "The tried claims (default: results/claims)", 0},
    {"reference", KEY_REFERENCE, "DIR", 0, "The run that is cited (default: results/reference)", 0},
    {"template", KEY_TEMPLATE, "FILE", 0, "The prose (default: docs/notes.md.in)", 0},
    {"output", 'o', "FILE", 0, "Write the document there (default: standard output)", 0},
    {"charts", KEY_CHARTS, "PATH", 0,
     "Where the charts lie, seen from the document (default: ../results/claims/charts/)", 0},
    {0},
};

static error_t parse_notes(int key, char *argument, struct argp_state *state)
{
    struct notes_options *asked = state->input;
    switch (key) {
    case KEY_RECORD:
        asked->record = argument;
        return 0;
    case KEY_REFERENCE:
        asked->reference = argument;
        return 0;
    case KEY_TEMPLATE:
        asked->template_path = argument;
        return 0;
    case KEY_CHARTS:
        asked->charts = argument;
        return 0;
    case 'o':
        asked->output = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The caller's to free; NULL when it cannot be read. */
static char *read_in(const char *folder, const char *name)
{
    char *path = text_format("%s/%s", folder, name), *text = text_read(path);
    free(path);
    return text;
}

static void write_document(const char *path, const char *text)
{
    FILE *file = path ? fopen(path, "we") : stdout;
    if (!file || fputs(text, file) < 0 || (path ? fclose(file) : fflush(file)))
        say_and_exit("cannot write %s: %s", path ? path : "the document", strerror(errno));
}

static int render(const struct notes_options *asked, const char *template_text)
{
    struct figures figures = {0};
    if (!figures_read(&figures, asked->record, NULL))
        say_and_exit("%s holds no tried claims: `c10kit claims run -o %s` tries them",
                     asked->record, asked->record);
    char *manifest_text = read_in(asked->record, "manifest.json"), *trouble;
    char *summary = read_in(asked->reference, "summary.csv");
    json_t *manifest = manifest_text ? json_loads(manifest_text, 0, NULL) : NULL;
    const struct notes_source source = {claims, &figures, summary, manifest, asked->charts};
    char *text = notes_render(&source, template_text, &trouble);
    if (text)
        write_document(asked->output, text);
    else
        say("%s, %s", asked->template_path, trouble);
    int status = text ? 0 : 1;
    free(text);
    free(trouble);
    json_decref(manifest);
    free(summary);
    free(manifest_text);
    figures_finish(&figures);
    return status;
}

static int notes(int argc, char **argv)
{
    static const struct argp argp = {.options = notes_options,
                                     .parser = parse_notes,
                                     .doc = "Renders the notes: prose with figures and verdicts "
                                            "from the record. Measures nothing."};
    struct notes_options asked = {.record = "results/claims",
                                  .reference = "results/reference",
                                  .template_path = "docs/notes.md.in",
                                  .charts = "../results/claims/charts/"};
    argp_parse(&argp, argc, argv, 0, NULL, &asked);
    char *template_text = text_read(asked.template_path);
    if (!template_text)
        say_and_exit("cannot read %s: %s", asked.template_path, strerror(errno));
    int status = render(&asked, template_text);
    free(template_text);
    return status;
}

/* ---- The verb ---- */

static const struct subverb {
    const char *name;
    char *title;
    int (*run)(int argc, char **argv);
} subverbs[] = {
    {"list", (char[]){"c10kit claims list"}, list},
    {"run", (char[]){"c10kit claims run"}, run},
    {"report", (char[]){"c10kit claims report"}, report},
    {"notes", (char[]){"c10kit claims notes"}, notes},
};
enum { SUBVERBS = sizeof subverbs / sizeof *subverbs };

static int usage(FILE *to, int status)
{
    fputs("Usage: c10kit claims list\n"
          "       c10kit claims run [OPTION...] [ID...]\n"
          "       c10kit claims report [DIR]\n"
          "       c10kit claims notes [OPTION...]\n\n"
          "Puts statements about server concurrency to the test, and writes what came out. Each "
          "verb's --help tells more.\n",
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
