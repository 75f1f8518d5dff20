/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/base/loop.h"
#include "bench/record/record.h"
#include "bench/show/report.h"
#include "bench/run/run.h"
#include "bench/base/say.h"
#include "bench/base/text.h"

enum { SPARE_DESCRIPTORS = 64 };

/* wrk and the servers inherit the limit; each needs a descriptor per connection. */
static void raise_descriptor_limit(const struct run *run)
{
    struct rlimit limit;
    unsigned most = 0;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (size_t i = 0; i < run->plan.cell_count; i++) {
        const struct cell *cell = &run->plan.cells[i];
        unsigned sockets = workload_sockets(cell->workload, cell->level);
        most = sockets > most ? sockets : most;
    }
    if (limit.rlim_cur < most + SPARE_DESCRIPTORS)
        say("only %" PRIu64 " open files are allowed: levels beyond will fail (ulimit -Hn)",
            (uint64_t)limit.rlim_cur);
}

static void print_schedule(const struct run *run)
{
    size_t trials = plan_trials(&run->plan);
    for (size_t i = 0; i < trials; i++) {
        const struct cell *cell = plan_cell(&run->plan, i);
        printf("%4zu  block %zu  %-14s %-10s %5u\n", i + 1, i / run->plan.cell_count + 1,
               run->catalogue.models[cell->model].name, workload_name(cell->workload), cell->level);
    }
    uint64_t seconds = run_time_ms(run) / 1000;
    printf("%s: %u blocks of %zu cells, %zu trials, seed %" PRIu64 ", sentinel %s; about %" PRIu64
           " min %02" PRIu64 " s\n",
           run->mode->name, run->plan.blocks, run->plan.cell_count, trials, run->seed,
           run->catalogue.models[run->sentinel].name, seconds / 60, seconds % 60);
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

static int measure(const struct run *run, bool resumed)
{
    raise_descriptor_limit(run);
    bool whole = run_measure(run, resumed);
    if (loop_interrupted())
        say("interrupted: what was measured so far is kept; --resume %s goes on", run->folder);
    bool made = record_has_room(run->folder) && report_make(run->folder);
    if (loop_interrupted())
        return EXIT_INTERRUPTED;
    return made && whole ? 0 : 1;
}

static int start(const struct run_options *options, const json_t *command)
{
    struct run run;
    int status = 1;
    if (run_settle(&run, options, command)) {
        status = 0;
        if (options->dry_run) {
            print_schedule(&run);
        } else {
            tell_what_is_missing(&run, options->no_cold);
            record_create(run.folder);
            record_lock(run.folder);
            status = measure(&run, false);
        }
    }
    run_finish(&run);
    return status;
}

/* The recorded words, as main() would have got them; the caller's to free, with each word. */
static char **words_of(const json_t *command)
{
    char **words = text_allocate(json_array_size(command) + 1, sizeof *words);
    for (size_t i = 0; i < json_array_size(command); i++)
        words[i] = text_copy(json_string_value(json_array_get(command, i)));
    return words;
}

/* What was asked for is taken from the record, but for where record and servers are now. */
static int resume(const struct run_options *asked)
{
    struct record record;
    struct run_options options;
    struct run run;
    int status = 1;
    record_mend(asked->resume);
    bool there = record_read(&record, asked->resume);
    const json_t *command = json_object_get(record.manifest, "command");
    if (!there || json_array_size(command) == 0) {
        say("%s holds no run to go on with: no manifest.json that can be read", asked->resume);
        record_finish(&record);
        return 1;
    }
    record_lock(asked->resume);
    char **words = words_of(command);
    run_options_parse(&options, (int)json_array_size(command), words);
    options.output = asked->resume;
    if (asked->servers)
        options.servers = asked->servers;
    options.seed = (uint64_t)json_integer_value(
        json_object_get(json_object_get(record.manifest, "plan"), "seed"));
    if (run_settle(&run, &options, command) && run_can_resume(&run, record.manifest))
        status = measure(&run, true);
    run_finish(&run);
    record_finish(&record);
    for (char **word = words; *word; word++)
        free(*word);
    free(words);
    return status;
}

int run_verb(int argc, char **argv)
{
    struct run_options options;
    json_t *command = json_array(); /* before the words are taken apart */
    for (int i = 0; i < argc; i++)
        json_array_append_new(command, json_string(argv[i]));
    run_options_parse(&options, argc, argv);
    loop_init();
    int status = options.resume ? resume(&options) : start(&options, command);
    json_decref(command);
    return status;
}
