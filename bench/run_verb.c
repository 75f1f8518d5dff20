/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/cgroup.h"
#include "bench/chart.h"
#include "bench/cold.h"
#include "bench/drive.h"
#include "bench/host.h"
#include "bench/loop.h"
#include "bench/meter.h"
#include "bench/places.h"
#include "bench/record.h"
#include "bench/report.h"
#include "bench/run_options.h"
#include "bench/say.h"
#include "bench/text.h"
#include "bench/wrk.h"

enum { SPARE_DESCRIPTORS = 64 };

static char *default_folder(void)
{
    char name[64];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(name, sizeof name, "results/run-%Y%m%d-%H%M%S", &local);
    return text_copy(name);
}

/* wrk and the servers inherit the limit; each needs a descriptor per connection. */
static void raise_descriptor_limit(const struct run_options *options)
{
    struct rlimit limit;
    unsigned most = 0;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (size_t i = 0; i < options->level_count; i++)
        most = options->levels[i] > most ? options->levels[i] : most;
    if (limit.rlim_cur < most + SPARE_DESCRIPTORS)
        say("only %" PRIu64 " open files are allowed: levels beyond will fail (ulimit -Hn)",
            (uint64_t)limit.rlim_cur);
}

static void settle(struct run *run, const struct run_options *options)
{
    char *servers = options->servers ? text_copy(options->servers) : places_servers();
    *run = (struct run){.cpus = options->cpus,
                        .wrk = wrk_find(),
                        .gnuplot = chart_find_tool(),
                        .hyperfine = options->no_cold ? NULL : text_find_program("hyperfine"),
                        .script = wrk_find_script(),
                        .folder = options->output ? text_copy(options->output) : default_folder(),
                        .window_ms = options->window_ms,
                        .warm_up_ms = options->warm_up_ms,
                        .seed = options->seed};
    catalogue_read(&run->catalogue, servers, options->models);
    if (options->peers)
        catalogue_add_peers(&run->catalogue, options->peers);
    plan_init(&run->plan, run->catalogue.count, options->workloads, options->workload_count,
              options->levels, options->level_count);
    plan_shuffle(&run->plan, options->blocks, options->seed);
    cpus_choose(&run->cpus);
    free(servers);
}

static void unsettle(struct run *run)
{
    plan_finish(&run->plan);
    catalogue_finish(&run->catalogue);
    free(run->wrk);
    free(run->gnuplot);
    free(run->hyperfine);
    free(run->script);
    free(run->folder);
}

static void print_schedule(const struct run *run)
{
    size_t trials = plan_trials(&run->plan);
    for (size_t i = 0; i < trials; i++) {
        const struct cell *cell = plan_cell(&run->plan, i);
        printf("%4zu  block %zu  %-14s %-10s %5u\n", i + 1, i / run->plan.cell_count + 1,
               run->catalogue.models[cell->model].name, workload_name(cell->workload), cell->level);
    }
    uint64_t seconds = plan_time_ms(trials, run->window_ms, run->warm_up_ms) / 1000;
    printf("%zu trials, seed %" PRIu64 ", about %" PRIu64 " min %02" PRIu64 " s\n", trials,
           run->seed, seconds / 60, seconds % 60);
}

static void tell_what_is_missing(const struct run *run, bool no_cold)
{
    if (!run->wrk)
        say("wrk is not installed: nothing can be measured under load");
    if (!run->hyperfine && !no_cold)
        say("hyperfine is not installed: no start-up times, no textbook table");
    if (!run->gnuplot)
        say("gnuplot is not installed: no charts");
    if (run->cpus.shared)
        say("server and load share CPU %s: they slow each other, so compare nothing here with "
            "other machines",
            run->cpus.server);
}

/* Guesses from what the trials so far took; the plan's own guess for the first. */
static uint64_t seconds_left(const struct run *run, size_t done, int64_t start_us)
{
    size_t left = plan_trials(&run->plan) - done;
    if (done == 0)
        return plan_time_ms(left, run->window_ms, run->warm_up_ms) / 1000;
    return (uint64_t)(meter_clock_us() - start_us) / done * left / 1000000;
}

/* Returns how many could be measured. */
static size_t run_trials(const struct run *run)
{
    size_t trials = plan_trials(&run->plan), measured = 0;
    int64_t start_us = meter_clock_us();
    for (size_t i = 0; i < trials && !loop_interrupted(); i++) {
        const struct cell *cell = plan_cell(&run->plan, i);
        uint64_t left = seconds_left(run, i, start_us);
        say_progress("%3zu/%zu  %" PRIu64 ":%02" PRIu64 " left  %s, %s, %u connections", i + 1,
                     trials, left / 60, left % 60, run->catalogue.models[cell->model].name,
                     workload_name(cell->workload), cell->level);
        struct trial trial;
        drive_trial(run, i, &trial);
        if (loop_interrupted())
            break; /* a trial that was cut short says nothing of its cell */
        record_trial(run->folder, &trial);
        measured += trial.failure[0] == '\0';
        if (trial.failure[0])
            say("trial %zu, %s, %s, %u connections: %s", i + 1, trial.model, trial.workload,
                cell->level, trial.failure);
    }
    say_progress_end();
    return measured;
}

/* Not of peers: what is timed prints a ready line with a port of its own choice. */
static void time_start_up(const struct run *run)
{
    struct run ours = *run;
    ours.catalogue.count -= ours.catalogue.peers;
    cold_run(&ours);
}

static int measure(const struct run *run)
{
    if (!cpus_pin(run->cpus.server) || !cpus_pin(run->cpus.load))
        say_and_exit("cannot run on CPUs %s and %s", run->cpus.server, run->cpus.load);
    cgroup_init();
    record_create(run->folder);
    json_t *manifest = host_manifest(run);
    record_manifest(run->folder, manifest);
    json_decref(manifest);
    size_t measured = run->wrk ? run_trials(run) : 0;
    if (run->hyperfine && !loop_interrupted())
        time_start_up(run);
    cgroup_finish();
    if (loop_interrupted())
        say("interrupted: what was measured so far is kept");
    bool made = report_make(run->folder);
    if (loop_interrupted())
        return EXIT_INTERRUPTED;
    return made && measured > 0 ? 0 : 1;
}

int run_verb(int argc, char **argv)
{
    struct run_options options;
    struct run run;
    int status = 0;
    run_options_parse(&options, argc, argv);
    loop_init();
    settle(&run, &options);
    if (run.catalogue.count == 0) {
        say("there is no model to measure");
        status = 1;
    } else if (options.dry_run) {
        print_schedule(&run);
    } else {
        tell_what_is_missing(&run, options.no_cold);
        raise_descriptor_limit(&options);
        status = measure(&run);
    }
    unsettle(&run);
    return status;
}
