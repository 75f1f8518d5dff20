/* SPDX-License-Identifier: MIT */
#include "bench/run/catalogue.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/config.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/record/workload.h"

enum { DESCRIBE_LIMIT_MS = 5000 };

static json_t *describe(const char *path)
{
    struct child child;
    char *command[] = {(char *)path, "--describe", NULL};
    json_t *description = NULL;
    if (child_start(&child, command) == 0 &&
        child_wait_exit(&child, DESCRIBE_LIMIT_MS, LOOP_INTERRUPTIBLE))
        description = json_loads(child.output.at, 0, NULL);
    child_finish(&child);
    return description;
}

static char *text_member(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text_copy(text ? text : otherwise);
}

static bool read_model(struct model *model, const char *folder, const char *name)
{
    char *path = text_format("%s/%s", folder, name);
    json_t *description = access(path, X_OK) == 0 ? describe(path) : NULL;
    if (!description) {
        say("no model %s: %s is missing or does not describe itself", name, path);
        free(path);
        return false;
    }
    *model = (struct model){.path = path};
    model->name = text_member(description, "name", name);
    model->title = text_member(description, "title", name);
    model->family = text_member(description, "family", "");
    model->clients_at_once =
        (long)json_integer_value(json_object_get(description, "clients_at_once"));
    model->max_descriptors =
        (long)json_integer_value(json_object_get(description, "max_descriptors"));
    model->knobs = json_incref(json_object_get(description, "knobs"));
    json_decref(description);
    return true;
}

bool catalogue_has_workers(const struct model *model)
{
    size_t i;
    json_t *knob;
    json_array_foreach(model->knobs, i, knob)
    {
        const char *name = json_string_value(json_object_get(knob, "name"));
        if (name && strcmp(name, "workers") == 0)
            return true;
    }
    return false;
}

char *catalogue_setting(const struct model *model, unsigned number)
{
    size_t i, k;
    json_t *knob, *value;
    json_array_foreach(model->knobs, i, knob)
    {
        const char *name = json_string_value(json_object_get(knob, "name"));
        json_array_foreach(json_object_get(knob, "sweep"), k, value)
        {
            const char *word = json_string_value(value);
            if (name && word && --number == 0)
                return text_format("--%s=%s", name, word);
        }
    }
    return NULL;
}

unsigned catalogue_settings(const struct model *model)
{
    unsigned count = 0;
    for (char *setting;
         count + 1 < WORKLOAD_LEVELS_LIMIT && (setting = catalogue_setting(model, count + 1));
         count++)
        free(setting);
    return count;
}

/* Room for one more, behind those that count. */
static struct model *next_entry(struct catalogue *catalogue)
{
    catalogue->models =
        text_reallocate(catalogue->models, catalogue->count + 1, sizeof *catalogue->models);
    return &catalogue->models[catalogue->count];
}

void catalogue_read(struct catalogue *catalogue, const char *folder, const char *names)
{
    char *list = text_copy(names ? names : CONFIG_MODELS);
    char *rest = NULL;
    *catalogue = (struct catalogue){0};
    for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (read_model(next_entry(catalogue), folder, name))
            catalogue->count++;
    }
    free(list);
}

size_t catalogue_find(const struct catalogue *catalogue, const char *name)
{
    size_t i = 0;
    while (i < catalogue->count && strcmp(catalogue->models[i].name, name) != 0)
        i++;
    return i;
}

static bool read_peer(const struct catalogue *catalogue, struct model *model, const char *name)
{
    struct peer *peer = text_allocate(1, sizeof *peer);
    bool usable = peer_read(peer, name);
    if (usable && catalogue_find(catalogue, peer->name) < catalogue->count) {
        say("peer %s is left out: that name is taken", peer->name);
        usable = false;
    }
    if (!usable) {
        peer_finish(peer);
        free(peer);
        return false;
    }
    *model = (struct model){.name = text_copy(peer->name),
                            .title = text_copy(peer->title),
                            .family = text_copy("peer"),
                            .path = text_copy(peer->program),
                            .peer = peer};
    return true;
}

void catalogue_add_peers(struct catalogue *catalogue, const char *names)
{
    char *list = text_copy(names);
    char *rest = NULL;
    for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (read_peer(catalogue, next_entry(catalogue), name)) {
            catalogue->count++;
            catalogue->peers++;
        }
    }
    free(list);
}

bool catalogue_add_twin(struct catalogue *catalogue, const char *name)
{
    size_t index = catalogue_find(catalogue, name);
    if (index == catalogue->count)
        return false;
    struct model *twin = next_entry(catalogue);
    *twin = catalogue->models[index]; /* a peer is the first one's to free */
    twin->name = text_format("%s.twin", name);
    twin->title = text_copy(twin->title);
    twin->family = text_copy(twin->family);
    twin->path = text_copy(twin->path);
    twin->twin_of = text_copy(name);
    catalogue->count++;
    catalogue->twins++;
    return true;
}

void catalogue_finish(struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        free(catalogue->models[i].name);
        free(catalogue->models[i].title);
        free(catalogue->models[i].family);
        free(catalogue->models[i].path);
        if (catalogue->models[i].peer && !catalogue->models[i].twin_of) {
            peer_finish(catalogue->models[i].peer);
            free(catalogue->models[i].peer);
        }
        if (!catalogue->models[i].twin_of)
            json_decref(catalogue->models[i].knobs);
        free(catalogue->models[i].twin_of);
    }
    free(catalogue->models);
    *catalogue = (struct catalogue){0};
}

json_t *catalogue_to_json(const struct catalogue *catalogue)
{
    json_t *array = json_array();
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct model *model = &catalogue->models[i];
        json_t *facts = json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", model->name, "title",
                                  model->title, "family", model->family, "clients_at_once",
                                  (json_int_t)model->clients_at_once, "max_descriptors",
                                  (json_int_t)model->max_descriptors);
        if (model->knobs && !model->twin_of)
            json_object_set(facts, "knobs", model->knobs);
        if (model->twin_of)
            json_object_set_new(facts, "twin_of", json_string(model->twin_of));
        else if (model->peer)
            json_object_set_new(facts, "peer", peer_to_json(model->peer));
        json_array_append_new(array, facts);
    }
    return array;
}
