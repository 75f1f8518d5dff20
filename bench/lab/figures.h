/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_FIGURES_H
#define BENCH_LAB_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What an experiment found: for each cell ("poll@900": what was tried, and at which setting) and
 * metric ("cpu_us_per_request": the unit stands in the name) the values of all repeats, or how
 * often something happened in how many tries, or a text. Verdicts, tables, charts and notes are
 * functions of these.
 */

enum { FIGURE_NAME_SIZE = 64, FIGURE_TEXT_SIZE = 200 };

enum figure_kind { FIGURE_VALUES, FIGURE_SHARE, FIGURE_TEXT };

struct figure {
    char claim[FIGURE_NAME_SIZE], cell[FIGURE_NAME_SIZE], metric[FIGURE_NAME_SIZE];
    enum figure_kind kind;
    double *values;    /* one for each repeat that had one */
    unsigned *repeats; /* which ones, from 1 */
    size_t count, room;
    int64_t hits, tries; /* of a share, all repeats together */
    char text[FIGURE_TEXT_SIZE];
};

struct figures {
    struct figure *all;
    size_t count, room;
};

/* A quantity with its 95 % interval; NAN for what cannot be said. */
struct interval {
    double mean, low, high;
    size_t n;
};

/* Each adds to the figure of that name, or makes it. Names that are too long end the program. */
void figures_add_value(struct figures *, const char *claim, const char *cell, const char *metric,
                       unsigned repeat, double value);
void figures_add_share(struct figures *, const char *claim, const char *cell, const char *metric,
                       int64_t hits, int64_t tries);
void figures_add_text(struct figures *, const char *claim, const char *cell, const char *metric,
                      const char *text);
void figures_finish(struct figures *);

/* Reads FOLDER/values.jsonl, all claims or one (NULL: all). Lines of an earlier attempt at the same
 * claim are forgotten when a line {"claim": ID, "begins": true} comes. False when there is no such
 * file. */
bool figures_read(struct figures *, const char *folder, const char *claim);

/* NULL: there is none. Within one claim's figures `claim` may be NULL. */
const struct figure *figures_find(const struct figures *, const char *claim, const char *cell,
                                  const char *metric);

/*
 * Of values: where all are positive the geometric mean with its t interval (estimate_of()), else
 * the arithmetic mean, mean +- t s / sqrt n. Values that are all the same have themselves as
 * interval. Of a share: hits / tries with the interval of Clopper and Pearson (Biometrika 26, 1934;
 * from the beta distribution's quantiles), exact whatever the share.
 */
struct interval figure_interval(const struct figure *);

/* The same by name, in one claim's figures; all NAN and n 0 when there is none. */
struct interval figures_interval(const struct figures *, const char *cell, const char *metric);

/* cell / other, from the repeats that both have: exp of the mean of ln(a/b), with its t interval;
 * what slows a whole repeat slows both. All NAN when a value is not positive. */
struct interval figures_ratio(const struct figures *, const char *cell, const char *other,
                              const char *metric);

/* The text, or "". */
const char *figures_text(const struct figures *, const char *cell, const char *metric);

/* What an interval says of a limit. */
enum certainty { CERTAIN_NO, CERTAIN_YES, UNCERTAIN };
enum certainty interval_over(struct interval, double limit);  /* all of it above */
enum certainty interval_under(struct interval, double limit); /* all of it below */

/* The number behind '@' in a cell's name, or NAN; what stands before it is the series. */
double figure_setting(const char *cell);

/* "12.3 us [11.9, 12.8]" as people write it, with the unit that the metric's name ends in, or the
 * next larger one; without interval when there is none or `bare`. The caller's to free. */
char *interval_print(struct interval, const char *metric, bool bare);

/* The same of a figure; a share is written "3 of 8 [8.52, 75.5 %]", a text as it is. */
char *figure_print(const struct figure *, bool bare);

/* figures.csv: claim, cell, metric, n, mean, low, high, text. */
void figures_write(const struct figures *, FILE *csv);

/* One claim's values and estimates for gnuplot: FOLDER/charts/data/ID.tsv (series, setting, metric,
 * n, mean, low, high, text) and ID-values.tsv (series, setting, metric, repeat, value). */
void figures_tabulate(const struct figures *, const char *claim, const char *folder);

#endif
