/* SPDX-License-Identifier: MIT */
#include "bench/record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bench/base/say.h"
#include "bench/base/text.h"

enum { ROOM_BYTES = 4 << 20 /* for a trial and the summary; a trial takes some 100 KiB */ };

static struct {
    bool broken; /* a write failed: what it belongs to must not count as recorded */
} self;

/* What is half written is worse than nothing. */
static void break_off(const char *path)
{
    if (!self.broken)
        say("cannot write %s: %s; the run ends here, --resume goes on", path, strerror(errno));
    unlink(path);
    self.broken = true;
}

static void make_folder(char *path)
{
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        say_and_exit("cannot make %s: %s", path, strerror(errno));
    free(path);
}

static bool exists(const char *folder, const char *name)
{
    char *path = text_format("%s/%s", folder, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

void record_create(const char *folder)
{
    if (exists(folder, "manifest.json") || exists(folder, "trials.jsonl"))
        say_and_exit("%s holds a run already: --resume %s goes on with it, --output records into "
                     "another folder",
                     folder, folder);
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

void record_lock(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        say_and_exit("cannot open %s: %s", folder, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        say_and_exit("another c10kit records into %s", folder);
}

bool record_has_room(const char *folder)
{
    struct statvfs disk;
    if (self.broken)
        return false;
    if (statvfs(folder, &disk) < 0 || disk.f_bavail * disk.f_frsize >= ROOM_BYTES)
        return true;
    self.broken = true;
    say("the disk of %s is full: the run ends here; with room made, --resume goes on", folder);
    return false;
}

void record_manifest(const char *folder, const json_t *manifest)
{
    char *path = text_format("%s/manifest.json", folder);
    char *new_path = text_format("%s.new", path);
    if (json_dump_file(manifest, new_path, JSON_INDENT(2)) < 0 || rename(new_path, path) < 0)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(new_path);
    free(path);
}

/* All of the line or nothing. */
static bool append_line(const char *path, const char *line)
{
    ssize_t length = (ssize_t)strlen(line);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    off_t end = lseek(fd, 0, SEEK_END);
    bool written = write(fd, line, (size_t)length) == length && fsync(fd) == 0;
    int error = errno;
    if (!written && ftruncate(fd, end) < 0)
        say("%s ends with half a line; it will be left out", path);
    written = close(fd) == 0 && written;
    errno = error;
    return written;
}

bool record_trial(const char *folder, const struct trial *trial)
{
    if (self.broken)
        return false;
    char *path = text_format("%s/trials.jsonl", folder);
    json_t *object = trial_to_json(trial);
    char *json = json_dumps(object, JSON_COMPACT);
    char *line = text_format("%s\n", json);
    bool written = append_line(path, line);
    if (!written)
        say("cannot write %s: %s; the run ends here, --resume goes on", path, strerror(errno));
    self.broken = !written;
    free(line);
    free(json);
    json_decref(object);
    free(path);
    return written;
}

void record_mend(const char *folder)
{
    char *path = text_format("%s/trials.jsonl", folder);
    char *text = text_read(path);
    char *last = text ? strrchr(text, '\n') : NULL;
    off_t whole = last ? last + 1 - text : 0;
    if (text && text[whole] && truncate(path, whole) < 0)
        say_and_exit("cannot cut off the half line at the end of %s: %s", path, strerror(errno));
    free(text);
    free(path);
}

char *record_stem(const struct trial *trial)
{
    char again[8] = "";
    if (trial->attempt > 1)
        snprintf(again, sizeof again, "-%c", (char)('a' + trial->attempt - 1));
    return text_format("%04" PRId64 "-%s-%s-%" PRId64 "%s", trial->number, trial->model,
                       trial->workload, trial->level, again);
}

void record_histogram(const char *folder, const char *stem, const struct histogram *latency,
                      uint64_t unit_ns)
{
    char *path = text_format("%s/histograms/%s.csv", folder, stem);
    if (!histogram_write(latency, path, unit_ns))
        break_off(path);
    free(path);
}

void record_raw(const char *folder, const char *stem, const char *who, const struct child *child)
{
    if (child->output.used + child->errors.used == 0)
        return;
    char *path = text_format("%s/raw/%s.%s.txt", folder, stem, who);
    char *text = text_format("%s%s", child->output.at, child->errors.at);
    if (!text_write(path, text))
        break_off(path);
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

/* A later attempt took the place of a spoilt one. */
static void mark_replaced(struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        for (size_t j = i + 1; j < record->count && !record->trials[i].replaced; j++)
            record->trials[i].replaced = record->trials[i].spoilt == 1 &&
                                         record->trials[j].number == record->trials[i].number;
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
    mark_replaced(record);
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
