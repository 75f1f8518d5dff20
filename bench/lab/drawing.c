/* SPDX-License-Identifier: MIT */
#include "bench/lab/drawing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "bench/base/places.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/config.h"
#include "bench/run/host.h"
#include "bench/show/chart.h"

/* The models' names, or the places that they have in all charts. */
static char *models(bool slots)
{
    char *words = text_copy("");
    size_t slot = 1;
    for (const char *at = CONFIG_MODELS; *at; slot++) {
        size_t width = strcspn(at, ",");
        char *longer = slots ? text_format("%s%zu ", words, slot)
                             : text_format("%s%.*s ", words, (int)width, at);
        free(words);
        words = longer;
        at += width + (at[width] == ',');
    }
    return words;
}

static char *conditions(const json_t *manifest)
{
    const json_t *plan = json_object_get(manifest, "claims");
    const char *server = json_string_value(json_object_get(plan, "server_cpus"));
    const char *load = json_string_value(json_object_get(plan, "load_cpus"));
    char *host = host_one_line(manifest);
    char *text = text_format(
        "%s. Server on CPU %s, load on CPU %s.%s", host, server ? server : "?", load ? load : "?",
        json_is_true(json_object_get(plan, "quick")) ? " Quick: a preview." : "");
    free(host);
    return text;
}

static char *common_assignments(const char *folder)
{
    char *path = text_format("%s/manifest.json", folder);
    json_t *manifest = json_load_file(path, 0, NULL);
    char *scripts = places_data("charts"), *names = models(false), *slots = models(true);
    char *about = conditions(manifest);
    char *assignments = chart_assign(text_copy(""), "scripts", scripts);
    assignments = chart_assign(assignments, "folder", folder);
    assignments = chart_assign(assignments, "names", names);
    assignments = chart_assign(assignments, "slots", slots);
    assignments = chart_assign(assignments, "conditions", about);
    assignments = chart_assign(assignments, "panel_height", "330");
    assignments = chart_assign(assignments, "note", "");
    free(about);
    free(slots);
    free(names);
    free(scripts);
    json_decref(manifest);
    free(path);
    return assignments;
}

static void draw(const char *gnuplot, const char *common, const struct claim *claim)
{
    char *script = text_format("../claims/%s", claim->chart);
    char *assignments = chart_assign(text_copy(common), "claim", claim->id);
    chart_run(gnuplot, assignments, (const char *const[]){script, NULL});
    free(assignments);
    free(script);
}

static void make_folder(const char *folder, const char *name)
{
    char *path = text_format("%s/%s", folder, name);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        say_and_exit("cannot make %s: %s", path, strerror(errno));
    free(path);
}

void drawing_make(const char *folder, const struct figures *all)
{
    make_folder(folder, "charts");
    make_folder(folder, "charts/data");
    char *gnuplot = chart_find_tool(), *common = common_assignments(folder);
    if (!gnuplot)
        say("no charts: gnuplot is not installed");
    for (size_t i = 0; claims[i]; i++) {
        const struct figure *outcome = figures_find(all, claims[i]->id, "experiment", "outcome");
        if (!claims[i]->chart || !outcome || strcmp(outcome->text, "complete") != 0)
            continue;
        figures_tabulate(all, claims[i]->id, folder);
        if (gnuplot)
            draw(gnuplot, common, claims[i]);
    }
    free(common);
    free(gnuplot);
}
