/* SPDX-License-Identifier: MIT */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "bench/verbs.h"

static const struct verb {
    const char *name;
    char *title; /* what --help and errors call it */
    int (*run)(int argc, char **argv);
    const char *purpose;
} verbs[] = {
    {"doctor", (char[]){"c10kit doctor"}, doctor_verb, "is this machine fit to measure?"},
    {"selftest", (char[]){"c10kit selftest"}, selftest_verb, "are the suite's own verdicts right?"},
    {"list", (char[]){"c10kit list"}, list_verb, "the models that can be measured"},
    {"run", (char[]){"c10kit run"}, run_verb, "measure, record, summarise, draw"},
    {"report", (char[]){"c10kit report"}, report_verb, "summarise and draw a recorded run again"},
    {"compare", (char[]){"c10kit compare"}, compare_verb, "what differs between two recorded runs"},
    {"claims", (char[]){"c10kit claims"}, claims_verb, "put what is said of servers to the test"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static int usage(FILE *to, int status)
{
    fputs("Usage: c10kit VERB [OPTION...]\n\n", to);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(to, "  %-8s %s\n", verbs[i].name, verbs[i].purpose);
    fputs("\n`c10kit VERB --help` tells more; `c10kit --version` the version.\n", to);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0)
        return usage(stdout, 0);
    if (strcmp(argv[1], "--version") == 0)
        return puts("c10kit " C10KIT_VERSION) < 0;
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0) {
            argv[1] = verbs[i].title;
            return verbs[i].run(argc - 1, argv + 1);
        }
    fprintf(stderr, "c10kit: no verb %s\n", argv[1]);
    return usage(stderr, EXIT_USAGE);
}
