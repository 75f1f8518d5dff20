/* SPDX-License-Identifier: MIT */
#include "bench/judge/rank.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_statistics_double.h>

#include "bench/base/text.h"
#include "bench/record/workload.h"

enum { ALPHABET = 26 };

/* What is compared: the rest of the metrics describes. */
static const struct contested {
    enum metric metric;
    bool more_is_better;
    bool bounded_by_generator; /* a busy generator makes it look worse than it is */
} contested[] = {
    {METRIC_THROUGHPUT_RPS, true, true},      {METRIC_CPU_US_PER_REQUEST, false, false},
    {METRIC_LATENCY_P99_US, false, true},     {METRIC_CAPACITY_RPS, true, false},
    {METRIC_MEMORY_USER_BYTES, false, false}, {METRIC_MEMORY_KERNEL_BYTES, false, false},
};
enum { CONTESTED = sizeof contested / sizeof *contested };

static const struct contested *rules_of(enum metric metric)
{
    size_t i = 0;
    while (contested[i].metric != metric)
        i++;
    return &contested[i];
}

/* Under counting of system calls time means nothing, nor does the speed at a rate that was asked
 * for; memory is read beside a trickle; at its own capacity each has the latency of the bound, and
 * past its peak that of the window's length. */
static bool is_compared_in(const char *workload, int64_t level, enum metric metric)
{
    enum workload found = workload_find(workload);
    bool open_loop = found < WORKLOAD_COUNT && workload_facts(found)->open_loop;
    bool memory = metric == METRIC_MEMORY_USER_BYTES || metric == METRIC_MEMORY_KERNEL_BYTES;
    if (found == WORKLOAD_KNOB) /* the same level is another setting in each model: see knob.csv */
        return false;
    if (found == WORKLOAD_SYSCALLS || memory != (found == WORKLOAD_MEMORY))
        return false;
    bool overload = found < WORKLOAD_COUNT && workload_is_overload(found, (unsigned)level);
    if ((found == WORKLOAD_CAPACITY || overload) && metric == METRIC_LATENCY_P99_US)
        return false;
    return metric != METRIC_THROUGHPUT_RPS || !open_loop;
}

void rank_places(const struct pair *pairs, size_t contestants, struct rank *ranks)
{
    for (size_t i = 0; i < contestants; i++)
        ranks[i] = (struct rank){1, contestants};
    for (size_t i = 0; i < pairs_count(contestants); i++) {
        if (pairs[i].verdict != VERDICT_BETTER && pairs[i].verdict != VERDICT_WORSE)
            continue;
        bool a_wins = pairs[i].verdict == VERDICT_BETTER;
        ranks[a_wins ? pairs[i].a : pairs[i].b].last--;
        ranks[a_wins ? pairs[i].b : pairs[i].a].first++;
    }
}

/* Sets of contestants that are tied with each other, one letter each. Contestant 0 is the highest
 * bit, so that a larger number is a set that begins with a better one. */
struct columns {
    uint64_t *sets;
    size_t count;
};

static uint64_t bit_of(size_t contestant)
{
    return UINT64_C(1) << (RANK_CONTESTANTS_LIMIT - 1 - contestant);
}

static void absorb(struct columns *columns)
{
    size_t kept = 0;
    for (size_t i = 0; i < columns->count; i++) {
        bool covered = false;
        for (size_t j = 0; j < columns->count && !covered; j++) {
            bool inside = (columns->sets[i] & ~columns->sets[j]) == 0;
            bool equal = columns->sets[i] == columns->sets[j];
            covered = inside && (equal ? j < i : true);
        }
        if (!covered)
            columns->sets[kept++] = columns->sets[i];
    }
    columns->count = kept;
}

/* Each set that holds both becomes two: one without a, one without b. */
static void insert(struct columns *columns, uint64_t a, uint64_t b)
{
    size_t before = columns->count;
    columns->sets = text_reallocate(columns->sets, 2 * before, sizeof *columns->sets);
    for (size_t i = 0; i < before; i++)
        if ((columns->sets[i] & a) && (columns->sets[i] & b)) {
            columns->sets[columns->count++] = columns->sets[i] & ~a;
            columns->sets[i] &= ~b;
        }
    absorb(columns);
}

static int larger_first(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a < *b) - (*a > *b);
}

static void append_letter(char **letters, size_t column)
{
    char *longer = text_format("%s%c", *letters, 'a' + (int)(column % ALPHABET));
    for (size_t strokes = column / ALPHABET; strokes > 0; strokes--) {
        char *marked = text_format("%s'", longer);
        free(longer);
        longer = marked;
    }
    free(*letters);
    *letters = longer;
}

size_t rank_letters(const struct pair *pairs, size_t contestants, char **letters)
{
    assert(contestants <= RANK_CONTESTANTS_LIMIT);
    struct columns columns = {text_allocate(1, sizeof *columns.sets), 1};
    for (size_t i = 0; i < contestants; i++) {
        columns.sets[0] |= bit_of(i);
        letters[i] = text_copy("");
    }
    for (size_t i = 0; i < pairs_count(contestants); i++)
        if (pairs[i].verdict == VERDICT_BETTER || pairs[i].verdict == VERDICT_WORSE)
            insert(&columns, bit_of(pairs[i].a), bit_of(pairs[i].b));
    qsort(columns.sets, columns.count, sizeof *columns.sets, larger_first);
    for (size_t column = 0; column < columns.count; column++)
        for (size_t i = 0; i < contestants; i++)
            if (columns.sets[column] & bit_of(i))
                append_letter(&letters[i], column);
    free(columns.sets);
    return columns.count;
}

static const char *reason_against(const struct summary_cell *cell, enum metric metric)
{
    if (!summary_is_valid(cell))
        return cell->reason;
    return isnan(cell->metrics[metric].mean) ? "not measured in every trial" : "";
}

static bool is_in(const struct summary_cell *cell, const struct contest *contest)
{
    return cell->level == contest->level && strcmp(cell->workload, contest->workload) == 0;
}

bool rank_is_twin(const char *model)
{
    const char *end = strrchr(model, '.');
    return end && strcmp(end, ".twin") == 0;
}

/* Those that can be compared first. */
static void enter(struct contest *contest, const struct summary *summary, bool bounded)
{
    for (int compared = 1; compared >= 0; compared--)
        for (size_t i = 0; i < summary->count; i++) {
            const struct summary_cell *cell = &summary->cells[i];
            const char *reason = reason_against(cell, contest->metric);
            if (!is_in(cell, contest) || rank_is_twin(cell->model) || (*reason == '\0') != compared)
                continue;
            bool bound = bounded && strcmp(summary_limited_by(cell), "generator") == 0;
            contest->contestants[contest->count++] = (struct contestant){
                .cell = cell, .reason = reason, .bound = bound, .mean = NAN, .letters = NULL};
            contest->compared += (size_t)compared;
        }
}

/* The value of the cell's valid trial in this block, NAN when there is none; of several, a trial
 * that was repeated, the last. */
static double value_in(const struct record *record, const struct summary_cell *cell, int64_t block,
                       enum metric metric)
{
    for (size_t i = record->count; i > 0; i--) {
        const struct trial *trial = &record->trials[i - 1];
        if (trial->block == block && trial->valid == 1 && trial->level == cell->level &&
            strcmp(trial->model, cell->model) == 0 && strcmp(trial->workload, cell->workload) == 0)
            return metric_of(metric, trial, &record->histograms[i - 1]);
    }
    return NAN;
}

static int64_t last_block(const struct record *record)
{
    int64_t last = 0;
    for (size_t i = 0; i < record->count; i++)
        last = record->trials[i].block > last ? record->trials[i].block : last;
    return last;
}

/* Logarithms of all values, one row of `blocks` per contestant; a block that one of them lacks (a
 * run that was cut short) is left out. */
static double *gather(struct contest *contest, const struct record *record)
{
    int64_t blocks = last_block(record);
    size_t room = (size_t)blocks, k = contest->compared;
    double *columns = text_allocate(k * room, sizeof *columns);
    for (int64_t block = 1; block <= blocks; block++) {
        double *column = columns + contest->blocks * k;
        bool whole = true;
        for (size_t i = 0; i < k; i++) {
            column[i] = log(value_in(record, contest->contestants[i].cell, block, contest->metric));
            whole = whole && isfinite(column[i]);
        }
        contest->blocks += whole && k > 0;
    }
    double *rows = text_allocate(k * contest->blocks, sizeof *rows);
    for (size_t i = 0; i < k; i++)
        for (size_t block = 0; block < contest->blocks; block++)
            rows[i * contest->blocks + block] = columns[block * k + i];
    free(columns);
    return rows;
}

static bool is_better(const struct contestant *a, const struct contestant *b, bool more_is_better)
{
    return more_is_better ? a->mean > b->mean : a->mean < b->mean;
}

/* Best first, each with its row of logarithms. */
static void sort_contestants(struct contest *contest, double *logs, bool more_is_better)
{
    size_t n = contest->blocks, row = n * sizeof *logs;
    double *own = text_allocate(n, sizeof *own);
    for (size_t i = 0; i < contest->compared; i++) {
        struct contestant one = contest->contestants[i];
        size_t at = i;
        memcpy(own, logs + i * n, row);
        one.mean = n > 0 ? exp(gsl_stats_mean(own, 1, n)) : NAN;
        for (; at > 0 && is_better(&one, &contest->contestants[at - 1], more_is_better); at--) {
            contest->contestants[at] = contest->contestants[at - 1];
            memcpy(logs + at * n, logs + (at - 1) * n, row);
        }
        contest->contestants[at] = one;
        memcpy(logs + at * n, own, row);
    }
    free(own);
}

static void compare(struct contest *contest, const double *logs, bool more_is_better, uint64_t seed)
{
    size_t k = contest->compared;
    bool *bounds = text_allocate(k, sizeof *bounds);
    for (size_t i = 0; i < k; i++)
        bounds[i] = contest->contestants[i].bound;
    struct pairs_question question = {.contestants = k,
                                      .blocks = contest->blocks,
                                      .logs = logs,
                                      .bounds = bounds,
                                      .more_is_better = more_is_better,
                                      .threshold = contest->threshold,
                                      .seed = seed};
    contest->pairs = text_allocate(pairs_count(k), sizeof *contest->pairs);
    contest->blocks_needed = pairs_least_blocks(pairs_count(k));
    pairs_compare(&question, contest->pairs);
    free(bounds);
}

static void place(struct contest *contest)
{
    size_t k = contest->compared;
    struct rank *ranks = text_allocate(k, sizeof *ranks);
    char **letters = text_allocate(k, sizeof *letters);
    rank_places(contest->pairs, k, ranks);
    size_t used = rank_letters(contest->pairs, k, letters);
    for (size_t i = 0; i < k; i++) {
        contest->contestants[i].rank = ranks[i];
        contest->contestants[i].letters = letters[i];
        if (used > ALPHABET)
            *letters[i] = '\0'; /* too many to read: the ranks say it */
    }
    free(letters);
    free(ranks);
}

bool rank_is_ranked(const struct contest *contest)
{
    return contest->compared >= 2 && contest->blocks >= contest->blocks_needed;
}

static void hold(struct contest *contest, const struct contested *by, const struct record *record,
                 const struct summary *summary)
{
    const json_t *plan = json_object_get(record->manifest, "plan");
    uint64_t seed = (uint64_t)json_integer_value(json_object_get(plan, "seed"));
    contest->contestants = text_allocate(summary->count, sizeof *contest->contestants);
    enter(contest, summary, by->bounded_by_generator);
    double *logs = gather(contest, record);
    sort_contestants(contest, logs, by->more_is_better);
    compare(contest, logs, by->more_is_better, seed);
    if (rank_is_ranked(contest))
        place(contest);
    free(logs);
}

static const struct summary_cell *find_twin(const struct contest *contest,
                                            const struct summary *summary)
{
    for (size_t i = 0; i < summary->count; i++)
        if (is_in(&summary->cells[i], contest) && rank_is_twin(summary->cells[i].model))
            return &summary->cells[i];
    return NULL;
}

static const struct summary_cell *find_original(const struct summary_cell *twin,
                                                const struct contest *contest,
                                                const struct summary *summary)
{
    size_t length = strlen(twin->model) - strlen(".twin");
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (is_in(cell, contest) && strlen(cell->model) == length &&
            strncmp(cell->model, twin->model, length) == 0)
            return cell;
    }
    return NULL;
}

/* As any other pair, in the blocks that both have. */
static void set_against_itself(struct contest *contest, const struct record *record,
                               const struct summary_cell *model, const struct summary_cell *twin,
                               bool more_is_better)
{
    size_t blocks = (size_t)last_block(record), n = 0;
    double *logs = text_allocate(2 * blocks, sizeof *logs);
    double *seconds = text_allocate(blocks, sizeof *seconds);
    for (size_t block = 1; block <= blocks; block++) {
        double first = log(value_in(record, model, (int64_t)block, contest->metric));
        seconds[n] = log(value_in(record, twin, (int64_t)block, contest->metric));
        logs[n] = first;
        n += isfinite(first) && isfinite(seconds[n]);
    }
    memcpy(logs + n, seconds, n * sizeof *seconds);
    struct pairs_question question = {.contestants = 2,
                                      .blocks = n,
                                      .logs = logs,
                                      .more_is_better = more_is_better,
                                      .threshold = pairs_threshold(NAN)};
    if (n >= 2)
        pairs_compare(&question, &contest->twins);
    free(seconds);
    free(logs);
}

static void find_resolution(struct contest *contest, const struct contested *by,
                            const struct record *record, const struct summary *summary)
{
    contest->twins = (struct pair){.ratio = NAN, .low = NAN, .high = NAN, .p = NAN};
    const struct summary_cell *twin = find_twin(contest, summary);
    const struct summary_cell *model = twin ? find_original(twin, contest, summary) : NULL;
    if (!model || !summary_is_valid(twin) || !summary_is_valid(model))
        return;
    contest->twin_of = model->model;
    set_against_itself(contest, record, model, twin, by->more_is_better);
}

double rank_resolution(const struct contest *contest)
{
    if (isnan(contest->twins.low))
        return NAN;
    return expm1(fmax(fabs(log(contest->twins.low)), fabs(log(contest->twins.high))));
}

static double coarsest(const struct ranking *ranking, enum metric metric)
{
    double resolution = NAN;
    for (size_t i = 0; i < ranking->count; i++)
        if (ranking->contests[i].metric == metric)
            resolution = fmax(resolution, rank_resolution(&ranking->contests[i]));
    return resolution;
}

/* An earlier cell is of the same workload and level: its contests stand already. */
static bool is_entered(const struct summary *summary, size_t index)
{
    const struct summary_cell *cell = &summary->cells[index];
    for (size_t i = 0; i < index; i++)
        if (summary->cells[i].level == cell->level &&
            strcmp(summary->cells[i].workload, cell->workload) == 0)
            return true;
    return false;
}

static bool is_measured(const struct contest *contest, const struct summary *summary)
{
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (is_in(cell, contest) && summary_is_valid(cell) &&
            !isnan(cell->metrics[contest->metric].mean))
            return true;
    }
    return false;
}

static void enter_contests(struct ranking *ranking, const struct record *record,
                           const struct summary *summary)
{
    *ranking = (struct ranking){0};
    for (size_t i = 0; i < CONTESTED * summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i / CONTESTED];
        const struct contested *by = &contested[i % CONTESTED];
        struct contest contest = {
            .workload = cell->workload, .level = cell->level, .metric = by->metric};
        if (is_entered(summary, i / CONTESTED) ||
            !is_compared_in(cell->workload, cell->level, by->metric) ||
            !is_measured(&contest, summary))
            continue;
        find_resolution(&contest, by, record, summary);
        ranking->contests =
            text_reallocate(ranking->contests, ranking->count + 1, sizeof *ranking->contests);
        ranking->contests[ranking->count++] = contest;
    }
}

static int by_place(const void *left, const void *right)
{
    const struct contest *a = left, *b = right;
    int order = workload_order(a->workload, b->workload);
    if (order == 0)
        order = (a->level > b->level) - (a->level < b->level);
    return order != 0 ? order : (int)(rules_of(a->metric) - rules_of(b->metric));
}

void rank_build(struct ranking *ranking, const struct record *record, const struct summary *summary)
{
    enter_contests(ranking, record, summary);
    if (ranking->count > 0)
        qsort(ranking->contests, ranking->count, sizeof *ranking->contests, by_place);
    for (size_t i = 0; i < ranking->count; i++) {
        struct contest *contest = &ranking->contests[i];
        double resolution = rank_resolution(contest);
        if (isnan(resolution))
            resolution = coarsest(ranking, contest->metric);
        contest->threshold = pairs_threshold(resolution);
        hold(contest, rules_of(contest->metric), record, summary);
    }
}

void rank_finish(struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->count; i++) {
        struct contest *contest = &ranking->contests[i];
        for (size_t j = 0; j < contest->count; j++)
            free(contest->contestants[j].letters);
        free(contest->contestants);
        free(contest->pairs);
    }
    free(ranking->contests);
    *ranking = (struct ranking){0};
}

static void write_number(FILE *csv, double number)
{
    if (isnan(number))
        fputc(',', csv); /* an empty field: cannot be said */
    else
        fprintf(csv, ",%.6g", number);
}

static void write_contest(FILE *csv, const struct contest *contest)
{
    fprintf(csv, "%s,%" PRId64 ",%s", contest->workload, contest->level,
            metric_name(contest->metric));
}

static void write_pair(FILE *csv, const struct contest *contest, const struct pair *pair)
{
    write_contest(csv, contest);
    fprintf(csv, ",%s,%s,%zu", contest->contestants[pair->a].cell->model,
            contest->contestants[pair->b].cell->model, contest->blocks);
    write_number(csv, pair->ratio);
    write_number(csv, pair->low);
    write_number(csv, pair->high);
    write_number(csv, pair->p);
    write_number(csv, pair->p_holm);
    fprintf(csv, ",%s,%.6g,%s,", pair->exact ? "exact" : "sampled", contest->threshold,
            pairs_verdict_name(pair->verdict));
    if (pair->blocks_needed > 0)
        fprintf(csv, "%zu", pair->blocks_needed);
    fputc('\n', csv);
}

void rank_write_pairs(const struct ranking *ranking, FILE *csv)
{
    fputs("workload,level,metric,model_a,model_b,blocks,ratio,ratio_low,ratio_high,p,p_holm,"
          "test,threshold,verdict,blocks_needed\n",
          csv);
    for (size_t i = 0; i < ranking->count; i++)
        for (size_t j = 0; j < pairs_count(ranking->contests[i].compared); j++)
            write_pair(csv, &ranking->contests[i], &ranking->contests[i].pairs[j]);
}

static void write_reason(FILE *csv, const struct contest *contest, const struct contestant *one)
{
    if (*one->reason)
        fprintf(csv, ",\"%s\"\n", one->reason);
    else if (contest->compared < 2)
        fputs(",\"nobody to compare with\"\n", csv);
    else if (!rank_is_ranked(contest))
        fprintf(csv, ",\"preview: %zu block%s, needs %zu\"\n", contest->blocks,
                contest->blocks == 1 ? "" : "s", contest->blocks_needed);
    else
        fputs(",\"\"\n", csv);
}

static void write_contestant(FILE *csv, const struct contest *contest, const struct contestant *one)
{
    bool ranked = one->rank.first > 0;
    write_contest(csv, contest);
    fprintf(csv, ",%s,%d,", one->cell->model, ranked);
    if (ranked)
        fprintf(csv, "%zu,%zu,%s", one->rank.first, one->rank.last, one->letters);
    else
        fputs(",,", csv);
    write_number(csv, one->mean);
    fprintf(csv, ",%d,%zu", one->bound, *one->reason ? 0 : contest->blocks);
    write_reason(csv, contest, one);
}

void rank_write(const struct ranking *ranking, FILE *csv)
{
    fputs("workload,level,metric,model,ranked,rank_first,rank_last,letters,mean,bound,blocks,"
          "reason\n",
          csv);
    for (size_t i = 0; i < ranking->count; i++)
        for (size_t j = 0; j < ranking->contests[i].count; j++)
            write_contestant(csv, &ranking->contests[i], &ranking->contests[i].contestants[j]);
}

void rank_write_resolution(const struct ranking *ranking, FILE *csv)
{
    fputs("workload,level,metric,model,ratio,ratio_low,ratio_high,p,resolution\n", csv);
    for (size_t i = 0; i < ranking->count; i++) {
        const struct contest *contest = &ranking->contests[i];
        if (isnan(contest->twins.ratio))
            continue;
        write_contest(csv, contest);
        fprintf(csv, ",%s", contest->twin_of);
        write_number(csv, contest->twins.ratio);
        write_number(csv, contest->twins.low);
        write_number(csv, contest->twins.high);
        write_number(csv, contest->twins.p);
        write_number(csv, rank_resolution(contest));
        fputc('\n', csv);
    }
}

/* "epoll-lt against itself ...": by metric, over all levels. */
static void print_resolution(const struct ranking *ranking, FILE *out)
{
    for (size_t j = 0; j < CONTESTED; j++) {
        double finest = NAN;
        const char *model = NULL;
        size_t different = 0, count = 0;
        for (size_t i = 0; i < ranking->count; i++) {
            const struct contest *contest = &ranking->contests[i];
            if (contest->metric != contested[j].metric || isnan(contest->twins.ratio))
                continue;
            model = contest->twin_of;
            finest = fmin(finest, rank_resolution(contest));
            different += contest->twins.p <= 0.05;
            count++;
        }
        if (count > 0)
            fprintf(out,
                    "today's resolution, %s against itself: %s, +-%.1f to %.1f %%; different at "
                    "p <= 0.05 in %zu of %zu contests\n",
                    model, metric_name(contested[j].metric), 100 * finest,
                    100 * coarsest(ranking, contested[j].metric), different, count);
    }
}

static void print_contest(FILE *out, const struct contest *contest)
{
    fprintf(out, "  %s, %" PRId64 ", %s:", contest->workload, contest->level,
            metric_name(contest->metric));
    for (size_t i = 0; i < contest->compared; i++) {
        const struct contestant *one = &contest->contestants[i];
        fprintf(out, "%s %zu", i ? ";" : "", one->rank.first);
        if (one->rank.last > one->rank.first)
            fprintf(out, "-%zu", one->rank.last);
        fprintf(out, " %s%s (%s)", one->cell->model, one->bound ? "*" : "", one->letters);
    }
    fputc('\n', out);
}

void rank_print(const struct ranking *ranking, FILE *out)
{
    print_resolution(ranking, out);
    size_t ranked = 0, previews = 0, fewest = SIZE_MAX, most = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        const struct contest *contest = &ranking->contests[i];
        if (rank_is_ranked(contest)) {
            if (ranked++ == 0)
                fputs("ranks, best first (same letter: tied; *: may be better than measured):\n",
                      out);
            print_contest(out, contest);
        } else if (contest->compared >= 2) {
            previews++;
            fewest = contest->blocks < fewest ? contest->blocks : fewest;
            most = contest->blocks_needed > most ? contest->blocks_needed : most;
        }
    }
    if (ranked > 0 && previews > 0)
        fprintf(out, "%zu of %zu contests are not ranked: too few blocks are whole\n", previews,
                ranked + previews);
    else if (most > 0)
        fprintf(out, "preview, not ranked: %zu block%s, needs %zu\n", fewest,
                fewest == 1 ? "" : "s", most);
}
