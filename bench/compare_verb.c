/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/compare.h"
#include "bench/say.h"

enum {
    VALUE_WIDTH = 60, /* a kernel's command line would fill the screen; --json has all of it */
    RATIO_WIDTH = 64
};

struct compare_options {
    const char *folders[2]; /* argv's */
    bool json;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct compare_options *chosen = state->input;
    switch (key) {
    case 'j':
        chosen->json = true;
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

static void print_ratio(const struct compare_ratio *ratio, enum compare_verdict verdict)
{
    char interval[RATIO_WIDTH] = "";
    if (verdict != COMPARE_INVALID && !isnan(ratio->low))
        snprintf(interval, sizeof interval, "%#.4g [%#.4g, %#.4g]", ratio->ratio, ratio->low,
                 ratio->high);
    printf("  %-27s %-15s", interval, compare_verdict_name(verdict));
}

static void print_cells(const struct comparison *comparison)
{
    if (comparison->count)
        printf("%-14s %-10s %5s  %-43s  %s\n", "model", "workload", "conns",
               "throughput, answers/s", "server's CPU time per answer");
    for (size_t i = 0; i < comparison->count; i++) {
        const struct compare_cell *cell = &comparison->cells[i];
        printf("%-14s %-10s %5" PRId64, cell->model, cell->workload, cell->level);
        for (int k = 0; k < COMPARE_METRICS; k++)
            print_ratio(&cell->ratios[k], cell->verdicts[k]);
        printf("%s%s\n", *cell->reason ? "  " : "", cell->reason);
    }
}

static void print(const struct comparison *comparison, const json_t *differences)
{
    print_differences(differences);
    puts(
        "\nSecond run over first: ratio of geometric means, and the interval in which, for each of "
        "the\ntwo quantities, all cells' true ratios lie with 95 %. `higher` and `lower` are "
        "real.");
    print_cells(comparison);
    printf("\n%zu cells in both, %zu of them valid in both; %zu only in the first, %zu only in the "
           "second.\n%zu differences are real.\n",
           comparison->count, comparison->compared, comparison->only[0], comparison->only[1],
           compare_real(comparison));
}

static void tell(const struct compare_options *chosen, const struct record records[2])
{
    struct comparison comparison;
    json_t *differences = compare_manifests(records[0].manifest, records[1].manifest);
    compare_records(&comparison, &records[0], &records[1]);
    if (chosen->json) {
        json_t *object = compare_to_json(&comparison);
        json_object_set_new(object, "first", json_string(chosen->folders[0]));
        json_object_set_new(object, "second", json_string(chosen->folders[1]));
        json_object_set(object, "manifest", differences);
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
    } else {
        print(&comparison, differences);
    }
    compare_finish(&comparison);
    json_decref(differences);
}

int compare_verb(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "RUN1 RUN2",
        .doc =
            "Says what differs between two recorded runs: first in how they were made, then, for "
            "each cell that both have, whether throughput and CPU time per answer differ.\v"
            "The exit status is 0 when the two could be compared, whatever came out."};
    struct compare_options chosen = {0};
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
