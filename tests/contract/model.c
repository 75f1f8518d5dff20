/* SPDX-License-Identifier: MIT */
#include "tests/contract/model.h"

#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <stdio.h>

static struct model loaded;

static json_int_t number(const char *key)
{
    json_t *value = json_object_get(loaded.description, key);
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        tap_bail_out("--describe lacks clients_at_once or max_descriptors");
    return json_integer_value(value);
}

void model_load(void)
{
    static struct server_run run;
    json_error_t error;
    if (!server_run(&run, (const char *const[]){"--describe", NULL}))
        tap_bail_out("--describe does not end");
    loaded.description = json_loads(run.out, JSON_REJECT_DUPLICATES, &error);
    const char *name = json_string_value(json_object_get(loaded.description, "name"));
    if (name == NULL)
        tap_bail_out("--describe prints no JSON object with a name");
    snprintf(loaded.name, sizeof loaded.name, "%s", name);
    loaded.clients_at_once = number("clients_at_once");
    loaded.max_descriptors = number("max_descriptors");
}

void model_unload(void)
{
    json_decref(loaded.description);
    loaded.description = NULL;
}

const struct model *model(void)
{
    return &loaded;
}

bool model_is_one_at_a_time(void)
{
    return loaded.clients_at_once == 1;
}

unsigned model_clients(unsigned wanted)
{
    json_int_t most = loaded.clients_at_once;
    return most > 0 && most < (json_int_t)wanted ? (unsigned)most : wanted;
}
