/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/judge/compare.h"
#include "bench/judge/manifests.h"
#include "bench/base/say.h"

enum {
    VALUE_WIDTH = 60, /* a kernel's command line would fill the screen; --json has all of it */
    RATIO_WIDTH = 64
};

static const double threshold_limit_percent = 100;

struct compare_options {
    const char *folders[2]; /* argv's */
    double threshold;       /* a share; NAN: what the runs themselves showed */
    bool json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {"threshold", 't', "PERCENT", 0,
     "A difference matters from here on (default: 1, or what a model against itself showed)", 0},
    {0},
};

static double parse_threshold(const char *text, struct argp_state *state)
{
    char *end;
    double percent = strtod(text, &end);
    if (end == text || *end || !(percent >= 0 && percent <= threshold_limit_percent))
        argp_error(state, "%s is not a number from 0 to %g", text, threshold_limit_percent);
    return percent / 100;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct compare_options *chosen = state->input;
    switch (key) {
    case 'j':
        chosen->json = true;
        return 0;
    case 't':
        chosen->threshold = parse_threshold(argument, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 1)
            argp_usage(state);
        else
            chosen->folders[state->arg_num] = argument;
        return 0;
    case ARGP_KEY_END:
        if (state->arg_num < 2)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print_value(const char *who, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    printf("    %s %.*s%s\n", who, VALUE_WIDTH, text,
           snprintf(NULL, 0, "%s", text) > VALUE_WIDTH ? "..." : "");
    free(text);
}

static void print_differences(const json_t *differences)
{
    size_t i;
    json_t *each;
    if (json_array_size(differences) == 0)
        puts("The manifests differ in nothing but times.");
    else
        puts("What differs in the manifests:");
    json_array_foreach(differences, i, each)
    {
        printf("  %s\n", json_string_value(json_object_get(each, "path")));
        print_value("first: ", json_object_get(each, "first"));
        print_value("second:", json_object_get(each, "second"));
    }
}

static void print_caveats(const json_t *caveats)
{
    size_t i;
    json_t *line;
    if (json_array_size(caveats) > 0)
        puts("Not measured alike:");
    json_array_foreach(caveats, i, line) printf("  %s\n", json_string_value(line));
    if (json_array_size(caveats) > 0)
        putchar('\n');
}

static void print_quantity(const struct compare_quantity *quantity)
{
    const struct compare_ratio *ratio = &quantity->ratio;
    char interval[RATIO_WIDTH] = "", verdict[RATIO_WIDTH];
    if (quantity->verdict != COMPARE_INVALID && !isnan(ratio->low))
        snprintf(interval, sizeof interval, "%#.4g [%#.4g, %#.4g]", ratio->ratio, ratio->low,
                 ratio->high);
    snprintf(verdict, sizeof verdict, "%s", compare_verdict_name(quantity->verdict));
    if (quantity->trials_needed)
        snprintf(verdict, sizeof verdict, "%s (%zu)", compare_verdict_name(quantity->verdict),
                 quantity->trials_needed);
    printf("  %-27s %-19s", interval, verdict);
}

static void print_cells(const struct comparison *comparison)
{
    if (comparison->count)
        printf("%-14s %-10s %5s  %-47s  %s\n", "model", "workload", "level",
               "throughput, answers/s", "server's CPU time per answer");
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compare_cell *cell = &comparison->cells[i];
        printf("%-14s %-10s %5" PRId64, cell->model, cell->workload, cell->level);
        for (int k = 0; k < COMPARE_METRICS; k++)
            print_quantity(&cell->quantities[k]);
        printf("%s%s\n", *cell->reason ? "  " : "", cell->reason);
    }
}

static void print_thresholds(const struct comparison *comparison)
{
    static const char *const names[COMPARE_METRICS] = {"throughput", "CPU time"};
    for (int k = 0; k < COMPARE_METRICS; k++) {
        double least = INFINITY, most = 0;
        for (size_t i = 0; i < comparison->count; i++) {
            least = fmin(least, comparison->cells[i].quantities[k].threshold);
            most = fmax(most, comparison->cells[i].quantities[k].threshold);
        }
        if (comparison->count && most > least)
            printf("%s: a difference matters from %.3g to %.3g %% on, by cell\n", names[k],
                   100 * least, 100 * most);
        else if (comparison->count)
            printf("%s: a difference matters from %.3g %% on\n", names[k], 100 * most);
    }
}

static void print_counts(const struct comparison *comparison)
{
    const char *before = "Verdicts:";
    printf("\n%zu cells in both, %zu of them valid in both; %zu only in the first, %zu only in the "
           "second.\n",
           comparison->count, comparison->compared, comparison->only[0], comparison->only[1]);
    for (int i = 0; i < COMPARE_VERDICTS; i++) {
        size_t count = compare_count(comparison, (enum compare_verdict)i);
        if (count > 0)
            printf("%s %zu %s", before, count, compare_verdict_name((enum compare_verdict)i));
        before = count > 0 ? "," : before;
    }
    puts(comparison->count ? "." : "No verdicts.");
}

static void print(const struct comparison *comparison, const json_t *caveats,
                  const json_t *differences)
{
    print_caveats(caveats);
    print_differences(differences);
    puts("\nSecond run over first: ratio of geometric means, and the interval in which, for each "
         "of the\ntwo quantities, all cells' true ratios lie with 95 %. Behind `inconclusive`: how "
         "many trials in\neach run would settle it with a chance of 80 %.");
    print_thresholds(comparison);
    print_cells(comparison);
    print_counts(comparison);
}

static void print_json(const struct compare_options *chosen, const struct comparison *comparison,
                       json_t *caveats, json_t *differences)
{
    json_t *object = compare_to_json(comparison);
    json_object_set_new(object, "first", json_string(chosen->folders[0]));
    json_object_set_new(object, "second", json_string(chosen->folders[1]));
    json_object_set(object, "caveats", caveats);
    json_object_set(object, "manifest", differences);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

static void tell(const struct compare_options *chosen, const struct record records[2])
{
    struct comparison comparison;
    json_t *caveats = manifests_caveats(records[0].manifest, records[1].manifest);
    json_t *differences = manifests_differences(records[0].manifest, records[1].manifest);
    compare_records(&comparison, &records[0], &records[1], chosen->threshold);
    if (chosen->json)
        print_json(chosen, &comparison, caveats, differences);
    else
        print(&comparison, caveats, differences);
    compare_finish(&comparison);
    json_decref(differences);
    json_decref(caveats);
}

int compare_verb(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "RUN1 RUN2",
        .doc =
            "Says what differs between two recorded runs: first in how they were made, then, for "
            "each cell that both have, whether throughput and CPU time per answer differ, and "
            "whether by as much as matters.\v"
            "The exit status is 0 when the two could be compared, whatever came out."};
    struct compare_options chosen = {.threshold = NAN};
    struct record records[2] = {{0}};
    bool there = true;
    argp_parse(&argp, argc, argv, 0, NULL, &chosen);
    for (int i = 0; i < 2; i++)
        if (!record_read(&records[i], chosen.folders[i])) {
            say("%s holds no record: no manifest.json that can be read", chosen.folders[i]);
            there = false;
        }
    if (there)
        tell(&chosen, records);
    for (int i = 0; i < 2; i++)
        record_finish(&records[i]);
    return there ? 0 : 1;
}
