/* SPDX-License-Identifier: MIT */
#include "bench/show/extract.h"

#include <glob.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/run/host.h"
#include "bench/show/level.h"
#include "bench/run/mode.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/machine/cpus.h"
#include "bench/show/knobs.h"
#include "bench/record/workload.h"

char *extract_name(const char *folder)
{
    char *path = realpath(folder, NULL);
    const char *whole = path ? path : folder;
    const char *last = strrchr(whole, '/');
    char *name = text_copy(last && last[1] ? last + 1 : whole);
    free(path);
    return name;
}

bool extract_has_cold(const char *folder)
{
    char *path = text_format("%s/cold.csv", folder);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* " OPTION A,B,C", of the models for which `wanted` holds; nothing when there is none. */
static void put_models(FILE *out, const json_t *models, const char *option,
                       bool (*wanted)(const json_t *))
{
    size_t put = 0;
    for (size_t i = 0; i < json_array_size(models); i++) {
        const json_t *model = json_array_get(models, i);
        if (!wanted(model))
            continue;
        if (put++ == 0)
            fprintf(out, " %s ", option);
        fprintf(out, "%s%s", put > 1 ? "," : "", text_of(model, "name"));
    }
}

static bool is_twin(const json_t *model)
{
    return *text_of(model, "twin_of") != '\0';
}

static bool is_peer(const json_t *model)
{
    return strcmp(text_of(model, "family"), "peer") == 0 && !is_twin(model);
}

static bool is_ours(const json_t *model)
{
    return !is_peer(model) && !is_twin(model);
}

static bool is_first(const json_t *cells, size_t index, const char *name)
{
    const json_t *value = json_object_get(json_array_get(cells, index), name);
    for (size_t i = 0; i < index; i++)
        if (json_equal(json_object_get(json_array_get(cells, i), name), value))
            return false;
    return true;
}

/* " OPTION A,B": the plan's distinct values of that member. */
static void put_distinct(FILE *out, const json_t *cells, const char *option, const char *name)
{
    for (size_t i = 0; i < json_array_size(cells); i++) {
        const json_t *value = json_object_get(json_array_get(cells, i), name);
        if (!is_first(cells, i, name))
            continue;
        if (i == 0)
            fprintf(out, " %s ", option);
        fputs(i ? "," : "", out);
        if (json_is_string(value))
            fputs(json_string_value(value), out);
        else
            fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
}

static void put_text(FILE *out, const json_t *plan, const char *option, const char *name)
{
    const char *text = text_of(plan, name);
    if (*text)
        fprintf(out, " %s %s", option, text);
}

static void put_seconds(FILE *out, const json_t *plan, const char *option, const char *name)
{
    const json_t *us = json_object_get(plan, name);
    if (us)
        fprintf(out, " %s %g", option, (double)json_integer_value(us) / 1e6);
}

static void put_whole(FILE *out, const json_t *plan, const char *option, const char *name)
{
    const json_t *number = json_object_get(plan, name);
    if (number)
        fprintf(out, " %s %" JSON_INTEGER_FORMAT, option, json_integer_value(number));
}

/* A mode may bring a twin that was not wanted: then that has to be said. */
static void put_twin(FILE *out, const json_t *models, const json_t *plan)
{
    for (size_t i = 0; i < json_array_size(models); i++)
        if (is_twin(json_array_get(models, i))) {
            put_text(out, json_array_get(models, i), "--twin", "twin_of");
            return;
        }
    if (*text_of(plan, "mode"))
        fputs(" --twin none", out);
}

static bool has_level(const json_t *cells, const char *workload, int64_t level)
{
    for (size_t i = 0; i < json_array_size(cells); i++)
        if (json_integer_value(json_object_get(json_array_get(cells, i), "level")) == level &&
            strcmp(text_of(json_array_get(cells, i), "workload"), workload) == 0)
            return true;
    return false;
}

static bool is_among(const struct workload_levels *levels, int64_t level)
{
    for (size_t i = 0; i < levels->count; i++)
        if (levels->of[i] == level)
            return true;
    return false;
}

/* Those that the machine, or the model, has: what it lacks nobody asks for. */
static bool is_to_be_expected(const json_t *plan, enum workload workload, unsigned level)
{
    const char *cpus = text_of(plan, "scaling_server_cpus");
    return workload != WORKLOAD_KNOB && (workload != WORKLOAD_SCALING || level <= cpus_count(cpus));
}

static bool is_all_cpus(const json_t *plan, enum workload workload, int64_t level)
{
    return workload == WORKLOAD_SCALING &&
           level == (int64_t)cpus_count(text_of(plan, "scaling_server_cpus"));
}

/* Each workload has the levels that the mode gives it: those need not, and where workloads have
 * different ones cannot, be named. */
static bool has_usual_levels(const json_t *plan)
{
    const json_t *cells = json_object_get(plan, "cells");
    const struct mode *mode = mode_find(text_of(plan, "mode"));
    bool usual = mode && json_array_size(cells) > 0;
    for (size_t i = 0; usual && i < json_array_size(cells); i++) {
        const json_t *cell = json_array_get(cells, i);
        enum workload workload = workload_find(text_of(cell, "workload"));
        if (workload == WORKLOAD_COUNT)
            return false;
        const struct workload_levels *levels = mode_levels(mode, workload);
        int64_t level = json_integer_value(json_object_get(cell, "level"));
        usual = is_among(levels, level) || is_all_cpus(plan, workload, level);
        for (size_t k = 0; k < levels->count; k++)
            usual = usual && (!is_to_be_expected(plan, workload, levels->of[k]) ||
                              has_level(cells, workload_name(workload), levels->of[k]));
    }
    return usual;
}

static bool has_workload(const json_t *plan, enum workload workload)
{
    const json_t *cells = json_object_get(plan, "cells");
    for (size_t i = 0; i < json_array_size(cells); i++)
        if (strcmp(text_of(json_array_get(cells, i), "workload"), workload_name(workload)) == 0)
            return true;
    return false;
}

/* Named, the CPUs are those of scaling too: so not where that had others. */
static void put_cpus(FILE *out, const json_t *plan, const char *option, const char *name,
                     const char *name_in_scaling)
{
    if (!has_workload(plan, WORKLOAD_SCALING) ||
        strcmp(text_of(plan, name), text_of(plan, name_in_scaling)) == 0)
        put_text(out, plan, option, name);
}

char *extract_command(const json_t *manifest, bool cold)
{
    const json_t *plan = json_object_get(manifest, "plan");
    const json_t *models = json_object_get(manifest, "models");
    const json_t *cells = json_object_get(plan, "cells");
    char *command;
    size_t size;
    FILE *out = open_memstream(&command, &size);
    if (!out)
        say_and_exit("out of memory");
    fputs("c10kit run", out);
    if (*text_of(plan, "mode"))
        fprintf(out, " %s", text_of(plan, "mode"));
    put_models(out, models, "--models", is_ours);
    put_models(out, models, "--peers", is_peer);
    put_distinct(out, cells, "--workloads", "workload");
    if (!has_usual_levels(plan))
        put_distinct(out, cells, "--levels", "level");
    put_whole(out, plan, "--blocks", "blocks");
    put_seconds(out, plan, "--time", "window_us");
    put_seconds(out, plan, "--warm-up", "warm_up_us");
    put_cpus(out, plan, "--server-cpus", "server_cpus", "scaling_server_cpus");
    put_cpus(out, plan, "--load-cpus", "load_cpus", "scaling_load_cpus");
    put_text(out, plan, "--sentinel", "sentinel");
    put_twin(out, models, plan);
    put_whole(out, plan, "--seed", "seed");
    if (!cold)
        fputs(" --no-cold", out);
    if (fclose(out))
        say_and_exit("out of memory");
    return command;
}

static json_t *real(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

static json_t *whole(int64_t number)
{
    return number == TRIAL_UNKNOWN ? json_null() : json_integer(number);
}

/* Of a peer its program and version say enough; what it was configured with is long. */
static json_t *shorter_manifest(const json_t *manifest)
{
    static const char *const long_members[] = {"order", "cells", "padding"};
    json_t *copy = json_deep_copy(manifest);
    json_t *models = json_object_get(copy, "models");
    for (size_t i = 0; i < sizeof long_members / sizeof *long_members; i++)
        json_object_del(json_object_get(copy, "plan"), long_members[i]);
    for (size_t i = 0; i < json_array_size(models); i++) {
        json_t *peer = json_object_get(json_array_get(models, i), "peer");
        json_object_del(peer, "templates");
        json_object_del(peer, "description");
    }
    return copy;
}

static json_t *metric_names(void)
{
    json_t *names = json_array();
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        json_array_append_new(names, json_string(metric_name((enum metric)metric)));
    return names;
}

static json_t *cell_metrics(const struct summary_cell *cell)
{
    json_t *object = json_object();
    for (int metric = 0; metric < METRIC_COUNT; metric++) {
        const struct estimate *estimate = &cell->metrics[metric];
        json_object_set_new(object, metric_name((enum metric)metric),
                            json_pack("[o, o, o, o]", real(estimate->mean), real(estimate->low),
                                      real(estimate->high), real(estimate->median)));
    }
    return object;
}

static json_t *cells_of(const struct summary *summary)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        json_array_append_new(cells, json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:b, s:s, s:s, s:o}",
                                               "model", cell->model, "workload", cell->workload,
                                               "level", (json_int_t)cell->level, "setting",
                                               cell->setting, "trials", (json_int_t)cell->trials,
                                               "valid_trials", (json_int_t)cell->valid_trials,
                                               "valid", summary_is_valid(cell), "reason",
                                               cell->reason, "limited_by", summary_limited_by(cell),
                                               "metrics", cell_metrics(cell)));
    }
    return cells;
}

static json_t *level_names(const struct summary *summary, const char *workload)
{
    json_t *names = json_object();
    for (size_t i = 0; i < summary->count; i++) {
        if (strcmp(summary->cells[i].workload, workload) != 0)
            continue;
        char *level = text_format("%" PRId64, summary->cells[i].level);
        char *name = level_name(workload, summary->cells[i].level);
        json_object_set_new(names, level, json_string(name));
        free(name);
        free(level);
    }
    return names;
}

/* In the order of the table in workload.c. */
static json_t *workloads_of(const struct summary *summary)
{
    enum { BUSY_LEVEL = 64 };
    json_t *workloads = json_array();
    for (int i = 0; i < WORKLOAD_COUNT; i++) {
        const char *name = workload_name((enum workload)i);
        const struct workload_facts *facts = workload_facts((enum workload)i);
        if (!summary_has(summary, name))
            continue;
        json_array_append_new(workloads,
                              json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:I, s:o}", "name", name,
                                        "about", facts->about, "unit", level_unit(name), "word",
                                        level_word(name), "named",
                                        facts->unit == LEVEL_CLIENT || facts->unit == LEVEL_SETTING,
                                        "open_loop", facts->open_loop, "telling",
                                        (json_int_t)level_telling(name, summary, BUSY_LEVEL),
                                        "levels", level_names(summary, name)));
    }
    return workloads;
}

static json_t *contestants_of(const struct contest *contest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < contest->count; i++) {
        const struct contestant *one = &contest->contestants[i];
        json_array_append_new(list, json_pack("{s:s, s:o, s:b, s:s, s:I, s:I, s:s}", "model",
                                              one->cell->model, "mean", real(one->mean), "bound",
                                              one->bound, "reason", one->reason, "first",
                                              (json_int_t)one->rank.first, "last",
                                              (json_int_t)one->rank.last, "letters",
                                              one->letters ? one->letters : ""));
    }
    return list;
}

static json_t *pairs_of(const struct contest *contest)
{
    json_t *list = json_array();
    for (size_t i = 0; i < pairs_count(contest->compared); i++) {
        const struct pair *pair = &contest->pairs[i];
        json_t *needed =
            pair->blocks_needed ? json_integer((json_int_t)pair->blocks_needed) : json_null();
        json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "a",
                                              contest->contestants[pair->a].cell->model, "b",
                                              contest->contestants[pair->b].cell->model, "ratio",
                                              real(pair->ratio), "low", real(pair->low), "high",
                                              real(pair->high), "p_holm", real(pair->p_holm),
                                              "verdict", pairs_verdict_name(pair->verdict),
                                              "blocks_needed", needed));
    }
    return list;
}

static json_t *contests_of(const struct ranking *ranking)
{
    json_t *contests = json_array();
    for (size_t i = 0; i < ranking->count; i++) {
        const struct contest *contest = &ranking->contests[i];
        json_t *twin_of = contest->twin_of ? json_string(contest->twin_of) : json_null();
        json_array_append_new(
            contests,
            json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:b, s:o, s:o, s:o, s:o, s:o}", "workload",
                      contest->workload, "level", (json_int_t)contest->level, "metric",
                      metric_name(contest->metric), "blocks", (json_int_t)contest->blocks,
                      "blocks_needed", (json_int_t)contest->blocks_needed, "compared",
                      (json_int_t)contest->compared, "ranked", rank_is_ranked(contest), "threshold",
                      real(contest->threshold), "resolution", real(rank_resolution(contest)),
                      "twin_of", twin_of, "contestants", contestants_of(contest), "pairs",
                      pairs_of(contest)));
    }
    return contests;
}

static json_t *trial_row(const struct trial *trial, const struct histogram *latency)
{
    json_t *row =
        json_pack("[o, o, o, s, s, o, o, o, b, s]", whole(trial->number), whole(trial->attempt),
                  whole(trial->block), trial->model, trial->workload, whole(trial->level),
                  whole(trial->valid), whole(trial->spoilt), trial->replaced,
                  trial->failure[0] ? trial->failure : trial->reason);
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        json_array_append_new(row, trial->failure[0]
                                       ? json_null()
                                       : real(metric_of((enum metric)metric, trial, latency)));
    return row;
}

static json_t *trials_of(const struct record *record)
{
    json_t *names = metric_names(), *rows = json_array();
    json_t *columns =
        json_pack("[s, s, s, s, s, s, s, s, s, s]", "number", "attempt", "block", "model",
                  "workload", "level", "valid", "spoilt", "replaced", "reason");
    json_array_extend(columns, names);
    json_decref(names);
    for (size_t i = 0; i < record->count; i++)
        json_array_append_new(rows, trial_row(&record->trials[i], &record->histograms[i]));
    return json_pack("{s:o, s:o}", "columns", columns, "rows", rows);
}

static json_t *warnings_of(const struct warnings *warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < warnings->count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:s}", "kind", warning_name(warnings->all[i].kind), "text",
                            warnings->all[i].text, "advice", warnings->all[i].advice));
    return list;
}

static json_t *charts_of(const char *folder)
{
    json_t *charts = json_array();
    glob_t found;
    char *pattern = text_format("%s/charts/*.svg", folder);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *file = strrchr(found.gl_pathv[i], '/') + 1;
            char *svg = text_read(found.gl_pathv[i]);
            json_t *chart = svg ? json_pack("{s:s#, s:s}", "name", file,
                                            (int)(strlen(file) - strlen(".svg")), "svg", svg)
                                : NULL;
            if (chart)
                json_array_append_new(charts, chart);
            free(svg);
        }
    globfree(&found);
    free(pattern);
    return charts;
}

json_t *extract_run(const char *folder, const struct record *record, const struct summary *summary,
                    const struct ranking *ranking, const struct knob_table *knobs,
                    const struct warnings *warnings)
{
    char *name = extract_name(folder), *machine = host_one_line(record->manifest);
    char *command = extract_command(record->manifest, extract_has_cold(folder));
    json_t *run = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", name, "machine",
        machine, "command", command, "manifest", shorter_manifest(record->manifest), "metrics",
        metric_names(), "workloads", workloads_of(summary), "cells", cells_of(summary), "contests",
        contests_of(ranking), "trials", trials_of(record), "knobs", knobs_to_json(knobs),
        "warnings", warnings_of(warnings), "charts", charts_of(folder));
    free(command);
    free(machine);
    free(name);
    return run;
}
