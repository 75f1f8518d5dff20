/* SPDX-License-Identifier: MIT */
#include "bench/run/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/machine/cgroup.h"
#include "bench/show/chart.h"
#include "bench/run/cold.h"
#include "bench/run/drive.h"
#include "bench/run/fitness.h"
#include "bench/run/host.h"
#include "bench/base/loop.h"
#include "bench/machine/meter.h"
#include "bench/record/record.h"
#include "bench/base/places.h"
#include "bench/run/progress.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/run/wrk.h"

enum { CALM_MS = 2000 };

static const char usual_sentinel[] = "epoll-lt";
static const char no_twin[] = "none";

static char *default_folder(void)
{
    char name[64];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(name, sizeof name, "results/run-%Y%m%d-%H%M%S", &local);
    return text_copy(name);
}

/* Not every model has workers, or knobs. A twin's knobs are turned for nobody: its default is
 * enough to show what no difference looks like. */
static bool is_possible(const void *argument, const struct cell *cell)
{
    const struct run *run = argument;
    const struct model *model = &run->catalogue.models[cell->model];
    if (cell->workload == WORKLOAD_SCALING)
        return catalogue_has_workers(model) && cell->level <= cpus_count(run->cpus.scaling_server);
    if (cell->workload == WORKLOAD_KNOB)
        return catalogue_settings(model) > 0 &&
               cell->level <= (model->twin_of ? 0 : catalogue_settings(model));
    return true;
}

static bool is_measured(const struct run *run, size_t model, const struct run_options *options)
{
    for (size_t i = 0; i < options->part_count; i++) {
        const struct plan_part *part = &options->parts[i];
        for (size_t k = 0; k < part->levels.count; k++)
            if (is_possible(run, &(struct cell){model, part->workload, part->levels.of[k]}))
                return true;
    }
    return false;
}

/* The first that is measured at all; 0 where none is. */
static size_t first_measured(const struct run *run, const struct run_options *options)
{
    for (size_t i = 0; i < run->catalogue.count; i++)
        if (is_measured(run, i, options))
            return i;
    return 0;
}

static bool choose_sentinel(struct run *run, const struct run_options *options)
{
    const char *name = options->sentinel ? options->sentinel : usual_sentinel;
    run->sentinel = catalogue_find(&run->catalogue, name);
    if (run->sentinel < run->catalogue.count && is_measured(run, run->sentinel, options))
        return true;
    run->sentinel = first_measured(run, options);
    if (options->sentinel)
        say("no sentinel %s: it is not among the models to measure", name);
    return !options->sentinel;
}

static bool choose_twin(struct run *run, const struct run_options *options)
{
    const char *name = options->twin;
    if (!name)
        name = run->mode->ranks ? run->catalogue.models[run->sentinel].name : no_twin;
    if (strcmp(name, no_twin) == 0 || catalogue_add_twin(&run->catalogue, name))
        return true;
    say("no twin of %s: it is not among the models to measure", name);
    return false;
}

/* Scaling goes up to all CPUs, be that a usual level or not. */
static void add_all_cpus(const struct run *run, struct workload_levels *levels)
{
    unsigned all = cpus_count(run->cpus.scaling_server);
    for (size_t i = 0; i < levels->count; i++)
        if (levels->of[i] == all)
            return;
    if (levels->count < WORKLOAD_LEVELS_LIMIT)
        levels->of[levels->count++] = all;
}

/* A level that was asked for is not left out in silence. */
static void say_what_is_missing(const struct run *run, const struct workload_levels *levels)
{
    for (size_t i = 0; i < levels->count; i++)
        if (levels->of[i] > cpus_count(run->cpus.scaling_server))
            say("scaling at %u is left out: the server may use CPUs %s", levels->of[i],
                run->cpus.scaling_server);
}

static bool draw_plan(struct run *run, const struct run_options *options)
{
    struct plan_part parts[WORKLOAD_COUNT];
    size_t models = run->catalogue.count;
    memcpy(parts, options->parts, sizeof parts);
    for (size_t i = 0; i < options->part_count; i++)
        if (parts[i].workload == WORKLOAD_SCALING && options->levels.count == 0)
            add_all_cpus(run, &parts[i].levels);
        else if (parts[i].workload == WORKLOAD_SCALING)
            say_what_is_missing(run, &options->levels);
    unsigned blocks =
        options->blocks ? options->blocks : mode_blocks(run->mode, models - run->catalogue.twins);
    plan_init(&run->plan, models, parts, options->part_count);
    plan_keep(&run->plan, is_possible, run);
    if (run->plan.cell_count == 0) {
        say("there is nothing to measure: of these models none has the workers, or the knobs, or "
            "this machine not the CPUs");
        return false;
    }
    plan_shuffle(&run->plan, blocks, options->seed);
    return true;
}

bool run_settle(struct run *run, const struct run_options *options, const json_t *command)
{
    char *servers = options->servers ? text_copy(options->servers) : places_servers();
    *run = (struct run){.mode = options->mode,
                        .cpus = options->cpus,
                        .wrk = wrk_find(),
                        .gnuplot = chart_find_tool(),
                        .hyperfine = options->no_cold ? NULL : text_find_program("hyperfine"),
                        .script = wrk_find_script(),
                        .folder = options->output ? text_copy(options->output) : default_folder(),
                        .window_ms = options->window_ms,
                        .warm_up_ms = options->warm_up_ms,
                        .attempts = options->attempts,
                        .seed = options->seed,
                        .command = json_deep_copy(command)};
    catalogue_read(&run->catalogue, servers, options->models);
    if (options->peers)
        catalogue_add_peers(&run->catalogue, options->peers);
    free(servers);
    cpus_choose(&run->cpus);
    if (run->catalogue.count == 0) {
        say("there is no model to measure");
        return false;
    }
    if (!choose_sentinel(run, options) || !choose_twin(run, options))
        return false;
    return draw_plan(run, options);
}

void run_finish(struct run *run)
{
    plan_finish(&run->plan);
    catalogue_finish(&run->catalogue);
    json_decref(run->command);
    free(run->wrk);
    free(run->gnuplot);
    free(run->hyperfine);
    free(run->script);
    free(run->folder);
}

static bool is_same(const json_t *recorded, const json_t *now, const char *what)
{
    if (json_equal(recorded, now))
        return true;
    say("cannot go on with that run: %s changed since", what);
    return false;
}

bool run_can_resume(const struct run *run, const json_t *manifest)
{
    json_t *now = host_manifest(run);
    const json_t *machine = json_object_get(manifest, "machine");
    bool same =
        is_same(json_object_get(manifest, "plan"), json_object_get(now, "plan"), "the plan") &&
        is_same(json_object_get(manifest, "binaries"), json_object_get(now, "binaries"),
                "an executable that is measured, or wrk,") &&
        is_same(json_object_get(machine, "kernel"),
                json_object_get(json_object_get(now, "machine"), "kernel"), "the kernel");
    json_decref(now);
    return same;
}

uint64_t run_time_ms(const struct run *run)
{
    uint64_t block_ms = 0;
    for (size_t i = 0; i < run->plan.cell_count; i++)
        block_ms += drive_time_ms(&run->plan.cells[i], run->window_ms, run->warm_up_ms);
    return block_ms * run->plan.blocks;
}

struct pace {
    int64_t start_us;
    size_t done, left; /* trials of this session */
};

/* Guesses from what the trials so far took; the plan's own guess for the first. */
static uint64_t seconds_left(const struct run *run, const struct pace *pace)
{
    if (pace->done == 0)
        return run_time_ms(run) * pace->left / plan_trials(&run->plan) / 1000;
    return (uint64_t)(meter_clock_us() - pace->start_us) / pace->done * pace->left / 1000000;
}

static void show_progress(const struct run *run, const struct pace *pace, size_t index)
{
    const struct cell *cell = plan_cell(&run->plan, index);
    uint64_t left = seconds_left(run, pace);
    say_progress("%3zu/%zu  %" PRIu64 ":%02" PRIu64 " left  %s, %s, %u %s", index + 1,
                 plan_trials(&run->plan), left / 60, left % 60,
                 run->catalogue.models[cell->model].name, workload_name(cell->workload),
                 cell->level, workload_unit(cell->workload));
}

/* What makes going on senseless, said once. */
static bool has_means(const struct run *run)
{
    if (access(run->wrk, X_OK) < 0) {
        say("wrk is gone (%s): the run ends here; with wrk back, --resume %s goes on", run->wrk,
            run->folder);
        return false;
    }
    return record_has_room(run->folder);
}

/* One attempt at a trial of the plan. Returns false when the run has to end; what was cut short or
 * could not be written is not in the record. */
static bool run_trial(struct progress *progress, size_t index, size_t *measured)
{
    const struct run *run = progress->run;
    const unsigned attempt = progress->attempts[index] + 1;
    struct trial trial;
    drive_trial(run, index, attempt, &trial);
    if (loop_interrupted() || !has_means(run) || !record_trial(run->folder, &trial))
        return false;
    progress_note(progress, index, &trial);
    *measured += trial.failure[0] == '\0';
    if (trial.spoilt)
        say("trial %zu, %s, %s, %" PRId64 ": %s; %s", index + 1, trial.model, trial.workload,
            trial.level, trial.reason, attempt < run->attempts ? "once more" : "given up");
    else if (trial.failure[0])
        say("trial %zu, %s, %s, %" PRId64 ": %s", index + 1, trial.model, trial.workload,
            trial.level, trial.failure);
    return true;
}

/* What was spoilt comes again at the block's end, and once more after that: what spoils one trial
 * spoils the next as well. */
static bool run_block(struct progress *progress, size_t block, struct pace *pace, size_t *measured)
{
    const struct run *run = progress->run;
    const size_t first = block * run->plan.cell_count;
    for (unsigned pass = 0; pass < run->attempts; pass++) {
        bool rested = pass == 0;
        for (size_t i = first; i < first + run->plan.cell_count; i++) {
            if (!progress_is_due(progress, i))
                continue;
            if (!rested)
                loop_pause(CALM_MS);
            rested = true;
            show_progress(run, pace, i);
            if (!run_trial(progress, i, measured))
                return false;
            pace->done++;
            pace->left = progress_left(progress);
        }
    }
    return true;
}

/* Returns whether it came to its end and measured something. */
static bool run_trials(const struct run *run)
{
    struct progress progress;
    size_t measured = 0;
    progress_read(&progress, run);
    struct pace pace = {.start_us = meter_clock_us(), .left = progress_left(&progress)};
    bool resumed_whole = pace.left == 0, going = has_means(run);
    for (size_t block = 0; block < run->plan.blocks && going && !loop_interrupted(); block++)
        going = run_block(&progress, block, &pace, &measured);
    say_progress_end();
    progress_finish(&progress);
    return going && (measured > 0 || resumed_whole);
}

/* Not of peers: what is timed prints a ready line with a port of its own choice. */
static void time_start_up(const struct run *run)
{
    struct run ours = *run;
    ours.catalogue.count -= ours.catalogue.peers + ours.catalogue.twins; /* they stand last */
    cold_run(&ours);
}

bool run_measure(const struct run *run, bool resumed)
{
    if (!cpus_pin(run->cpus.server) || !cpus_pin(run->cpus.load))
        say_and_exit("cannot run on CPUs %s and %s", run->cpus.server, run->cpus.load);
    cgroup_init();
    if (!resumed) {
        json_t *manifest = host_manifest(run);
        json_object_set_new(manifest, "fitness", fitness_to_json(manifest, &run->cpus));
        record_manifest(run->folder, manifest);
        json_decref(manifest);
    }
    bool whole = run->wrk && run_trials(run);
    if (run->hyperfine && !loop_interrupted() && (whole || !run->wrk))
        time_start_up(run);
    cgroup_finish();
    return whole;
}
