/* SPDX-License-Identifier: MIT */
#include "bench/judge/syscalls.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/text.h"
#include "bench/record/workload.h"

/* Sums over one cell's trials, by name: calls per request. */
struct sums {
    json_t *by_name;
    size_t trials;
};

static void add_trial(struct sums *sums, const char *folder, const struct trial *trial)
{
    char *stem = record_stem(trial);
    char *path = text_format("%s/raw/%s.syscalls.json", folder, stem);
    json_t *calls = json_load_file(path, 0, NULL);
    json_int_t requests = json_integer_value(json_object_get(calls, "requests"));
    json_t *names = json_object_get(calls, "names"), *count;
    const char *name;
    if (requests > 0) {
        sums->trials++;
        json_object_foreach(names, name, count)
        {
            double sum = json_number_value(json_object_get(sums->by_name, name)) +
                         (double)json_integer_value(count) / (double)requests;
            json_object_set_new(sums->by_name, name, json_real(sum));
        }
    }
    json_decref(calls);
    free(path);
    free(stem);
}

struct row {
    const char *name;
    double per_request;
};

static int most_first(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = (a->per_request < b->per_request) - (a->per_request > b->per_request);
    return order != 0 ? order : strcmp(a->name, b->name);
}

static void write_rows(const struct sums *sums, const struct summary_cell *cell, FILE *csv)
{
    struct row *rows = text_allocate(json_object_size(sums->by_name), sizeof *rows);
    size_t count = 0;
    const char *name;
    json_t *sum;
    json_object_foreach(sums->by_name, name, sum)
    {
        rows[count++] = (struct row){name, json_real_value(sum) / (double)sums->trials};
    }
    qsort(rows, count, sizeof *rows, most_first);
    for (size_t i = 0; i < count; i++)
        fprintf(csv, "%s,%" PRId64 ",%s,%s,%.6g\n", cell->workload, cell->level, cell->model,
                rows[i].name, rows[i].per_request);
    free(rows);
}

static bool belongs(const struct trial *trial, const struct summary_cell *cell)
{
    return !trial->failure[0] && !trial->replaced && trial->level == cell->level &&
           strcmp(trial->model, cell->model) == 0 && strcmp(trial->workload, cell->workload) == 0;
}

void syscalls_write(const char *folder, const struct record *record, const struct summary *summary,
                    FILE *csv)
{
    fputs("workload,level,model,name,per_request\n", csv);
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (strcmp(cell->workload, workload_name(WORKLOAD_SYSCALLS)) != 0)
            continue;
        struct sums sums = {json_object(), 0};
        for (size_t j = 0; j < record->count; j++)
            if (belongs(&record->trials[j], cell))
                add_trial(&sums, folder, &record->trials[j]);
        write_rows(&sums, cell, csv);
        json_decref(sums.by_name);
    }
}
