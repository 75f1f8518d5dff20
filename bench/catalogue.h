/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CATALOGUE_H
#define BENCH_CATALOGUE_H

#include <stddef.h>

#include <jansson.h>

/* The servers, as each describes itself. The harness knows nothing else of them. */
struct model {
    char *name, *title, *family, *path;
    long clients_at_once; /* 0: no limit of its own */
    long max_descriptors; /* 0: no limit of its own */
};
struct catalogue {
    struct model *models;
    size_t count;
};

/* Asks each of `names` (separated by commas; NULL: all that were built) in the folder. Says which
 * one is missing or does not answer, and goes on without it. */
void catalogue_read(struct catalogue *, const char *folder, const char *names);
void catalogue_finish(struct catalogue *);

json_t *catalogue_to_json(const struct catalogue *);

#endif
