/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>
#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/loop.h"
#include "bench/base/places.h"
#include "bench/run/run.h"
#include "bench/base/say.h"
#include "bench/judge/selftest.h"
#include "bench/base/text.h"
#include "bench/run/wrk.h"

enum {
    LEVEL = 64,
    ATTEMPTS = 3,  /* at a trial that the machine spoils */
    ROUNDS = 1000, /* of labels permuted */
    FOLDERS_OPEN = 16
};

struct selftest_options {
    bool json, quick;
    const char *output; /* NULL: a temporary folder */
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {"quick", 'q', NULL, 0, "Only what does not depend on times: refusals, permuted labels", 0},
    {"output", 'o', "DIR", 0, "Keep the records in DIR (default: a temporary folder, removed)", 0},
    {0},
};

/* How the servers of one record are measured. */
struct session {
    const char *name, *models, *twin;
    unsigned blocks, window_ms;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct selftest_options *chosen = state->input;
    switch (key) {
    case 'j':
        chosen->json = true;
        return 0;
    case 'q':
        chosen->quick = true;
        return 0;
    case 'o':
        chosen->output = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

/* The caller's to free. */
static char *make_temporary(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = text_format("%s/c10kit-selftest-XXXXXX", parent ? parent : "/tmp");
    if (!mkdtemp(folder))
        say_and_exit("cannot make %s: %s", folder, strerror(errno));
    return folder;
}

/* Measures as `c10kit run` does, into its own folder under `folder`, and reads the record back.
 * record_finish() is due in either case. */
static bool measure(const struct session *session, const char *folder, struct record *record)
{
    char *servers = places_selftest(), *output = text_format("%s/%s", folder, session->name);
    struct run_options asked = {.mode = mode_find("quick"),
                                .models = session->models,
                                .twin = session->twin,
                                .servers = servers,
                                .output = output,
                                .parts = {{WORKLOAD_KEEP_ALIVE, {{LEVEL}, 1}}},
                                .part_count = 1,
                                .blocks = session->blocks,
                                .attempts = ATTEMPTS,
                                .window_ms = session->window_ms,
                                .warm_up_ms = 100,
                                .seed = (uint64_t)time(NULL),
                                .no_cold = true};
    struct run run;
    *record = (struct record){0};
    bool done = run_settle(&run, &asked, NULL);
    if (done) {
        record_create(run.folder);
        done = run_measure(&run, false) && record_read(record, run.folder);
    }
    run_finish(&run);
    free(output);
    free(servers);
    return done;
}

static void judge_controls(struct selftest *selftest, const char *folder, bool quick)
{
    const struct session session = {"controls", selftest_controls, selftest_twin, quick ? 8 : 12,
                                    quick ? 400 : 1000};
    struct record record;
    if (!measure(&session, folder, &record)) {
        selftest_fail(selftest, "controls", "nothing could be measured");
    } else {
        if (!quick) {
            selftest_judge_twins(selftest, &record);
            selftest_judge_spin(selftest, &record);
        }
        selftest_judge_labels(selftest, &record, ROUNDS);
    }
    record_finish(&record);
}

static void judge_misfits(struct selftest *selftest, const char *folder)
{
    const struct session session = {"misfits", selftest_misfits, NULL, 1, 1000};
    struct record record;
    if (measure(&session, folder, &record))
        selftest_judge_refusals(selftest, &record);
    else
        selftest_fail(selftest, "misfits", "nothing could be measured");
    record_finish(&record);
}

static void judge_stall(struct selftest *selftest, const char *folder)
{
    const struct session session = {"stall", selftest_stalling, NULL, 1, 1000};
    struct record record;
    struct histogram corrected = {0};
    struct wrk_result result;
    if (measure(&session, folder, &record) && record.count > 0) {
        size_t last = record.count - 1;
        char *stem = record_stem(&record.trials[last]);
        char *path = text_format("%s/%s/raw/%s.load", folder, session.name, stem);
        wrk_read(path, &result, &corrected);
        selftest_judge_stall(selftest, &record.trials[last], &record.histograms[last], &corrected);
        free(path);
        free(stem);
    } else {
        selftest_fail(selftest, "stall", "nothing could be measured");
    }
    histogram_finish(&corrected);
    record_finish(&record);
}

static void judge(struct selftest *selftest, const char *folder, bool quick)
{
    judge_misfits(selftest, folder);
    if (!quick && !loop_interrupted())
        judge_stall(selftest, folder);
    if (!loop_interrupted())
        judge_controls(selftest, folder, quick);
}

static void print(const struct selftest *selftest)
{
    size_t right = 0;
    for (size_t i = 0; i < selftest->count; i++) {
        const struct selftest_finding *finding = &selftest->all[i];
        printf("%-6s  %-25s  %s\n%-35s%s\n", finding->ok ? "ok" : "NOT OK", finding->check,
               finding->expected, "", finding->observed);
        right += finding->ok;
    }
    printf("%s: %zu of %zu as expected\n", selftest_is_ok(selftest) ? "ok" : "NOT OK", right,
           selftest->count);
}

static void tell(const struct selftest *selftest, bool as_json)
{
    if (!as_json) {
        print(selftest);
        return;
    }
    json_t *object = selftest_to_json(selftest);
    json_dumpf(object, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(object);
}

static int test(const struct selftest_options *chosen)
{
    struct selftest selftest = {0};
    char *folder = chosen->output ? text_copy(chosen->output) : make_temporary();
    judge(&selftest, folder, chosen->quick);
    if (!loop_interrupted())
        tell(&selftest, chosen->json);
    int status = loop_interrupted() ? EXIT_INTERRUPTED : selftest_is_ok(&selftest) ? 0 : 1;
    if (!chosen->output && nftw(folder, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) != 0)
        say("cannot remove %s: %s", folder, strerror(errno));
    selftest_finish(&selftest);
    free(folder);
    return status;
}

int selftest_verb(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Says whether the suite's own verdicts are right on this machine: measures servers "
               "of which the outcome is known, and compares. Takes about a minute.\v"
               "Each check tells what was expected and what was observed. The exit status is 0 "
               "when all are ok, else 1."};
    struct selftest_options chosen = {0};
    argp_parse(&argp, argc, argv, 0, NULL, &chosen);
    loop_init();
    char *wrk = wrk_find();
    if (!wrk)
        say("wrk is not installed: the self-test needs it (scripts/setup.sh installs it)");
    int status = wrk ? test(&chosen) : 1;
    free(wrk);
    return status;
}
