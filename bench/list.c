/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/run/catalogue.h"
#include "bench/base/loop.h"
#include "bench/base/places.h"
#include "bench/base/text.h"
#include "bench/record/workload.h"

struct list_options {
    char *folder; /* owned; NULL: where the servers were built or installed */
    bool json, workloads;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print a JSON array", 0},
    {"workloads", 'w', NULL, 0, "List the workloads instead, with their levels in standard runs",
     0},
    {"servers-dir", 's', "DIR", 0, "Take the servers' executables from DIR", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct list_options *chosen = state->input;
    switch (key) {
    case 'j':
        chosen->json = true;
        return 0;
    case 'w':
        chosen->workloads = true;
        return 0;
    case 's':
        free(chosen->folder);
        chosen->folder = text_copy(argument);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print(const struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->count; i++)
        printf("%-14s %-16s %s\n", catalogue->models[i].name, catalogue->models[i].family,
               catalogue->models[i].title);
}

static json_t *workload_to_json(enum workload workload)
{
    const struct workload_facts *facts = workload_facts(workload);
    json_t *levels = json_array();
    for (size_t i = 0; i < facts->standard.count; i++)
        json_array_append_new(levels, json_integer((json_int_t)facts->standard.of[i]));
    return json_pack("{s:s, s:s, s:s, s:o}", "name", facts->name, "about", facts->about, "unit",
                     workload_unit(workload), "levels", levels);
}

static void print_workload(enum workload workload)
{
    const struct workload_facts *facts = workload_facts(workload);
    printf("%-14s %s:", facts->name, facts->about);
    for (size_t i = 0; i < facts->standard.count; i++)
        printf(" %u", facts->standard.of[i]);
    putchar('\n');
}

static int list_workloads(bool json)
{
    json_t *array = json_array();
    for (int i = 0; i < WORKLOAD_COUNT; i++) {
        json_array_append_new(array, workload_to_json((enum workload)i));
        if (!json)
            print_workload((enum workload)i);
    }
    if (json) {
        json_dumpf(array, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(array);
    return 0;
}

static void print_json(const struct catalogue *catalogue)
{
    json_t *array = catalogue_to_json(catalogue);
    json_dumpf(array, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(array);
}

int list_verb(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Lists the models that can be measured, or how they can be driven."};
    struct list_options chosen = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &chosen);
    if (chosen.workloads) {
        free(chosen.folder);
        return list_workloads(chosen.json);
    }
    if (!chosen.folder)
        chosen.folder = places_servers();
    struct catalogue catalogue;
    loop_init();
    catalogue_read(&catalogue, chosen.folder, NULL);
    if (chosen.json)
        print_json(&catalogue);
    else
        print(&catalogue);
    int status = catalogue.count ? 0 : 1;
    catalogue_finish(&catalogue);
    free(chosen.folder);
    return status;
}
