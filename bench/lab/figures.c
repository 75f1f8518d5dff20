/* SPDX-License-Identifier: MIT */
#include "bench/lab/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <jansson.h>

#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/judge/estimate.h"

static const double upper_tail = 0.975; /* of a two-sided 95 % interval */
static const struct interval nothing = {NAN, NAN, NAN, 0};

/* ---- Keeping ---- */

static void copy_name(char *to, const char *name)
{
    if (strlen(name) >= FIGURE_NAME_SIZE)
        say_and_exit("the name %s has over %d bytes", name, FIGURE_NAME_SIZE - 1);
    memcpy(to, name, strlen(name) + 1);
}

static bool is_called(const struct figure *figure, const char *claim, const char *cell,
                      const char *metric)
{
    return (!claim || strcmp(figure->claim, claim) == 0) && strcmp(figure->cell, cell) == 0 &&
           strcmp(figure->metric, metric) == 0;
}

const struct figure *figures_find(const struct figures *figures, const char *claim,
                                  const char *cell, const char *metric)
{
    for (size_t i = 0; i < figures->count; i++)
        if (is_called(&figures->all[i], claim, cell, metric))
            return &figures->all[i];
    return NULL;
}

static struct figure *find_or_make(struct figures *figures, const char *claim, const char *cell,
                                   const char *metric, enum figure_kind kind)
{
    const struct figure *old = figures_find(figures, claim, cell, metric);
    if (old)
        return &figures->all[old - figures->all];
    if (figures->count == figures->room) {
        figures->room = figures->room ? 2 * figures->room : 64;
        figures->all = text_reallocate(figures->all, figures->room, sizeof *figures->all);
    }
    struct figure *figure = &figures->all[figures->count++];
    *figure = (struct figure){.kind = kind};
    copy_name(figure->claim, claim);
    copy_name(figure->cell, cell);
    copy_name(figure->metric, metric);
    return figure;
}

void figures_add_value(struct figures *figures, const char *claim, const char *cell,
                       const char *metric, unsigned repeat, double value)
{
    struct figure *figure = find_or_make(figures, claim, cell, metric, FIGURE_VALUES);
    if (figure->count == figure->room) {
        figure->room = figure->room ? 2 * figure->room : 16;
        figure->values = text_reallocate(figure->values, figure->room, sizeof *figure->values);
        figure->repeats = text_reallocate(figure->repeats, figure->room, sizeof *figure->repeats);
    }
    figure->values[figure->count] = value;
    figure->repeats[figure->count++] = repeat;
}

void figures_add_share(struct figures *figures, const char *claim, const char *cell,
                       const char *metric, int64_t hits, int64_t tries)
{
    struct figure *figure = find_or_make(figures, claim, cell, metric, FIGURE_SHARE);
    figure->hits += hits;
    figure->tries += tries;
}

void figures_add_text(struct figures *figures, const char *claim, const char *cell,
                      const char *metric, const char *text)
{
    struct figure *figure = find_or_make(figures, claim, cell, metric, FIGURE_TEXT);
    snprintf(figure->text, sizeof figure->text, "%s", text);
}

static void empty(struct figure *figure)
{
    free(figure->values);
    free(figure->repeats);
}

static void forget(struct figures *figures, const char *claim)
{
    size_t kept = 0;
    for (size_t i = 0; i < figures->count; i++)
        if (strcmp(figures->all[i].claim, claim) == 0)
            empty(&figures->all[i]);
        else
            figures->all[kept++] = figures->all[i];
    figures->count = kept;
}

void figures_finish(struct figures *figures)
{
    for (size_t i = 0; i < figures->count; i++)
        empty(&figures->all[i]);
    free(figures->all);
    *figures = (struct figures){0};
}

/* ---- Reading ---- */

static void take(struct figures *figures, const json_t *line, const char *wanted)
{
    const char *claim = json_string_value(json_object_get(line, "claim"));
    const char *cell = json_string_value(json_object_get(line, "cell"));
    const char *metric = json_string_value(json_object_get(line, "metric"));
    if (!claim || (wanted && strcmp(claim, wanted) != 0))
        return;
    if (json_is_true(json_object_get(line, "begins"))) {
        forget(figures, claim);
        return;
    }
    const json_t *value = json_object_get(line, "value"), *tries = json_object_get(line, "tries");
    const char *text = json_string_value(json_object_get(line, "text"));
    if (!cell || !metric)
        return;
    if (text)
        figures_add_text(figures, claim, cell, metric, text);
    else if (tries)
        figures_add_share(figures, claim, cell, metric,
                          json_integer_value(json_object_get(line, "hits")),
                          json_integer_value(tries));
    else
        figures_add_value(figures, claim, cell, metric,
                          (unsigned)json_integer_value(json_object_get(line, "repeat")),
                          json_number_value(value));
}

bool figures_read(struct figures *figures, const char *folder, const char *claim)
{
    char *path = text_format("%s/values.jsonl", folder);
    FILE *file = fopen(path, "re");
    free(path);
    if (!file)
        return false;
    char *text = NULL;
    size_t size = 0;
    while (getline(&text, &size, file) > 0) {
        json_t *line = json_loads(text, 0, NULL); /* NULL: the half line of one that was killed */
        take(figures, line, claim);
        json_decref(line);
    }
    free(text);
    (void)fclose(file);
    return true;
}

/* ---- Estimating ---- */

static struct interval arithmetic(const double *values, size_t n)
{
    double mean = gsl_stats_mean(values, 1, n);
    if (n < 2)
        return (struct interval){mean, NAN, NAN, n};
    double s = gsl_stats_sd_m(values, 1, n, mean);
    double reach = gsl_cdf_tdist_Pinv(upper_tail, (double)n - 1) * s / sqrt((double)n);
    return (struct interval){mean, mean - reach, mean + reach, n};
}

static bool are_positive(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(values[i] > 0))
            return false;
    return true;
}

static struct interval of_values(const double *values, size_t n)
{
    if (n == 0)
        return nothing;
    if (!are_positive(values, n))
        return arithmetic(values, n);
    struct estimate estimate = estimate_of(values, n);
    return (struct interval){estimate.mean, estimate.low, estimate.high, n};
}

/* The quantile by bisection: gsl_cdf_beta_Pinv() does not converge for some small shares of
 * thousands, and ends the program. */
static double beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (gsl_cdf_beta_P(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static struct interval of_share(int64_t hits, int64_t tries)
{
    if (tries <= 0)
        return nothing;
    double k = (double)hits, n = (double)tries;
    double low = hits == 0 ? 0 : beta_quantile(1 - upper_tail, k, n - k + 1);
    double high = hits == tries ? 1 : beta_quantile(upper_tail, k + 1, n - k);
    return (struct interval){k / n, low, high, (size_t)tries};
}

struct interval figure_interval(const struct figure *figure)
{
    if (figure->kind == FIGURE_SHARE)
        return of_share(figure->hits, figure->tries);
    return of_values(figure->values, figure->count);
}

struct interval figures_interval(const struct figures *figures, const char *cell,
                                 const char *metric)
{
    const struct figure *figure = figures_find(figures, NULL, cell, metric);
    return figure ? figure_interval(figure) : nothing;
}

static double value_at(const struct figure *figure, unsigned repeat)
{
    for (size_t i = 0; i < figure->count; i++)
        if (figure->repeats[i] == repeat)
            return figure->values[i];
    return NAN;
}

struct interval figures_ratio(const struct figures *figures, const char *cell, const char *other,
                              const char *metric)
{
    const struct figure *above = figures_find(figures, NULL, cell, metric);
    const struct figure *below = figures_find(figures, NULL, other, metric);
    if (!above || !below || above->count == 0)
        return nothing;
    double *ratios = text_allocate(above->count, sizeof *ratios);
    size_t n = 0;
    for (size_t i = 0; i < above->count; i++) {
        double divisor = value_at(below, above->repeats[i]);
        if (!isnan(divisor))
            ratios[n++] = above->values[i] / divisor;
    }
    struct interval ratio = n && are_positive(ratios, n) ? of_values(ratios, n) : nothing;
    free(ratios);
    return ratio;
}

const char *figures_text(const struct figures *figures, const char *cell, const char *metric)
{
    const struct figure *figure = figures_find(figures, NULL, cell, metric);
    return figure ? figure->text : "";
}

enum certainty interval_over(struct interval interval, double limit)
{
    if (interval.low > limit)
        return CERTAIN_YES;
    return interval.high <= limit ? CERTAIN_NO : UNCERTAIN;
}

enum certainty interval_under(struct interval interval, double limit)
{
    if (interval.high < limit)
        return CERTAIN_YES;
    return interval.low >= limit ? CERTAIN_NO : UNCERTAIN;
}

/* ---- Showing ---- */

double figure_setting(const char *cell)
{
    const char *at = strrchr(cell, '@');
    char *end;
    double setting = at ? strtod(at + 1, &end) : NAN;
    return at && end != at + 1 && !*end ? setting : NAN;
}

/* What a metric's name ends in, and how it is written behind a number. The longest fits first. */
static const struct unit {
    const char *ending, *sign;
    double factor;
} units[] = {
    {"cpu_us_per_request", " µs", 1},
    {"_rps", "/s", 1},
    {"_per_s", "/s", 1},
    {"_percent", " %", 1},
    {"_ppm", " %", 1e-4},
    {"_us", " µs", 1},
    {"_ms", " ms", 1},
    {"_s", " s", 1},
    {"_ns", " ns", 1},
    {"_kib", " KiB", 1},
    {"_bytes", " bytes", 1},
    {"_lines", " lines", 1},
    {"ratio", " ×", 1},
};

static const struct unit *unit_of(const char *metric)
{
    static const struct unit none = {"", "", 1};
    size_t length = strlen(metric);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t ending = strlen(units[i].ending);
        if (length >= ending && strcmp(metric + length - ending, units[i].ending) == 0)
            return &units[i];
    }
    return &none;
}

/* Where numbers get long, the next unit. */
static const struct step {
    const char *sign;
    double from;
    struct unit next;
} steps[] = {
    {" ns", 1e4, {NULL, " µs", 1e-3}},
    {" µs", 1e4, {NULL, " ms", 1e-3}},
    {" ms", 1e4, {NULL, " s", 1e-3}},
    {" bytes", 10240, {NULL, " KiB", 1.0 / 1024}},
    {" KiB", 10240, {NULL, " MiB", 1.0 / 1024}},
};

static struct unit unit_for(const char *metric, double number)
{
    struct unit unit = *unit_of(metric);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (strcmp(unit.sign, steps[i].sign) == 0 && fabs(number) * unit.factor >= steps[i].from)
            unit = (struct unit){NULL, steps[i].next.sign, unit.factor * steps[i].next.factor};
    return unit;
}
/* Three digits that count; whole numbers with their thousands apart. */
static void print_number(FILE *out, double number)
{
    double size = fabs(number);
    if (size >= 1e3) {
        int digits = size < 1e4 ? 1 : (int)floor(log10(size)) - 2;
        double step = pow(10, digits), rounded = round(number / step) * step;
        if (fabs(number - round(number)) < 1e-9 && size < 1e5)
            rounded = number;
        long long whole = llround(rounded);
        if (llabs(whole) >= 1000000)
            fprintf(out, "%lld %03lld %03lld", whole / 1000000, llabs(whole) / 1000 % 1000,
                    llabs(whole) % 1000);
        else
            fprintf(out, "%lld %03lld", whole / 1000, llabs(whole) % 1000);
    } else {
        fprintf(out, "%.3g", number);
    }
}

char *interval_print(struct interval interval, const char *metric, bool bare)
{
    const struct unit unit = unit_for(metric, interval.mean);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        say_and_exit("out of memory");
    print_number(out, interval.mean * unit.factor);
    fputs(unit.sign, out);
    if (!bare && !isnan(interval.low) && interval.low != interval.high) {
        fputs(" [", out);
        print_number(out, interval.low * unit.factor);
        fputs(", ", out);
        print_number(out, interval.high * unit.factor);
        fputc(']', out);
    }
    if (fclose(out))
        say_and_exit("out of memory");
    return text;
}

char *figure_print(const struct figure *figure, bool bare)
{
    struct interval interval = figure_interval(figure);
    if (figure->kind == FIGURE_TEXT)
        return text_copy(figure->text);
    if (figure->kind == FIGURE_VALUES)
        return interval_print(interval, figure->metric, bare);
    char *hits = interval_print((struct interval){(double)figure->hits, NAN, NAN, 0}, "", true);
    char *tries = interval_print((struct interval){(double)figure->tries, NAN, NAN, 0}, "", true);
    char *text = bare ? text_format("%s of %s", hits, tries)
                      : text_format("%s of %s [%.3g, %.3g %%]", hits, tries, 100 * interval.low,
                                    100 * interval.high);
    free(tries);
    free(hits);
    return text;
}

void figures_write(const struct figures *figures, FILE *csv)
{
    fputs("claim,cell,metric,n,mean,low,high,text\n", csv);
    for (size_t i = 0; i < figures->count; i++) {
        const struct figure *figure = &figures->all[i];
        struct interval interval = figure_interval(figure);
        fprintf(csv, "%s,%s,%s,", figure->claim, figure->cell, figure->metric);
        if (figure->kind == FIGURE_TEXT)
            fprintf(csv, ",,,,\"%s\"\n", figure->text);
        else
            fprintf(csv, "%zu,%.6g,%.6g,%.6g,\n", interval.n, interval.mean, interval.low,
                    interval.high);
    }
}

static FILE *open_table(const char *folder, const char *claim, const char *ending)
{
    char *path = text_format("%s/charts/data/%s%s.tsv", folder, claim, ending);
    FILE *table = fopen(path, "we");
    if (!table)
        say_and_exit("cannot write %s: %s", path, strerror(errno));
    free(path);
    return table;
}

static void print_place(const struct figure *figure, FILE *table)
{
    double setting = figure_setting(figure->cell);
    int series = isnan(setting) ? (int)strlen(figure->cell)
                                : (int)(strrchr(figure->cell, '@') - figure->cell);
    fprintf(table, "%.*s\t", series, figure->cell);
    if (isnan(setting))
        fputs("NaN", table);
    else
        fprintf(table, "%.9g", setting);
    fprintf(table, "\t%s", figure->metric);
}

static void print_estimate(const struct figure *figure, FILE *table)
{
    struct interval interval =
        figure->kind == FIGURE_TEXT ? (struct interval){NAN, NAN, NAN, 0} : figure_interval(figure);
    print_place(figure, table);
    fprintf(table, "\t%zu", interval.n);
    const double numbers[] = {interval.mean, interval.low, interval.high};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (isnan(numbers[i]))
            fputs("\tNaN", table);
        else
            fprintf(table, "\t%.9g", numbers[i]);
    fprintf(table, "\t%s\n", figure->text);
}

void figures_tabulate(const struct figures *figures, const char *claim, const char *folder)
{
    FILE *estimates = open_table(folder, claim, ""), *values = open_table(folder, claim, "-values");
    fputs("series\tsetting\tmetric\tn\tmean\tlow\thigh\ttext\n", estimates);
    fputs("series\tsetting\tmetric\trepeat\tvalue\n", values);
    for (size_t i = 0; i < figures->count; i++) {
        const struct figure *figure = &figures->all[i];
        if (strcmp(figure->claim, claim) != 0)
            continue;
        print_estimate(figure, estimates);
        for (size_t k = 0; k < figure->count; k++) {
            print_place(figure, values);
            fprintf(values, "\t%u\t%.9g\n", figure->repeats[k], figure->values[k]);
        }
    }
    if (fclose(estimates) | fclose(values))
        say_and_exit("cannot write the tables of %s in %s", claim, folder);
}
