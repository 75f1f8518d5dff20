/* SPDX-License-Identifier: MIT */
#include "bench/run/cold.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/machine/cgroup.h"
#include "bench/base/child.h"
#include "bench/machine/launch.h"
#include "bench/machine/netns.h"
#include "bench/base/places.h"
#include "bench/base/say.h"
#include "bench/base/text.h"

enum { HYPERFINE_LIMIT_MS = 60000 };

static const struct scenario {
    const char *name, *connections, *runs;
} scenarios[] = {
    {"start-up", "1", "--runs=20"},
    {"500-connections", "500", "--runs=10"},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static char *raw_path(const char *folder, const char *scenario, const char *model)
{
    return text_format("%s/raw/cold-%s-%s.json", folder, scenario, model);
}

/* Only single CPUs here: the first of each list. */
static bool time_one(const struct run *run, const struct scenario *scenario,
                     const struct model *model, const char *helper)
{
    struct child child;
    char *path = raw_path(run->folder, scenario->name, model->name);
    char *json = text_format("--export-json=%s", path);
    char *line =
        text_format("'%s' '%s' %ld %ld %s", helper, model->path, strtol(run->cpus.server, NULL, 10),
                    strtol(run->cpus.load, NULL, 10), scenario->connections);
    char *command[] = {run->hyperfine,         "--shell=none", "--style=none", "--warmup=2",
                       (char *)scenario->runs, json,           line,           NULL};
    char *group = cgroup_make("cold");
    char **launched = launch_command(group, run->cpus.load, 0, command);
    netns_renew();
    bool done = child_start(&child, launched) == 0 &&
                child_wait_exit(&child, HYPERFINE_LIMIT_MS, LOOP_INTERRUPTIBLE) &&
                child.exit_status == 0;
    if (!done && !loop_interrupted())
        say("hyperfine could not time %s (%s): %.*s", model->name, scenario->name,
            (int)strcspn(child.errors.at, "\n"), child.errors.at);
    child_finish(&child);
    cgroup_remove(group);
    free(launched);
    free(line);
    free(json);
    free(path);
    return done;
}

static size_t *random_order(size_t count, uint64_t seed)
{
    size_t *order = text_allocate(count, sizeof *order);
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(generator, seed);
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    if (count > 0)
        gsl_ran_shuffle(generator, order, count, sizeof *order);
    gsl_rng_free(generator);
    return order;
}

/* By the run that this one resumes. */
static bool is_timed(const struct run *run, const struct scenario *scenario,
                     const struct model *model)
{
    char *path = raw_path(run->folder, scenario->name, model->name);
    json_t *file = json_load_file(path, 0, NULL);
    bool timed = json_object_get(file, "results");
    json_decref(file);
    free(path);
    return timed;
}

void cold_run(const struct run *run)
{
    size_t count = SCENARIOS * run->catalogue.count;
    size_t *order = random_order(count, run->seed);
    char *helper = places_program("c10kit-textbook");
    for (size_t i = 0; i < count && !loop_interrupted(); i++) {
        const struct scenario *scenario = &scenarios[order[i] % SCENARIOS];
        const struct model *model = &run->catalogue.models[order[i] / SCENARIOS];
        if (is_timed(run, scenario, model))
            continue;
        say_progress("%2zu/%zu  hyperfine: %s, %s", i + 1, count, model->name, scenario->name);
        time_one(run, scenario, model, helper);
    }
    say_progress_end();
    free(helper);
    free(order);
}

static void write_statistics(FILE *csv, const json_t *times)
{
    size_t n = json_array_size(times);
    double *sorted = text_allocate(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = 1e6 * json_number_value(json_array_get(times, i));
    gsl_sort(sorted, 1, n);
    fprintf(csv, ",%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f\n", gsl_stats_mean(sorted, 1, n),
            gsl_stats_sd(sorted, 1, n), sorted[0],
            gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.25),
            gsl_stats_median_from_sorted_data(sorted, 1, n),
            gsl_stats_quantile_from_sorted_data(sorted, 1, n, 0.75), sorted[n - 1]);
    free(sorted);
}

static bool write_row(FILE *csv, const char *folder, const char *scenario, const char *model)
{
    char *path = raw_path(folder, scenario, model);
    json_t *file = json_load_file(path, 0, NULL);
    const json_t *result = json_array_get(json_object_get(file, "results"), 0);
    const json_t *times = json_object_get(result, "times");
    bool found = json_array_size(times) > 1;
    if (found) {
        fprintf(csv, "%s,%s,%zu", scenario, model, json_array_size(times));
        write_statistics(csv, times);
    }
    json_decref(file);
    free(path);
    return found;
}

bool cold_summarise(const char *folder, const json_t *models)
{
    char *path = text_format("%s/cold.csv", folder);
    FILE *csv = fopen(path, "we");
    size_t rows = 0;
    if (csv) {
        fputs("scenario,model,runs,mean_us,stddev_us,min_us,quartile_1_us,"
              "median_us,quartile_3_us,max_us\n",
              csv);
        for (size_t scenario = 0; scenario < SCENARIOS; scenario++)
            for (size_t i = 0; i < json_array_size(models); i++)
                rows += write_row(
                    csv, folder, scenarios[scenario].name,
                    json_string_value(json_object_get(json_array_get(models, i), "name")));
        if (ferror(csv) | fclose(csv))
            say_and_exit("cannot write %s: %s", path, strerror(errno));
    }
    if (rows == 0)
        unlink(path);
    free(path);
    return rows > 0;
}
