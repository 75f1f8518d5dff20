/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>

#include "bench/base/loop.h"
#include "bench/show/report.h"

static error_t parse(int key, char *argument, struct argp_state *state)
{
    const char **folder = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_usage(state);
        *folder = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int report_verb(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = parse,
        .args_doc = "RUN",
        .doc = "Makes summary.csv, pairs.csv, ranking.csv, resolution.csv, cold.csv and the charts "
               "again from the record in folder RUN."};
    const char *folder = NULL;
    argp_parse(&argp, argc, argv, 0, NULL, &folder);
    loop_init();
    return report_make(folder) ? 0 : 1;
}
