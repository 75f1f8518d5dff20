/* SPDX-License-Identifier: MIT */
#include "bench/catalogue.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/config.h"
#include "bench/say.h"
#include "bench/text.h"

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
    model->name = text_member(description, "name", name);
    model->title = text_member(description, "title", name);
    model->family = text_member(description, "family", "");
    model->path = path;
    model->clients_at_once =
        (long)json_integer_value(json_object_get(description, "clients_at_once"));
    model->max_descriptors =
        (long)json_integer_value(json_object_get(description, "max_descriptors"));
    json_decref(description);
    return true;
}

void catalogue_read(struct catalogue *catalogue, const char *folder, const char *names)
{
    char *list = text_copy(names ? names : CONFIG_MODELS);
    char *rest = NULL;
    *catalogue = (struct catalogue){0};
    for (char *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        catalogue->models =
            text_reallocate(catalogue->models, catalogue->count + 1, sizeof *catalogue->models);
        if (read_model(&catalogue->models[catalogue->count], folder, name))
            catalogue->count++;
    }
    free(list);
}

void catalogue_finish(struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->count; i++) {
        free(catalogue->models[i].name);
        free(catalogue->models[i].title);
        free(catalogue->models[i].family);
        free(catalogue->models[i].path);
    }
    free(catalogue->models);
    *catalogue = (struct catalogue){0};
}

json_t *catalogue_to_json(const struct catalogue *catalogue)
{
    json_t *array = json_array();
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct model *model = &catalogue->models[i];
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:I, s:I}", "name", model->name, "title",
                                        model->title, "family", model->family, "clients_at_once",
                                        (json_int_t)model->clients_at_once, "max_descriptors",
                                        (json_int_t)model->max_descriptors));
    }
    return array;
}
