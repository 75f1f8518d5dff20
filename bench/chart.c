/* SPDX-License-Identifier: MIT */
#include "bench/chart.h"

#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/host.h"
#include "bench/plan.h"
#include "bench/places.h"
#include "bench/say.h"
#include "bench/tables.h"
#include "bench/text.h"

enum { DRAW_LIMIT_MS = 60000, SCRIPTS_LIMIT = 8 };

const char chart_tool[] = "gnuplot";

static const char *const load_scripts[] = {"throughput.gp", "latency.gp",      "cpu.gp",
                                           "memory.gp",     "distribution.gp", NULL};
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

/* `variables` are assignments; appends name = "value". Takes over the old string. */
static char *with(char *variables, const char *name, const char *value)
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
        char *longer = slots ? text_format("%s%zu ", words, tables_slot(name))
                             : text_format("%s%s ", words, name);
        free(words);
        words = longer;
    }
    return words;
}

static char *levels_of(const struct summary *summary)
{
    char *words = text_copy(" ");
    for (size_t i = 0; i < summary->count; i++) {
        char *word = text_format("%" PRId64 " ", summary->cells[i].level);
        char *spaced = text_format(" %s", word);
        if (!strstr(words, spaced)) {
            char *longer = text_format("%s%s", words, word);
            free(words);
            words = longer;
        }
        free(spaced);
        free(word);
    }
    return words;
}

static char *conditions(const json_t *manifest)
{
    const json_t *plan = json_object_get(manifest, "plan");
    char *host = host_one_line(manifest);
    char *text = text_format("%s. Server on CPU %s, load on CPU %s. %d blocks, windows of %.2g s.",
                             host, json_string_value(json_object_get(plan, "server_cpus")),
                             json_string_value(json_object_get(plan, "load_cpus")),
                             (int)json_integer_value(json_object_get(plan, "blocks")),
                             (double)json_integer_value(json_object_get(plan, "window_us")) / 1e6);
    free(host);
    return text;
}

static char *common_variables(const char *folder, const json_t *manifest,
                              const struct summary *summary, int64_t distribution_level)
{
    char *scripts = places_data("charts");
    char *names = models_of(manifest, false), *slots = models_of(manifest, true);
    char *levels = levels_of(summary), *about = conditions(manifest);
    char *level = text_format("%" PRId64, distribution_level);
    char *variables = with(text_copy(""), "scripts", scripts);
    variables = with(variables, "folder", folder);
    variables = with(variables, "names", names);
    variables = with(variables, "slots", slots);
    variables = with(variables, "levels", levels);
    variables = with(variables, "distribution_level", level);
    variables = with(variables, "conditions", about);
    free(level);
    free(about);
    free(levels);
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

static size_t count_charts(const char *folder)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        glob_t found;
        char *pattern = text_format("%s/charts/*.%s", folder, forms[i]);
        if (glob(pattern, 0, NULL, &found) == 0)
            count += found.gl_pathc;
        globfree(&found);
        free(pattern);
    }
    return count;
}

/* Something was measured: a workload whose trials all failed has no chart. */
static bool has_workload(const struct summary *summary, const char *workload)
{
    for (size_t i = 0; i < summary->count; i++)
        if (strcmp(summary->cells[i].workload, workload) == 0 && summary->cells[i].merged.used > 0)
            return true;
    return false;
}

static void draw_workload(const char *gnuplot, const char *common, const struct summary *summary,
                          const char *workload)
{
    char *note = tables_note(summary, workload);
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char *variables = with(text_copy(common), "workload", workload);
        variables = with(variables, "form", forms[i]);
        variables = with(variables, "note", note);
        draw(gnuplot, variables, load_scripts);
        free(variables);
    }
    free(note);
}

size_t chart_draw(const char *folder, const char *gnuplot, const struct record *record,
                  const struct summary *summary, int64_t distribution_level, bool cold)
{
    char *common = common_variables(folder, record->manifest, summary, distribution_level);
    for (int workload = 0; workload < WORKLOAD_COUNT; workload++)
        if (has_workload(summary, workload_name((enum workload)workload)))
            draw_workload(gnuplot, common, summary, workload_name((enum workload)workload));
    for (size_t i = 0; cold && i < sizeof forms / sizeof *forms; i++) {
        char *variables = with(text_copy(common), "form", forms[i]);
        draw(gnuplot, variables, cold_scripts);
        free(variables);
    }
    free(common);
    return count_charts(folder);
}
