/* SPDX-License-Identifier: MIT */
#include "bench/show/digest.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/show/level.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/record/workload.h"

enum { BUSY_LEVEL = 64, NARROWEST = 3 /* of a column: Markdown's rule needs as many */ };

static const char nothing[] = "None.\n";

/* Strings by row and column; the first row is the heading, the first column names. */
struct grid {
    char **fields; /* owned, each of them too */
    size_t rows, columns;
};

static void grid_init(struct grid *grid, size_t rows, size_t columns)
{
    *grid = (struct grid){text_allocate(rows * columns, sizeof *grid->fields), rows, columns};
}

static void grid_finish(struct grid *grid)
{
    for (size_t i = 0; i < grid->rows * grid->columns; i++)
        free(grid->fields[i]);
    free(grid->fields);
}

/* Takes over the string. */
static void grid_set(struct grid *grid, size_t row, size_t column, char *field)
{
    free(grid->fields[row * grid->columns + column]);
    grid->fields[row * grid->columns + column] = field;
}

static const char *grid_field(const struct grid *grid, size_t row, size_t column)
{
    const char *field = grid->fields[row * grid->columns + column];
    return field ? field : "";
}

static int grid_width(const struct grid *grid, size_t column)
{
    size_t widest = NARROWEST;
    for (size_t row = 0; row < grid->rows; row++) {
        size_t width = strlen(grid_field(grid, row, column));
        widest = width > widest ? width : widest;
    }
    return (int)widest;
}

static void put_rule(const struct grid *grid, FILE *out)
{
    for (size_t column = 0; column < grid->columns; column++) {
        fputs("| ", out);
        for (int i = 1; i < grid_width(grid, column); i++)
            fputc('-', out);
        fputs(column ? ": " : "- ", out);
    }
    fputs("|\n", out);
}

static void grid_write(const struct grid *grid, FILE *out)
{
    for (size_t row = 0; row < grid->rows; row++) {
        for (size_t column = 0; column < grid->columns; column++) {
            int width = grid_width(grid, column);
            fprintf(out, "| %*s ", column ? width : -width, grid_field(grid, row, column));
        }
        fputs("|\n", out);
        if (row == 0)
            put_rule(grid, out);
    }
}

static FILE *open_text(char **text, size_t *size)
{
    FILE *out = open_memstream(text, size);
    if (!out)
        say_and_exit("out of memory");
    return out;
}

static void close_text(FILE *out)
{
    if (fclose(out))
        say_and_exit("out of memory");
}

/* "40 120", "9.53": three digits or all that stand before the point. */
static char *figure(double value)
{
    char *plain = text_format("%.*f", value >= 100 ? 0 : value >= 10 ? 1 : 2, value), *grouped;
    size_t size, length = strcspn(plain, ".");
    FILE *out = open_text(&grouped, &size);
    for (size_t i = 0; plain[i]; i++) {
        if (i > 0 && i < length && (length - i) % 3 == 0)
            fputc(' ', out);
        fputc(plain[i], out);
    }
    close_text(out);
    free(plain);
    return grouped;
}

static char *rank_words(const struct contestant *one)
{
    if (one->rank.first == 0)
        return text_copy("");
    if (one->rank.first == one->rank.last)
        return text_format(" (%zu %s)", one->rank.first, one->letters);
    return text_format(" (%zu-%zu %s)", one->rank.first, one->rank.last, one->letters);
}

static char *field_of(const struct contest *contest, const struct contestant *one)
{
    if (!summary_is_valid(one->cell))
        return text_copy("hollow");
    if (isnan(one->mean))
        return text_copy("-");
    char *value = figure(one->mean), *ranks = rank_words(one);
    const char *sign = !one->bound ? "" : contest->metric == METRIC_THROUGHPUT_RPS ? "> " : "< ";
    char *field = text_format("%s%s%s", sign, value, ranks);
    free(ranks);
    free(value);
    return field;
}

/* The contests of one workload and metric, a column each. */
struct columns {
    const struct contest **contests; /* owned, the contests are not */
    size_t count;
};

static bool is_alike(const struct contest *a, const struct contest *b)
{
    return a->metric == b->metric && strcmp(a->workload, b->workload) == 0;
}

static void find_columns(struct columns *columns, const struct ranking *ranking,
                         const struct contest *first)
{
    columns->count = 0;
    columns->contests = text_allocate(ranking->count, sizeof(const struct contest *));
    for (size_t i = 0; i < ranking->count; i++)
        if (is_alike(&ranking->contests[i], first))
            columns->contests[columns->count++] = &ranking->contests[i];
}

/* By it the rows are ordered, best first. */
static const struct contest *usual_contest(const struct columns *columns)
{
    const struct contest *best = columns->contests[0];
    int64_t wanted = level_wanted(best->workload, BUSY_LEVEL);
    for (size_t i = 1; i < columns->count; i++)
        if (llabs(columns->contests[i]->level - wanted) < llabs(best->level - wanted))
            best = columns->contests[i];
    return best;
}

static const struct contestant *find_contestant(const struct contest *contest, const char *model)
{
    for (size_t i = 0; i < contest->count; i++)
        if (strcmp(contest->contestants[i].cell->model, model) == 0)
            return &contest->contestants[i];
    return NULL;
}

static void fill_row(struct grid *grid, size_t row, const struct columns *columns,
                     const char *model)
{
    grid_set(grid, row, 0, text_copy(model));
    for (size_t i = 0; i < columns->count; i++) {
        const struct contestant *one = find_contestant(columns->contests[i], model);
        if (one)
            grid_set(grid, row, i + 1, field_of(columns->contests[i], one));
    }
}

/* Cells stand in one array, in the order of the models. */
static int by_model(const void *left, const void *right)
{
    const struct contestant *const *a = left, *const *b = right;
    return ((*a)->cell > (*b)->cell) - ((*a)->cell < (*b)->cell);
}

/* The best first; where nobody is ranked, in the order of the models. */
static const struct contestant **order_rows(const struct contest *key)
{
    const struct contestant **rows = text_allocate(key->count, sizeof(const struct contestant *));
    for (size_t i = 0; i < key->count; i++)
        rows[i] = &key->contestants[i];
    if (!rank_is_ranked(key))
        qsort(rows, key->count, sizeof(const struct contestant *), by_model);
    return rows;
}

static void write_table(const struct columns *columns, FILE *out)
{
    const struct contest *key = usual_contest(columns);
    const struct contestant **rows = order_rows(key);
    struct grid grid;
    grid_init(&grid, key->count + 1, columns->count + 1);
    grid_set(&grid, 0, 0, text_copy("model"));
    for (size_t i = 0; i < columns->count; i++)
        grid_set(&grid, 0, i + 1, level_name(key->workload, columns->contests[i]->level));
    for (size_t i = 0; i < key->count; i++)
        fill_row(&grid, i + 1, columns, rows[i]->cell->model);
    fprintf(out, "**%s by %s**%s\n\n", metric_name(key->metric), level_unit(key->workload),
            rank_is_ranked(key)  ? ""
            : key->compared >= 2 ? ", preview: not ranked"
                                 : ", nobody to compare with");
    grid_write(&grid, out);
    grid_finish(&grid);
    free(rows);
}

/* Each table begins at the first contest of its kind. */
static bool is_again(const struct ranking *ranking, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (is_alike(&ranking->contests[i], &ranking->contests[index]))
            return true;
    return false;
}

static size_t write_tables(const struct ranking *ranking, enum workload workload, bool first,
                           FILE *out)
{
    size_t tables = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        const struct contest *contest = &ranking->contests[i];
        if (strcmp(contest->workload, workload_name(workload)) != 0 || is_again(ranking, i))
            continue;
        if (tables++ == 0)
            fprintf(out, "%s### %s\n\n%s\n", first ? "" : "\n", workload_name(workload),
                    workload_facts(workload)->about);
        struct columns columns;
        find_columns(&columns, ranking, contest);
        fputc('\n', out);
        write_table(&columns, out);
        free(columns.contests);
    }
    return tables;
}

char *digest_rankings(const struct ranking *ranking)
{
    char *text;
    size_t size, tables = 0;
    FILE *out = open_text(&text, &size);
    for (int workload = 0; workload < WORKLOAD_COUNT; workload++)
        tables += write_tables(ranking, (enum workload)workload, tables == 0, out);
    if (tables == 0)
        fputs(nothing, out);
    close_text(out);
    return text;
}

char *digest_hollow(const struct summary *summary)
{
    char *text;
    size_t size, hollow = 0;
    FILE *out = open_text(&text, &size);
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (summary_is_valid(cell))
            continue;
        hollow++;
        char *level = level_of_cell(cell);
        fprintf(out, "- %s, %s %s %s: %zu of %zu trials valid: %s\n", cell->model, cell->workload,
                level_word(cell->workload), level, cell->valid_trials, cell->trials, cell->reason);
        free(level);
    }
    if (hollow == 0)
        fputs(nothing, out);
    close_text(out);
    return text;
}

char *digest_warnings(const struct warnings *warnings)
{
    char *text;
    size_t size;
    FILE *out = open_text(&text, &size);
    for (size_t i = 0; i < warnings->count; i++)
        fprintf(out, "- **%c%s.** %s\n", toupper((unsigned char)warnings->all[i].text[0]),
                warnings->all[i].text + 1, warnings->all[i].advice);
    if (warnings->count == 0)
        fputs(nothing, out);
    close_text(out);
    return text;
}
