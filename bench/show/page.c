/* SPDX-License-Identifier: MIT */
#include "bench/show/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "bench/show/digest.h"
#include "bench/show/knobs.h"
#include "bench/show/extract.h"
#include "bench/run/host.h"
#include "bench/base/places.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/show/warnings.h"

enum { DIGITS = 8 /* so that rounding for display is right; seventeen would double the page */ };

static const struct page_place *find_place(const struct page_place *places, size_t count,
                                           const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(places[i].name) == length && strncmp(places[i].name, name, length) == 0)
            return &places[i];
    return NULL;
}

char *page_fill(const char *template_text, const struct page_place *places, size_t count)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        say_and_exit("out of memory");
    for (const char *at = template_text; *at;) {
        const char *end = strncmp(at, "{{", 2) == 0 ? strstr(at, "}}") : NULL;
        const struct page_place *place =
            end ? find_place(places, count, at + 2, (size_t)(end - at) - 2) : NULL;
        if (place) {
            fputs(place->content, out);
            at = end + 2;
        } else {
            fputc(*at++, out);
        }
    }
    if (fclose(out))
        say_and_exit("out of memory");
    return text;
}

/* Inside a script element only "</script" and "<!--" mean something, and not without their "<". */
static char *script_safe(const char *json)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        say_and_exit("out of memory");
    for (; *json; json++)
        if (*json == '<')
            fputs("\\u003c", out);
        else
            fputc(*json, out);
    if (fclose(out))
        say_and_exit("out of memory");
    return text;
}

static char *read_part(const char *name)
{
    char *relative = text_format("page/%s", name);
    char *path = places_data(relative);
    char *text = text_read(path);
    if (!text)
        say_and_exit("cannot read %s: %s", path, strerror(errno));
    free(path);
    free(relative);
    return text;
}

static void write_page(const char *folder, const char *name, const char *text)
{
    char *path = text_format("%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    if (!file || fputs(text, file) < 0 || fclose(file))
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    printf("report:  %s\n", path);
    free(path);
}

static void make_html(const char *folder, const json_t *run)
{
    char *json = json_dumps(run, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    if (!json)
        say_and_exit("out of memory");
    char *data = script_safe(json), *template_text = read_part("report.html");
    char *style = read_part("report.css"), *script = read_part("report.js");
    const struct page_place places[] = {{"style", style}, {"data", data}, {"script", script}};
    char *page = page_fill(template_text, places, sizeof places / sizeof *places);
    write_page(folder, "report.html", page);
    free(page);
    free(script);
    free(style);
    free(template_text);
    free(data);
    free(json);
}

static char *plan_line(const json_t *manifest)
{
    const json_t *plan = json_object_get(manifest, "plan");
    const char *server = json_string_value(json_object_get(plan, "server_cpus"));
    const char *load = json_string_value(json_object_get(plan, "load_cpus"));
    const char *revision =
        json_string_value(json_object_get(json_object_get(manifest, "source"), "git_revision"));
    return text_format("%d blocks, windows of %.2g s. Server on CPU %s, load on CPU %s. "
                       "Source: %.12s.",
                       (int)json_integer_value(json_object_get(plan, "blocks")),
                       (double)json_integer_value(json_object_get(plan, "window_us")) / 1e6,
                       server ? server : "?", load ? load : "?", revision ? revision : "unknown");
}

static void make_markdown(const char *folder, const struct record *record,
                          const struct summary *summary, const struct ranking *ranking,
                          const struct knob_table *knobs, const struct warnings *warnings)
{
    char *title = extract_name(folder), *machine = host_one_line(record->manifest);
    char *plan = plan_line(record->manifest);
    char *command = extract_command(record->manifest, extract_has_cold(folder));
    char *rankings = digest_rankings(ranking), *hollow = digest_hollow(summary);
    char *notes = digest_warnings(warnings), *template_text = read_part("report.md");
    char *digest = knobs_digest(knobs);
    char *turned =
        *digest ? text_format("\n## Knobs: best against default\n\n%s", digest) : text_copy("");
    const struct page_place places[] = {
        {"title", title},       {"machine", machine}, {"plan", plan},     {"command", command},
        {"rankings", rankings}, {"knobs", turned},    {"hollow", hollow}, {"warnings", notes}};
    char *page = page_fill(template_text, places, sizeof places / sizeof *places);
    write_page(folder, "report.md", page);
    free(page);
    free(template_text);
    free(turned);
    free(digest);
    free(notes);
    free(hollow);
    free(rankings);
    free(command);
    free(plan);
    free(machine);
    free(title);
}

void page_make(const char *folder, const struct record *record, const struct summary *summary,
               const struct ranking *ranking, const struct knob_table *knobs)
{
    struct warnings warnings;
    warnings_find(&warnings, record, summary, ranking);
    json_t *run = extract_run(folder, record, summary, ranking, knobs, &warnings);
    if (run)
        make_html(folder, run);
    else
        say("no report.html: the record holds text that is not UTF-8");
    make_markdown(folder, record, summary, ranking, knobs, &warnings);
    warnings_print(&warnings, stdout);
    json_decref(run);
    warnings_finish(&warnings);
}
