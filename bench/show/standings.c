/* SPDX-License-Identifier: MIT */
#include "bench/show/standings.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/show/level.h"
#include "bench/show/tables.h"
#include "bench/show/tsv.h"
#include "bench/record/workload.h"

enum { MATRICES = 2 /* in one chart */ };

static size_t count_drawn(const struct contest *contest)
{
    size_t count = 0;
    for (size_t i = 0; i < contest->compared; i++)
        count += tables_is_drawn(contest->contestants[i].cell->model);
    return count;
}

const struct contest *standings_contest(const struct ranking *ranking, const char *workload,
                                        enum metric metric, int64_t level)
{
    const struct contest *nearest = NULL;
    for (size_t i = 0; i < ranking->count; i++) {
        const struct contest *contest = &ranking->contests[i];
        if (contest->metric != metric || strcmp(contest->workload, workload) != 0 ||
            count_drawn(contest) < 2)
            continue;
        if (!nearest || llabs(contest->level - level) < llabs(nearest->level - level))
            nearest = contest;
    }
    return nearest;
}

/* What the workload is there to find out, and what that costs. */
static void matrix_metrics(const char *workload, enum metric metrics[MATRICES])
{
    enum workload found = workload_find(workload);
    bool open_loop = found < WORKLOAD_COUNT && workload_facts(found)->open_loop;
    metrics[0] = found == WORKLOAD_CAPACITY ? METRIC_CAPACITY_RPS
                 : found == WORKLOAD_MEMORY ? METRIC_MEMORY_USER_BYTES
                 : open_loop                ? METRIC_LATENCY_P99_US
                                            : METRIC_THROUGHPUT_RPS;
    metrics[1] = found == WORKLOAD_MEMORY ? METRIC_MEMORY_KERNEL_BYTES : METRIC_CPU_US_PER_REQUEST;
}

bool standings_has_pairs(const struct ranking *ranking, const char *workload)
{
    enum metric metrics[MATRICES];
    matrix_metrics(workload, metrics);
    for (size_t i = 0; i < MATRICES; i++)
        if (standings_contest(ranking, workload, metrics[i], 0))
            return true;
    return false;
}

bool standings_has_ranks(const struct ranking *ranking, const char *workload)
{
    for (size_t i = 0; i < ranking->count; i++)
        if (strcmp(ranking->contests[i].workload, workload) == 0 &&
            rank_is_ranked(&ranking->contests[i]) && count_drawn(&ranking->contests[i]) >= 2)
            return true;
    return false;
}

/* The pair as the row's model sees it. */
struct view {
    double ratio;
    const char *verdict;
    int better; /* 1: the row's model is, -1: the column's, 0: no such verdict */
};

static struct view view_of(const struct contest *contest, size_t row, size_t column)
{
    static const struct view itself = {NAN, "itself", 0};
    for (size_t i = 0; i < pairs_count(contest->compared); i++) {
        const struct pair *pair = &contest->pairs[i];
        bool turned = pair->a == column && pair->b == row;
        if (!turned && (pair->a != row || pair->b != column))
            continue;
        int better = (pair->verdict == VERDICT_BETTER) - (pair->verdict == VERDICT_WORSE);
        better = turned ? -better : better;
        enum verdict verdict = better > 0   ? VERDICT_BETTER
                               : better < 0 ? VERDICT_WORSE
                                            : pair->verdict;
        return (struct view){turned ? 1 / pair->ratio : pair->ratio, pairs_verdict_name(verdict),
                             better};
    }
    return itself;
}

static void write_field(FILE *out, const struct contest *contest, size_t row, size_t column)
{
    const struct contestant *one = &contest->contestants[row];
    struct view view = view_of(contest, row, column);
    fprintf(out, "\t%s%s", one->cell->model, one->bound ? "*" : "");
    tsv_number(out, view.ratio);
    fprintf(out, "\t%s\t%d\n", view.verdict, view.better);
}

/* Rows and columns are numbered from 1, the best first. */
static void write_matrix_of(FILE *out, const struct contest *contest)
{
    for (size_t i = 0, row = 0; i < contest->compared; i++) {
        if (!tables_is_drawn(contest->contestants[i].cell->model))
            continue;
        row++;
        for (size_t j = 0, column = 0; j < contest->compared; j++) {
            if (!tables_is_drawn(contest->contestants[j].cell->model))
                continue;
            fprintf(out, "%s\t%" PRId64 "\t%s\t%zu\t%zu\t%zu\t%zu", contest->workload,
                    contest->level, metric_name(contest->metric), contest->blocks,
                    contest->blocks_needed, row, ++column);
            write_field(out, contest, i, j);
        }
    }
}

static void write_matrices(FILE *out, const struct ranking *ranking, const char *workload,
                           int64_t level)
{
    enum metric metrics[MATRICES];
    matrix_metrics(workload, metrics);
    for (size_t i = 0; i < MATRICES; i++) {
        const struct contest *contest = standings_contest(ranking, workload, metrics[i], level);
        if (contest)
            write_matrix_of(out, contest);
    }
}

static void write_matrix(const char *folder, const struct ranking *ranking,
                         const struct summary *summary, int64_t level)
{
    FILE *out = tsv_open(folder, "matrix.tsv");
    fputs("workload\tlevel\tmetric\tblocks\tblocks_needed\trow\tcolumn\tmodel\tratio\tverdict\t"
          "better\n",
          out);
    for (int i = 0; i < WORKLOAD_COUNT; i++) {
        const char *workload = workload_name((enum workload)i);
        write_matrices(out, ranking, workload, level_telling(workload, summary, level));
    }
    tsv_close(out);
}

/* One word on what a row of the ranking is. */
static const char *state_of(const struct contest *contest, const struct contestant *one)
{
    if (!summary_is_valid(one->cell))
        return "hollow";
    if (*one->reason)
        return "missing";
    return rank_is_ranked(contest) ? "ranked" : "unranked";
}

static void write_place(FILE *out, const struct contest *contest, const struct contestant *one,
                        size_t place)
{
    fprintf(out, "%s\t%" PRId64 "\t%s\t%zu\t%zu\t%zu\t%zu\t%zu\t%s%s\t%zu\t%zu\t%s\t%s\n",
            contest->workload, contest->level, metric_name(contest->metric), contest->blocks,
            contest->blocks_needed, contest->compared, place, tables_slot(one->cell->model),
            one->cell->model, one->bound ? "*" : "", one->rank.first, one->rank.last,
            one->letters && *one->letters ? one->letters : "-", state_of(contest, one));
}

static void write_ranks(const char *folder, const struct ranking *ranking)
{
    FILE *out = tsv_open(folder, "ranks.tsv");
    fputs("workload\tlevel\tmetric\tblocks\tblocks_needed\tcompared\tplace\tslot\tmodel\tfirst\t"
          "last\tletters\tstate\n",
          out);
    for (size_t i = 0; i < ranking->count; i++) {
        const struct contest *contest = &ranking->contests[i];
        for (size_t j = 0, place = 0; j < contest->count; j++)
            if (tables_is_drawn(contest->contestants[j].cell->model))
                write_place(out, contest, &contest->contestants[j], ++place);
    }
    tsv_close(out);
}

void standings_write(const char *folder, const struct ranking *ranking,
                     const struct summary *summary, int64_t level)
{
    write_matrix(folder, ranking, summary, level);
    write_ranks(folder, ranking);
}
