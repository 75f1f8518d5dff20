/* SPDX-License-Identifier: MIT */
#include "tests/contract/model.h"
#include "tests/contract/server_process.h"
#include "tests/contract/suite.h"
#include "tests/contract/tap.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
    const char *name;
    void (*run)(void);
} suites[] = {
    {"cli", suite_cli},           {"http", suite_http},   {"http-bad", suite_http_bad},
    {"timeouts", suite_timeouts}, {"echo", suite_echo},   {"stress", suite_stress},
    {"stop", suite_stop},         {"ready", suite_ready},
};

enum { SUITES = sizeof suites / sizeof suites[0], USAGE = 64 };

static void run_suite(size_t i, const char *server, const char *const always[])
{
    struct rlimit descriptors;
    getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
    server_program(server, always);
    model_load();
    suites[i].run();
    model_unload();
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc >= 3 && i < SUITES; i++) {
        if (strcmp(argv[1], suites[i].name) != 0)
            continue;
        run_suite(i, argv[2], (const char *const *)argv + 3);
        return tap_finish();
    }
    fprintf(stderr, "usage: contract SUITE SERVER [OPTION...]\nsuites:");
    for (size_t i = 0; i < SUITES; i++)
        fprintf(stderr, " %s", suites[i].name);
    fprintf(stderr, "\n");
    return USAGE;
}
