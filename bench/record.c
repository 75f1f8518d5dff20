/* SPDX-License-Identifier: MIT */
#include "bench/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/say.h"
#include "bench/text.h"

static const uint64_t ns_per_us = 1000;

static void make_folder(char *path)
{
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        say_and_exit("cannot make %s: %s", path, strerror(errno));
    free(path);
}

void record_create(const char *folder)
{
    char *path = text_copy(folder);
    for (char *at = path + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        make_folder(text_copy(path));
        *at = '/';
    }
    make_folder(path);
    make_folder(text_format("%s/histograms", folder));
    make_folder(text_format("%s/raw", folder));
}

void record_manifest(const char *folder, const json_t *manifest)
{
    char *path = text_format("%s/manifest.json", folder);
    if (json_dump_file(manifest, path, JSON_INDENT(2)) < 0)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(path);
}

static bool append_line(const char *path, const char *line)
{
    size_t length = strlen(line);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    bool written = write(fd, line, length) == (ssize_t)length && fsync(fd) == 0;
    return close(fd) == 0 && written;
}

void record_trial(const char *folder, const struct trial *trial)
{
    char *path = text_format("%s/trials.jsonl", folder);
    json_t *object = trial_to_json(trial);
    char *json = json_dumps(object, JSON_COMPACT);
    char *line = text_format("%s\n", json);
    if (!append_line(path, line))
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(line);
    free(json);
    json_decref(object);
    free(path);
}

char *record_stem(const struct trial *trial)
{
    return text_format("%04" PRId64 "-%s-%s-%" PRId64, trial->number, trial->model, trial->workload,
                       trial->level);
}

void record_histogram(const char *folder, const char *stem, const struct histogram *in_us)
{
    char *path = text_format("%s/histograms/%s.csv", folder, stem);
    if (!histogram_write(in_us, path, ns_per_us))
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(path);
}

void record_raw(const char *folder, const char *stem, const char *who, const struct child *child)
{
    if (child->output.used + child->errors.used == 0)
        return;
    char *path = text_format("%s/raw/%s.%s.txt", folder, stem, who);
    char *text = text_format("%s%s", child->output.at, child->errors.at);
    if (!text_write(path, text))
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(text);
    free(path);
}

static void read_trial(struct record *record, const char *folder, const char *line)
{
    json_t *object = json_loads(line, 0, NULL);
    struct trial trial;
    if (object && trial_from_json(&trial, object)) {
        size_t n = record->count++;
        record->trials = text_reallocate(record->trials, n + 1, sizeof *record->trials);
        record->histograms = text_reallocate(record->histograms, n + 1, sizeof *record->histograms);
        record->trials[n] = trial;
        record->histograms[n] = (struct histogram){0};
        char *stem = record_stem(&trial);
        char *path = text_format("%s/histograms/%s.csv", folder, stem);
        histogram_read(&record->histograms[n], path);
        free(path);
        free(stem);
    } else {
        say("a line of trials.jsonl is not whole and is left out");
    }
    json_decref(object);
}

bool record_read(struct record *record, const char *folder)
{
    *record = (struct record){0};
    char *manifest = text_format("%s/manifest.json", folder);
    char *trials = text_format("%s/trials.jsonl", folder);
    record->manifest = json_load_file(manifest, 0, NULL);
    char *text = text_read(trials);
    char *rest = NULL;
    for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
         line = strtok_r(NULL, "\n", &rest))
        read_trial(record, folder, line);
    free(text);
    free(trials);
    free(manifest);
    return record->manifest != NULL;
}

void record_finish(struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        histogram_finish(&record->histograms[i]);
    free(record->histograms);
    free(record->trials);
    json_decref(record->manifest);
    *record = (struct record){0};
}
