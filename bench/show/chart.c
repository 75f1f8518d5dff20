/* SPDX-License-Identifier: MIT */
#include "bench/show/chart.h"

#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/machine/cpus.h"
#include "bench/run/host.h"
#include "bench/show/level.h"
#include "bench/show/panels.h"
#include "bench/base/places.h"
#include "bench/base/say.h"
#include "bench/show/standings.h"
#include "bench/show/tables.h"
#include "bench/base/text.h"
#include "bench/record/workload.h"

enum { DRAW_LIMIT_MS = 60000, SCRIPTS_LIMIT = 8 };

const char chart_tool[] = "gnuplot";

/* What is drawn of a workload, beside its pairs and ranks: only what its level says something
 * about, and what is measured under it. */
static const char *const drawings[WORKLOAD_COUNT][SCRIPTS_LIMIT] = {
    [WORKLOAD_KEEP_ALIVE] = {"throughput.gp", "latency.gp", "cpu.gp", "load-cpu.gp",
                             "distribution.gp", "memory.gp", "fairness.gp"},
    [WORKLOAD_CHURN] = {"throughput.gp", "latency.gp", "cpu.gp", "load-cpu.gp", "distribution.gp",
                        "memory.gp"},
    [WORKLOAD_PEAK] = {"throughput.gp", "latency.gp", "cpu.gp", "distribution.gp", "fairness.gp"},
    [WORKLOAD_PIPELINED] = {"pipelined.gp", "latency.gp", "cpu.gp"},
    [WORKLOAD_LATENCY_RATE] = {"latency-rate.gp", "percentiles.gp", "cpu.gp"},
    [WORKLOAD_LATENCY_SHARE] = {"latency-share.gp", "distribution.gp"},
    [WORKLOAD_CAPACITY] = {"capacity.gp"},
    [WORKLOAD_IDLE] = {"idle.gp", "latency.gp"},
    [WORKLOAD_MEMORY] = {"connection-memory.gp"},
    [WORKLOAD_ECHO] = {"echo.gp", "latency.gp", "cpu.gp"},
    [WORKLOAD_MIXED] = {"mixed.gp", "fairness.gp"},
    [WORKLOAD_SYSCALLS] = {"syscalls.gp"},
    [WORKLOAD_SCALING] = {"scaling.gp", "latency.gp", "fairness.gp"},
    [WORKLOAD_KNOB] = {"knob.gp"},
};
static const char *const pairs_scripts[] = {"pairs.gp", NULL};
static const char *const ranking_scripts[] = {"ranking.gp", NULL};
static const char *const cold_scripts[] = {"cold.gp", NULL};
static const char *const forms[] = {"svg", "png"};

char *chart_find_tool(void)
{
    return text_find_program(chart_tool);
}

/* A string as gnuplot's double quotes want it. */
static char *quoted(const char *text)
{
    char *result = text_allocate(2 * strlen(text) + 3, 1);
    char *to = result;
    *to++ = '"';
    for (; *text; text++) {
        if (*text == '\n' || *text == '"' || *text == '\\')
            *to++ = '\\';
        *to++ = *text == '\n' ? 'n' : *text;
    }
    *to++ = '"';
    *to = '\0';
    return result;
}

char *chart_assign(char *variables, const char *name, const char *value)
{
    char *literal = quoted(value);
    char *longer = text_format("%s%s = %s; ", variables, name, literal);
    free(literal);
    free(variables);
    return longer;
}

static char *models_of(const json_t *manifest, bool slots)
{
    const json_t *models = json_object_get(manifest, "models");
    char *words = text_copy("");
    for (size_t i = 0; i < json_array_size(models); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(models, i), "name"));
        if (!tables_is_drawn(name))
            continue;
        char *longer = slots ? text_format("%s%zu ", words, tables_slot(name))
                             : text_format("%s%s ", words, name);
        free(words);
        words = longer;
    }
    return words;
}

/* The lowest of the workload that is above `last`; INT64_MAX: there is none. */
static int64_t next_level(const struct summary *summary, const char *workload, int64_t last)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (strcmp(cell->workload, workload) == 0 && cell->level > last && cell->level < next)
            next = cell->level;
    }
    return next;
}

/* Numbers, or what they are called. */
static char *levels_of(const struct summary *summary, const char *workload, bool named)
{
    char *words = text_copy("");
    for (int64_t level = next_level(summary, workload, -1); level != INT64_MAX;
         level = next_level(summary, workload, level)) {
        char *name = named ? level_name(workload, level) : text_format("%" PRId64, level);
        char *longer = text_format("%s%s ", words, name);
        free(name);
        free(words);
        words = longer;
    }
    return words;
}

static const char *cpus_of(const json_t *manifest, const char *whose)
{
    const char *list = json_string_value(json_object_get(json_object_get(manifest, "plan"), whose));
    return list ? list : "?";
}

static char *conditions(const json_t *manifest, const char *cpus)
{
    const json_t *plan = json_object_get(manifest, "plan");
    char *host = host_one_line(manifest);
    char *text = text_format("%s. %s %d blocks, windows of %.2g s.", host, cpus,
                             (int)json_integer_value(json_object_get(plan, "blocks")),
                             (double)json_integer_value(json_object_get(plan, "window_us")) / 1e6);
    free(host);
    return text;
}

static char *usual_conditions(const json_t *manifest)
{
    char *cpus = text_format("Server on CPU %s, load on CPU %s.", cpus_of(manifest, "server_cpus"),
                             cpus_of(manifest, "load_cpus"));
    char *text = conditions(manifest, cpus);
    free(cpus);
    return text;
}

/* Under scaling both have other CPUs, and it matters whether they share them. */
static char *with_footing(char *variables, const json_t *manifest)
{
    const char *server = cpus_of(manifest, "scaling_server_cpus");
    const char *load = cpus_of(manifest, "scaling_load_cpus");
    char *cpus = text_format("Server on the first CPUs of %s.", server);
    char *about = conditions(manifest, cpus);
    char *footing =
        cpus_common(server, load) > 0
            ? text_format("A worker on each. The load runs on CPUs %s at every level, "
                          "so it shares the server's:\nthe footing is the same for "
                          "all levels, and both together have no more than these.",
                          load)
            : text_format("A worker on each. The load runs on CPUs %s, of its own, at every level.",
                          load);
    variables = chart_assign(variables, "conditions", about);
    variables = chart_assign(variables, "footing", footing);
    free(footing);
    free(about);
    free(cpus);
    return variables;
}

static char *common_variables(const char *folder, const json_t *manifest)
{
    char *scripts = places_data("charts");
    char *names = models_of(manifest, false), *slots = models_of(manifest, true);
    char *about = usual_conditions(manifest);
    char *height = text_format("%u", panels_height_px(tables_count_drawn(manifest)));
    char *variables = chart_assign(text_copy(""), "scripts", scripts);
    variables = chart_assign(variables, "folder", folder);
    variables = chart_assign(variables, "names", names);
    variables = chart_assign(variables, "slots", slots);
    variables = chart_assign(variables, "conditions", about);
    variables = chart_assign(variables, "panel_height", height);
    free(height);
    free(about);
    free(slots);
    free(names);
    free(scripts);
    return variables;
}

/* It warns, with status 0, of every series without a point; a model without a hollow mark is one.
 * What made it give up is the last line. */
static void say_last_line(const char *text)
{
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == '\n')
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    say("gnuplot failed: %.*s", (int)(end - start), text + start);
}

static void draw(const char *gnuplot, const char *variables, const char *const *scripts)
{
    struct child child;
    char *paths[SCRIPTS_LIMIT] = {NULL};
    char *command[SCRIPTS_LIMIT + 4] = {(char *)gnuplot, "-e", (char *)variables};
    for (size_t i = 0; scripts[i]; i++) {
        char *name = text_format("charts/%s", scripts[i]);
        command[3 + i] = paths[i] = places_data(name);
        free(name);
    }
    bool done = child_start(&child, command) == 0 &&
                child_wait_exit(&child, DRAW_LIMIT_MS, LOOP_REGARDLESS) && child.exit_status == 0;
    if (!done)
        say_last_line(child.errors.at);
    child_finish(&child);
    for (size_t i = 0; paths[i]; i++)
        free(paths[i]);
}

/* Calls `act`, unless it is NULL, with each chart that is there; returns how many there are. */
static size_t for_charts(const char *folder, int (*act)(const char *path))
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        glob_t found = {0};
        char *pattern = text_format("%s/charts/*.%s", folder, forms[i]);
        if (glob(pattern, 0, NULL, &found) == 0)
            count += found.gl_pathc;
        for (size_t k = 0; act && k < found.gl_pathc; k++)
            act(found.gl_pathv[k]);
        globfree(&found);
        free(pattern);
    }
    return count;
}

static bool has_figure(const struct summary_cell *cell)
{
    for (int metric = 0; metric < METRIC_COUNT; metric++)
        if (!isnan(cell->metrics[metric].mean))
            return true;
    return cell->merged.used > 0;
}

/* Something was measured: a workload whose trials all failed has no chart. */
static bool has_workload(const struct summary *summary, const char *workload)
{
    for (size_t i = 0; i < summary->count; i++)
        if (strcmp(summary->cells[i].workload, workload) == 0 && has_figure(&summary->cells[i]) &&
            tables_is_drawn(summary->cells[i].model))
            return true;
    return false;
}

void chart_run(const char *gnuplot, const char *variables, const char *const *scripts)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *own = chart_assign(text_copy(variables), "form", forms[i]);
        draw(gnuplot, own, scripts);
        free(own);
    }
}

/* What compares models needs two of them, and ranks need blocks enough. */
static void draw_standings(const char *gnuplot, const char *variables,
                           const struct ranking *ranking, const char *workload)
{
    if (standings_has_pairs(ranking, workload))
        chart_run(gnuplot, variables, pairs_scripts);
    if (standings_has_ranks(ranking, workload))
        chart_run(gnuplot, variables, ranking_scripts);
}

/* The metrics of the workload's contests, in their order. */
static char *contested_metrics(const struct ranking *ranking, const char *workload)
{
    char *words = text_copy("");
    for (size_t i = 0; i < ranking->count; i++) {
        const struct contest *contest = &ranking->contests[i];
        const char *name = metric_name(contest->metric);
        if (strcmp(contest->workload, workload) != 0 || strstr(words, name))
            continue;
        char *longer = text_format("%s%s ", words, name);
        free(words);
        words = longer;
    }
    return words;
}

static char *workload_variables(const char *common, const struct summary *summary,
                                const struct ranking *ranking, enum workload workload,
                                int64_t busy_level)
{
    const char *name = workload_name(workload);
    char *note = tables_note(summary, name), *levels = levels_of(summary, name, false);
    char *level_names = levels_of(summary, name, true);
    char *level = text_format("%" PRId64, level_telling(name, summary, busy_level));
    char *metrics = contested_metrics(ranking, name);
    char *variables = chart_assign(text_copy(common), "workload", name);
    variables = chart_assign(variables, "note", note);
    variables = chart_assign(variables, "levels", levels);
    variables = chart_assign(variables, "level_names", level_names);
    variables = chart_assign(variables, "level_layout", level_layout(name, summary));
    variables = chart_assign(variables, "level_unit", level_unit(name));
    variables = chart_assign(variables, "level_axis", level_axis(name));
    variables =
        chart_assign(variables, "loop", workload_facts(workload)->open_loop ? "open" : "closed");
    variables = chart_assign(variables, "metrics", metrics);
    variables = chart_assign(variables, "distribution_level", level);
    free(metrics);
    free(level);
    free(level_names);
    free(levels);
    free(note);
    return variables;
}

size_t chart_draw(const char *folder, const char *gnuplot, const struct record *record,
                  const struct summary *summary, const struct ranking *ranking, int64_t busy_level,
                  bool cold)
{
    char *common = common_variables(folder, record->manifest);
    for_charts(folder, unlink); /* an earlier record may have had more */
    for (int i = 0; i < WORKLOAD_COUNT; i++) {
        const char *workload = workload_name((enum workload)i);
        if (!has_workload(summary, workload))
            continue;
        char *variables =
            workload_variables(common, summary, ranking, (enum workload)i, busy_level);
        if (i == WORKLOAD_SCALING)
            variables = with_footing(variables, record->manifest);
        chart_run(gnuplot, variables, drawings[i]);
        draw_standings(gnuplot, variables, ranking, workload);
        free(variables);
    }
    if (cold)
        chart_run(gnuplot, common, cold_scripts);
    free(common);
    return for_charts(folder, NULL);
}
