/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RECORD_RECORD_H
#define BENCH_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "bench/base/child.h"
#include "bench/record/histogram.h"
#include "bench/record/trial.h"

/* A run's folder: manifest.json, trials.jsonl, histograms/, raw/. What each file holds is told in
 * results/README.md. A disk that fails while writing ends the run with one line; what was recorded
 * before stays whole. */

enum { RECORD_SCHEMA = 1 };

/* Makes the folder and its sub-folders. Ends the program when it holds a run already. */
void record_create(const char *folder);

/* Keeps others from recording into it, until the program ends; ends the program when another does.
 */
void record_lock(const char *folder);

/* Whether one more trial can be recorded: no write failed, and the disk has room. Says once when
 * not. */
bool record_has_room(const char *folder);

/* Cuts off the half line that a harness leaves that was killed while it wrote. */
void record_mend(const char *folder);

void record_manifest(const char *folder, const json_t *manifest);

/* Appends one line and returns when it is on disk. False, said, when this or another file of the
 * trial could not be written: then the trial counts as not made. */
bool record_trial(const char *folder, const struct trial *);

/* "0042-epoll-lt-keep-alive-64": the names of a trial's files; "-b" follows for its second
 * attempt, "-c" for the third. The caller's to free. */
char *record_stem(const struct trial *);
/* Its values are in units of `unit_ns`: 1000 for wrk's, 1 for c10kit-load's. */
void record_histogram(const char *folder, const char *stem, const struct histogram *,
                      uint64_t unit_ns);

/* What a process printed, to raw/STEM.WHO.txt; nothing when it printed nothing. */
void record_raw(const char *folder, const char *stem, const char *who, const struct child *);

/* A record read back; the histograms stay empty for trials that have none. */
struct record {
    json_t *manifest;
    struct trial *trials;
    struct histogram *histograms;
    size_t count;
};
bool record_read(struct record *, const char *folder);
void record_finish(struct record *);

#endif
