/* SPDX-License-Identifier: MIT */
#include "bench/judge/manifests.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/run/wrk.h"

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static bool differs_always(const char *key)
{
    static const char *const names[] = {"order", "command", "found", "hiccups"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return ends_with(key, "_unix_s") || ends_with(key, "_unix_ms");
}

static json_t *value_or_null(const json_t *value)
{
    return value ? json_incref((json_t *)value) : json_null();
}

static void add_difference(json_t *differences, const char *path, json_t *first, json_t *second)
{
    json_array_append_new(
        differences, json_pack("{s:s, s:o, s:o}", "path", path, "first", first, "second", second));
}

static void compare_values(json_t *differences, const char *path, const json_t *first,
                           const json_t *second);

static void compare_member(json_t *differences, const char *path, const char *key,
                           const json_t *first, const json_t *second)
{
    if (differs_always(key))
        return;
    char *longer = text_format("%s%s%s", path, *path ? "." : "", key);
    compare_values(differences, longer, json_object_get(first, key), json_object_get(second, key));
    free(longer);
}

static void compare_objects(json_t *differences, const char *path, const json_t *first,
                            const json_t *second)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)first, key, value)
        compare_member(differences, path, key, first, second);
    json_object_foreach((json_t *)second, key, value) if (!json_object_get(first, key))
        compare_member(differences, path, key, first, second);
}

static json_t *length_of(const json_t *array)
{
    char *text = text_format("%zu entries", json_array_size(array));
    json_t *length = json_string(text);
    free(text);
    return length;
}

static void compare_arrays(json_t *differences, const char *path, const json_t *first,
                           const json_t *second)
{
    size_t count = json_array_size(first);
    if (count != json_array_size(second)) {
        add_difference(differences, path, length_of(first), length_of(second));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        char *longer = text_format("%s[%zu]", path, i);
        compare_values(differences, longer, json_array_get(first, i), json_array_get(second, i));
        free(longer);
    }
}

static void compare_values(json_t *differences, const char *path, const json_t *first,
                           const json_t *second)
{
    if (json_is_object(first) && json_is_object(second))
        compare_objects(differences, path, first, second);
    else if (json_is_array(first) && json_is_array(second))
        compare_arrays(differences, path, first, second);
    else if (!json_equal(first, second))
        add_difference(differences, path, value_or_null(first), value_or_null(second));
}

json_t *manifests_differences(const json_t *first, const json_t *second)
{
    json_t *differences = json_array();
    compare_values(differences, "", first, second);
    return differences;
}

static const json_t *member(const json_t *manifest, const char *group, const char *name)
{
    return json_object_get(*group ? json_object_get(manifest, group) : manifest, name);
}

/* Texts as they are, microseconds as seconds. The caller's to free. */
static char *value_text(const json_t *value, const char *name)
{
    if (json_is_string(value))
        return text_copy(json_string_value(value));
    if (json_is_integer(value) && ends_with(name, "_us"))
        return text_format("%g s", (double)json_integer_value(value) / 1e6);
    return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

static void add_line(json_t *lines, char *line)
{
    json_array_append_new(lines, json_string(line));
    free(line);
}

static const struct {
    const char *group, *name, *label;
} circumstances[] = {
    {"machine", "cpu_model", "another CPU"},
    {"machine", "cpus", "another number of CPUs"},
    {"machine", "kernel", "another kernel"},
    {"machine", "governor", "another frequency governor"},
    {"build", "compiler", "another compiler"},
    {"build", "optimization", "optimised otherwise"},
    {"build", "sanitizer", "another sanitizer"},
    {"tools", wrk_name, "another load generator"},
    {"", "namespace_per_trial", "a network namespace per trial"},
    {"", "cgroup_per_trial", "a control group per trial"},
    {"plan", "window_us", "other windows"},
    {"plan", "warm_up_us", "other warm-ups"},
    {"plan", "server_cpus", "other CPUs for the server"},
    {"plan", "load_cpus", "other CPUs for the load"},
};

static void compare_circumstances(json_t *lines, const json_t *manifests[2])
{
    for (size_t i = 0; i < sizeof circumstances / sizeof *circumstances; i++) {
        const json_t *first = member(manifests[0], circumstances[i].group, circumstances[i].name);
        const json_t *second = member(manifests[1], circumstances[i].group, circumstances[i].name);
        if (!first || !second || json_equal(first, second))
            continue;
        char *values[] = {value_text(first, circumstances[i].name),
                          value_text(second, circumstances[i].name)};
        add_line(lines, text_format("%s: %s; %s", circumstances[i].label, values[0], values[1]));
        free(values[0]);
        free(values[1]);
    }
}

static void tell_weaknesses(json_t *lines, const json_t *manifest, const char *which)
{
    if (json_is_false(member(manifest, "fitness", "fit")))
        add_line(lines, text_format("the machine was not fit to measure in the %s", which));
    const char *server = json_string_value(member(manifest, "plan", "server_cpus"));
    const char *load = json_string_value(member(manifest, "plan", "load_cpus"));
    if (server && load && strcmp(server, load) == 0)
        add_line(lines, text_format("server and load share CPU %s in the %s", server, which));
}

static bool has_value(const json_t *cells, const char *name, const json_t *value)
{
    size_t i;
    json_t *cell;
    json_array_foreach((json_t *)cells, i, cell)
    {
        if (json_equal(json_object_get(cell, name), value))
            return true;
    }
    return false;
}

/* Of the plan's cells: "levels only in the first: 1, 8". */
static void tell_what_only_one_has(json_t *lines, const json_t *cells, const json_t *others,
                                   const char *name, const char *which)
{
    size_t i;
    json_t *cell;
    json_t *seen = json_array();
    char *list = text_copy("");
    json_array_foreach((json_t *)cells, i, cell)
    {
        json_t *value = json_object_get(cell, name);
        json_t *entry = json_pack("{s:O?}", name, value);
        if (value && !has_value(others, name, value) && !has_value(seen, name, value)) {
            char *text = value_text(value, name);
            char *longer = text_format("%s%s %s", list, *list ? "," : "", text);
            free(text);
            free(list);
            list = longer;
            json_array_append(seen, entry);
        }
        json_decref(entry);
    }
    if (*list)
        add_line(lines, text_format("%ss only in the %s:%s", name, which, list));
    free(list);
    json_decref(seen);
}

static void compare_cells(json_t *lines, const json_t *manifests[2])
{
    static const char *const names[] = {"workload", "level"};
    const json_t *first = member(manifests[0], "plan", "cells");
    const json_t *second = member(manifests[1], "plan", "cells");
    for (size_t i = 0; first && second && i < sizeof names / sizeof *names; i++) {
        tell_what_only_one_has(lines, first, second, names[i], "first");
        tell_what_only_one_has(lines, second, first, names[i], "second");
    }
}

static void compare_binaries(json_t *lines, const json_t *manifests[2])
{
    const json_t *others = json_object_get(manifests[1], "binaries");
    const char *name;
    json_t *hash;
    json_object_foreach(json_object_get(manifests[0], "binaries"), name, hash)
    {
        const json_t *other = json_object_get(others, name);
        if (json_is_string(hash) && json_is_string(other) && !json_equal(hash, other))
            add_line(lines, text_format("%s: another binary", name));
    }
}

json_t *manifests_caveats(const json_t *first, const json_t *second)
{
    const json_t *manifests[] = {first, second};
    json_t *lines = json_array();
    compare_circumstances(lines, manifests);
    tell_weaknesses(lines, first, "first");
    tell_weaknesses(lines, second, "second");
    compare_cells(lines, manifests);
    compare_binaries(lines, manifests);
    return lines;
}
