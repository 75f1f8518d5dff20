/* SPDX-License-Identifier: MIT */
#include "bench/lab/conduct.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "bench/base/loop.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/lab/drawing.h"
#include "bench/lab/experiment.h"
#include "bench/machine/cgroup.h"
#include "bench/machine/meter.h"
#include "bench/machine/netns.h"
#include "bench/run/host.h"

enum {
    REPEATS = 8,
    QUICK_REPEATS = 3,
    LIMIT_S = 300, /* of one experiment: one that hangs must not hold up the others */
    GRACE_S = 10
};

/* Every experiment says of itself how it ended. */
static const char itself[] = "experiment", outcome[] = "outcome", complete[] = "complete";

/* ---- A process of its own for each step ---- */

enum step_end { STEP_DONE, STEP_FAILED, STEP_STOPPED };

struct step {
    void (*act)(const struct conduct_order *, const struct claim *);
    const struct conduct_order *order;
    const struct claim *claim;
};

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

static void watched_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    for (size_t i = 0; i < sizeof stop_signals / sizeof *stop_signals; i++)
        sigaddset(set, stop_signals[i]);
}

/* Waits for the end of the child's group. It is told to end when somebody stops us, or when it
 * takes too long. */
static enum step_end wait_for(pid_t child, int *status)
{
    sigset_t set;
    bool told = false, stopped = false;
    struct timespec limit = {.tv_sec = LIMIT_S};
    watched_signals(&set);
    while (waitpid(child, status, WNOHANG) == 0) {
        int number = sigtimedwait(&set, NULL, &limit);
        if (number == SIGCHLD || (number < 0 && errno == EINTR))
            continue;
        kill(-child, told ? SIGKILL : SIGTERM);
        told = true;
        stopped |= number > 0;
        limit.tv_sec = GRACE_S;
    }
    kill(-child, SIGKILL); /* what it forked and left behind */
    return stopped ? STEP_STOPPED : told ? STEP_FAILED : STEP_DONE;
}

/* The event loop and what an experiment does to its process stay in the child. Done: it ended by
 * itself with status 0. */
static enum step_end in_child(const struct step *step)
{
    sigset_t set, old;
    watched_signals(&set);
    sigprocmask(SIG_BLOCK, &set, &old);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        say_and_exit("cannot fork: %s", strerror(errno));
    if (child == 0) {
        setpgid(0, 0);
        sigprocmask(SIG_SETMASK, &old, NULL);
        loop_init();
        step->act(step->order, step->claim);
        exit(EXIT_SUCCESS);
    }
    setpgid(child, child);
    int status = 0;
    enum step_end end = wait_for(child, &status);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (end == STEP_DONE && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return STEP_FAILED;
    return end;
}

/* ---- One experiment ---- */

static int open_record(const char *folder)
{
    char *path = text_format("%s/values.jsonl", folder);
    int record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (record < 0)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(path);
    return record;
}

static unsigned repeats_of(const struct claim *claim, const struct conduct_order *order)
{
    if (order->repeats)
        return order->repeats;
    if (order->quick)
        return claim->quick_repeats ? claim->quick_repeats : QUICK_REPEATS;
    return claim->repeats ? claim->repeats : REPEATS;
}

static void begin(const struct experiment *experiment)
{
    char *line = text_format("{\"claim\":\"%s\",\"begins\":true}\n", experiment->claim->id);
    if (write(experiment->record, line, strlen(line)) < 0)
        say_and_exit("cannot write %s/values.jsonl: %s", experiment->folder, strerror(errno));
    free(line);
}

static void experiment(const struct conduct_order *order, const struct claim *claim)
{
    struct experiment experiment = {.claim = claim,
                                    .folder = order->folder,
                                    .quick = order->quick,
                                    .repeats = repeats_of(claim, order),
                                    .repeat = 1,
                                    .seed = order->seed,
                                    .record = open_record(order->folder)};
    int64_t start_us = meter_clock_us();
    cpus_choose(&experiment.cpus);
    cgroup_init();
    begin(&experiment);
    if (!netns_renew() && claim->needs & CLAIM_NEEDS_NAMESPACE) {
        experiment_text(&experiment, itself, outcome, "not tried: it needs a network namespace");
    } else {
        claim->run(&experiment);
        experiment_value(&experiment, itself, "duration_s",
                         (double)(meter_clock_us() - start_us) / 1e6);
        experiment_text(&experiment, itself, outcome,
                        loop_interrupted() ? "interrupted" : complete);
    }
    say_progress_end();
    cgroup_finish();
    if (loop_interrupted())
        exit(EXIT_FAILURE);
}

/* ---- A folder of them ---- */

static void write_manifest(const struct conduct_order *order, const struct claim *claim)
{
    (void)claim;
    struct run none = {0};
    struct experiment place = {0};
    char *path = text_format("%s/manifest.json", order->folder);
    json_t *manifest = host_facts(&none);
    cpus_choose(&place.cpus);
    json_object_set_new(manifest, "claims",
                        json_pack("{s:b, s:I, s:s, s:s}", "quick", order->quick, "seed",
                                  (json_int_t)order->seed, "server_cpus", place.cpus.server,
                                  "load_cpus", place.cpus.load));
    if (json_dump_file(manifest, path, JSON_INDENT(2)) < 0)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    json_decref(manifest);
    free(path);
}

static void make_folder(const char *folder)
{
    if (mkdir(folder, 0755) < 0 && errno != EEXIST)
        say_and_exit("cannot make %s: %s", folder, strerror(errno));
}

void conduct_select(struct figures *mine, const struct figures *all, const char *claim)
{
    *mine = (struct figures){0};
    for (size_t i = 0; i < all->count; i++) {
        const struct figure *figure = &all->all[i];
        if (strcmp(figure->claim, claim) != 0)
            continue;
        for (size_t k = 0; k < figure->count; k++)
            figures_add_value(mine, claim, figure->cell, figure->metric, figure->repeats[k],
                              figure->values[k]);
        if (figure->kind == FIGURE_SHARE)
            figures_add_share(mine, claim, figure->cell, figure->metric, figure->hits,
                              figure->tries);
        if (figure->kind == FIGURE_TEXT)
            figures_add_text(mine, claim, figure->cell, figure->metric, figure->text);
    }
}

const char *conduct_lack(const struct claim *claim, const struct figures *all)
{
    const struct figure *ended = figures_find(all, claim->id, itself, outcome);
    if (!ended)
        return "not tried to its end";
    return strcmp(ended->text, complete) == 0 ? NULL : ended->text;
}

struct claim_verdict conduct_judge(const struct claim *claim, const struct figures *all)
{
    const char *lack = conduct_lack(claim, all);
    if (lack)
        return verdict_undecided("%s", lack);
    struct figures mine;
    conduct_select(&mine, all, claim->id);
    struct claim_verdict verdict = claim->judge(&mine);
    figures_finish(&mine);
    return verdict;
}

void conduct_print_figures(const struct figures *figures, FILE *out)
{
    for (size_t i = 0; i < figures->count; i++) {
        const struct figure *figure = &figures->all[i];
        char *text = figure_print(figure, false);
        fprintf(out, "  %-30s %-26s %s\n", figure->cell, figure->metric, text);
        free(text);
    }
}

static void print_outcome(const struct claim *claim, const char *folder)
{
    struct figures figures = {0};
    figures_read(&figures, folder, claim->id);
    struct claim_verdict verdict = conduct_judge(claim, &figures);
    printf("%s  %s\n", claim->id, claim->said);
    conduct_print_figures(&figures, stdout);
    printf("  => %s%s%s\n", finding_name(verdict.finding),
           verdict.finding == FINDING_DEPENDS ? " on "
           : *verdict.on                      ? ": "
                                              : "",
           verdict.on);
    (void)fflush(stdout);
    figures_finish(&figures);
}

size_t conduct_run(const struct conduct_order *order)
{
    size_t failed = 0;
    make_folder(order->folder);
    const struct step manifest = {write_manifest, order, NULL};
    enum step_end end = in_child(&manifest);
    if (end != STEP_DONE)
        return 1;
    for (size_t i = 0; order->claims[i] && end != STEP_STOPPED; i++) {
        const struct step step = {experiment, order, order->claims[i]};
        end = in_child(&step);
        print_outcome(order->claims[i], order->folder);
        failed += end != STEP_DONE;
    }
    return failed;
}

/* ---- What is derived ---- */

static FILE *open_csv(const char *folder, const char *name)
{
    char *path = text_format("%s/%s", folder, name);
    FILE *csv = fopen(path, "we");
    if (!csv)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(path);
    return csv;
}

static void write_verdicts(const char *folder, const struct figures *all)
{
    FILE *csv = open_csv(folder, "verdicts.csv");
    fputs("claim,verdict,on\n", csv);
    for (size_t i = 0; claims[i]; i++) {
        struct claim_verdict verdict = conduct_judge(claims[i], all);
        fprintf(csv, "%s,%s,\"%s\"\n", claims[i]->id, finding_name(verdict.finding), verdict.on);
    }
    if (fclose(csv))
        say_and_exit("cannot write %s/verdicts.csv: %s", folder, strerror(errno));
}

static void draw(const struct conduct_order *order, const struct claim *claim)
{
    struct figures all = {0};
    (void)claim;
    figures_read(&all, order->folder, NULL);
    drawing_make(order->folder, &all);
    figures_finish(&all);
}

void conduct_summarise(const char *folder)
{
    struct figures all = {0};
    if (!figures_read(&all, folder, NULL))
        say_and_exit("%s holds no tried claims: `c10kit claims run -o %s` tries them", folder,
                     folder);
    FILE *csv = open_csv(folder, "figures.csv");
    figures_write(&all, csv);
    if (fclose(csv))
        say_and_exit("cannot write %s/figures.csv: %s", folder, strerror(errno));
    write_verdicts(folder, &all);
    figures_finish(&all);
    const struct conduct_order order = {.folder = folder};
    const struct step step = {draw, &order, NULL};
    in_child(&step);
}
