/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LOAD_DRIVE_H
#define TESTS_LOAD_DRIVE_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

/* Starts servers and the generator as processes and reads what they say. What goes wrong fails the
 * test that runs. */

struct drive_server {
    pid_t pid;
    int input, output, errors; /* its standard ones, our ends */
    char target[64];           /* HOST:PORT, of its ready line */
};

/* `words` end with NULL; the first is the executable. */
void drive_start(struct drive_server *, const char *const *words);

/* Ends it with SIGTERM (and the end of its input) and returns the number behind `answered=` in its
 * last line; -1: it has none. */
int64_t drive_stop(struct drive_server *);

/* Runs the generator against `target` with the options, a text split at blanks. Returns its JSON
 * object, the caller's to json_decref(); `status` is its exit status. `signal_after_window`: sent
 * when the window begins; 0: none. */
json_t *drive_load(const char *generator, const char *target, const char *options,
                   int signal_after_window, int *status);

/* The number at a path such as "response.p50_ns"; fails the test where there is none. */
int64_t drive_number(const json_t *, const char *path);

#endif
