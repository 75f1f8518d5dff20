/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/catalogue.h"
#include "bench/loop.h"
#include "bench/places.h"
#include "bench/text.h"

static const struct argp_option options[] = {
    {"servers-dir", 's', "DIR", 0, "Take the servers' executables from DIR", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    char **folder = state->input;
    if (key != 's')
        return ARGP_ERR_UNKNOWN;
    free(*folder);
    *folder = text_copy(argument);
    return 0;
}

int list_verb(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options, .parser = parse, .doc = "Lists the models that can be measured."};
    char *folder = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, &folder);
    if (!folder)
        folder = places_servers();
    struct catalogue catalogue;
    loop_init();
    catalogue_read(&catalogue, folder, NULL);
    for (size_t i = 0; i < catalogue.count; i++)
        printf("%-14s %-16s %s\n", catalogue.models[i].name, catalogue.models[i].family,
               catalogue.models[i].title);
    int status = catalogue.count ? 0 : 1;
    catalogue_finish(&catalogue);
    free(folder);
    return status;
}
