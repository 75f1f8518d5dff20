/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_MODEL_H
#define CONTRACT_MODEL_H

#include <jansson.h>
#include <stdbool.h>

/* What the server under test says of itself (--describe). No test knows a model by its name. */

enum { MODEL_NAME_SIZE = 64 };

struct model {
    char name[MODEL_NAME_SIZE];
    json_int_t clients_at_once; /* 0: no limit of its own */
    json_int_t max_descriptors; /* 0: no limit of its own */
    json_t *description;        /* all of it */
};

/* Asks the server; ends the whole run when it does not say. */
void model_load(void);
void model_unload(void);

const struct model *model(void);

/* True for a model that keeps all others waiting while it has a client. */
bool model_is_one_at_a_time(void);

/* How many of `wanted` clients it serves at the same time; one more would only wait. */
unsigned model_clients(unsigned wanted);

#endif
