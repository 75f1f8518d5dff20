/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_CATALOGUE_H
#define BENCH_RUN_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/run/peer.h"

/* The servers, as each describes itself. The harness knows nothing else of them. */
struct model {
    char *name, *title, *family, *path;
    long clients_at_once; /* 0: no limit of its own */
    long max_descriptors; /* 0: no limit of its own */
    struct peer *peer;    /* NULL: a model of ours, which is started by its path alone */
    char *twin_of;        /* NULL; or the name of the model that this is once more */
    json_t *knobs;        /* as it describes them; NULL: none. The first one's to free, as a peer */
};
struct catalogue {
    struct model *models; /* ours, then peers, then a twin */
    size_t count, peers, twins;
};

/* Asks each of `names` (separated by commas; NULL: all that were built) in the folder. Says which
 * one is missing or does not answer, and goes on without it. */
void catalogue_read(struct catalogue *, const char *folder, const char *names);

/* Puts peers (separated by commas; names or paths, see peer_read()) behind the models. Leaves out,
 * with a line, those that cannot be started and those whose name is taken. */
void catalogue_add_peers(struct catalogue *, const char *names);

/* Puts one of them in a second time, as NAME.twin: the same executable, measured and judged as if
 * it were another, for what no difference looks like (A/A). False: there is none of that name. */
bool catalogue_add_twin(struct catalogue *, const char *name);

/* Whether it can be told how many workers to have: --workers=N. */
bool catalogue_has_workers(const struct model *);

/* How many settings of its knobs are worth trying beside the default: each value of each knob's
 * `sweep`, one knob at a time. At most WORKLOAD_LEVELS_LIMIT - 1. */
unsigned catalogue_settings(const struct model *);

/* "--interval=10", the setting of this number, from 1; the caller's to free. NULL: there is none.
 */
char *catalogue_setting(const struct model *, unsigned number);

/* Its index, or `count` when there is none of that name. */
size_t catalogue_find(const struct catalogue *, const char *name);

void catalogue_finish(struct catalogue *);

json_t *catalogue_to_json(const struct catalogue *);

#endif
