/* SPDX-License-Identifier: MIT */
#include "bench/lab/notes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/lab/conduct.h"
#include "bench/run/host.h"

enum { METRICS_MOST = 12, COLUMNS_MOST = 128 };

struct notes {
    const struct notes_source *source;
    FILE *out;
    char *trouble; /* the first */
};

/* Takes the text over. */
static void complain(struct notes *notes, char *text)
{
    if (notes->trouble)
        free(text);
    else
        notes->trouble = text;
}

static const struct claim *find_claim(const struct notes *notes, const char *id)
{
    for (size_t i = 0; notes->source->claims[i]; i++)
        if (strcmp(notes->source->claims[i]->id, id) == 0)
            return notes->source->claims[i];
    return NULL;
}

/* ---- Figures ---- */

/* Takes the text over. */
static void put_printed(struct notes *notes, char *text)
{
    fputs(text, notes->out);
    free(text);
}

static void put_interval(struct notes *notes, struct interval interval, const char *metric,
                         const char *form)
{
    put_printed(notes, interval_print(interval, metric, form != NULL));
}

/* Splits at the last point: "poll@900" and "cpu_us_per_request". */
static char *split_metric(char *name)
{
    char *point = strrchr(name, '.');
    if (!point)
        return NULL;
    *point = '\0';
    return point + 1;
}

static void put_ratio(struct notes *notes, const struct figures *mine, char *cells,
                      const char *metric, const char *form)
{
    char *other = strchr(cells, '/');
    *other++ = '\0';
    struct interval ratio = figures_ratio(mine, cells, other, metric);
    if (isnan(ratio.mean))
        complain(notes, text_format("no ratio %s/%s of %s", cells, other, metric));
    else
        put_interval(notes, ratio, "ratio", form);
}

static void put_figure(struct notes *notes, const struct claim *claim, char *name, const char *form)
{
    const char *metric = split_metric(name);
    struct figures mine;
    conduct_select(&mine, notes->source->figures, claim->id);
    const struct figure *figure = metric ? figures_find(&mine, NULL, name, metric) : NULL;
    if (metric && strchr(name, '/'))
        put_ratio(notes, &mine, name, metric, form);
    else if (!figure)
        complain(notes,
                 text_format("%s has no figure %s.%s", claim->id, name, metric ? metric : "?"));
    else
        put_printed(notes, figure_print(figure, form != NULL));
    figures_finish(&mine);
}

/* ---- Tables ---- */

static bool comes_first(const struct figures *figures, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(figures->all[i].cell, figures->all[index].cell) == 0)
            return false;
    return true;
}

static size_t split_list(char *list, const char **words, size_t most)
{
    size_t count = 0;
    for (char *word; list && count < most && (word = strsep(&list, ","));)
        words[count++] = word;
    return count;
}

/* The name without its setting; the caller's to free. */
static char *series_of(const char *cell)
{
    size_t length =
        isnan(figure_setting(cell)) ? strlen(cell) : (size_t)(strrchr(cell, '@') - cell);
    return text_format("%.*s", (int)length, cell);
}

/* By series, and in the order of their settings; experiments draw their order anew each time. */
static int by_place(const void *a, const void *b)
{
    const struct figure *const *one = a, *const *two = b;
    char *first = series_of((*one)->cell), *second = series_of((*two)->cell);
    int order = strcmp(first, second);
    double x = figure_setting((*one)->cell), y = figure_setting((*two)->cell);
    free(second);
    free(first);
    return order != 0 ? order : (x > y) - (x < y);
}

static void put_row(struct notes *notes, const struct figures *mine, const char *cell,
                    const char *const *metrics, size_t count)
{
    fprintf(notes->out, "\n| %s |", cell);
    for (size_t i = 0; i < count; i++) {
        const struct figure *figure = figures_find(mine, NULL, cell, metrics[i]);
        fputc(' ', notes->out);
        if (figure)
            put_printed(notes, figure_print(figure, figure->kind == FIGURE_SHARE));
        fputs(" |", notes->out);
    }
}

static bool has_one_of(const struct figures *mine, const char *cell, const char *const *metrics,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (figures_find(mine, NULL, cell, metrics[i]))
            return true;
    return false;
}

static void put_rows(struct notes *notes, const struct figures *mine, const char *const *metrics,
                     size_t count)
{
    const struct figure **rows = text_allocate(mine->count, sizeof(struct figure *));
    size_t used = 0;
    for (size_t i = 0; i < mine->count; i++)
        if (comes_first(mine, i) && has_one_of(mine, mine->all[i].cell, metrics, count))
            rows[used++] = &mine->all[i];
    qsort(rows, used, sizeof(struct figure *), by_place);
    for (size_t i = 0; i < used; i++)
        put_row(notes, mine, rows[i]->cell, metrics, count);
    if (used == 0)
        complain(notes, text_format("no cell has the figures of this table"));
    free(rows);
}

/* "cpu_us_per_request" without what the numbers say themselves. */
static void put_title(FILE *out, const char *metric)
{
    for (; *metric; metric++)
        fputc(*metric == '_' ? ' ' : *metric, out);
}

static void put_table(struct notes *notes, const struct claim *claim, char *list)
{
    const char *metrics[METRICS_MOST];
    size_t count = split_list(list, metrics, METRICS_MOST);
    struct figures mine;
    conduct_select(&mine, notes->source->figures, claim->id);
    fputs("| |", notes->out);
    for (size_t i = 0; i < count; i++) {
        fputc(' ', notes->out);
        put_title(notes->out, metrics[i]);
        fputs(" |", notes->out);
    }
    fputs("\n| --- |", notes->out);
    for (size_t i = 0; i < count; i++)
        fputs(" --- |", notes->out);
    put_rows(notes, &mine, metrics, count);
    figures_finish(&mine);
}

/* ---- Verdicts ---- */

static void put_verdict(FILE *out, struct claim_verdict verdict)
{
    fprintf(out, "**%s**", finding_name(verdict.finding));
    if (verdict.finding == FINDING_DEPENDS)
        fprintf(out, " on %s", verdict.on);
    else if (*verdict.on)
        fprintf(out, " (%s)", verdict.on);
}

static void put_verdicts(struct notes *notes)
{
    fputs("| | what is said | verdict |\n| --- | --- | --- |", notes->out);
    for (size_t i = 0; notes->source->claims[i]; i++) {
        const struct claim *claim = notes->source->claims[i];
        fprintf(notes->out, "\n| %s | %s | ", claim->id, claim->said);
        put_verdict(notes->out, conduct_judge(claim, notes->source->figures));
        fputs(" |", notes->out);
    }
}

static void put_rules(struct notes *notes)
{
    fputs("| | how it is tried | the verdict's rule |\n| --- | --- | --- |", notes->out);
    for (size_t i = 0; notes->source->claims[i]; i++) {
        const struct claim *claim = notes->source->claims[i];
        fprintf(notes->out, "\n| %s | %s | %s |", claim->id, claim->test, claim->rule);
    }
}

/* ---- The reference run ---- */

/* The columns of one line of CSV; quotes only keep commas in. Changes the line. */
static size_t split_csv(char *line, char **columns, size_t most)
{
    size_t count = 0;
    while (line && count < most) {
        columns[count++] = line;
        bool quoted = false;
        for (; *line && (quoted || *line != ','); line++)
            quoted ^= *line == '"';
        line = *line ? (*line = '\0', line + 1) : NULL;
    }
    return count;
}

static double number_in(char *const *columns, size_t count, char *const *titles, const char *title)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(titles[i], title) == 0)
            return *columns[i] ? strtod(columns[i], NULL) : NAN;
    return NAN;
}

static struct interval interval_in(char *const *columns, size_t count, char *const *titles,
                                   const char *metric)
{
    char *low = text_format("%s_low", metric), *high = text_format("%s_high", metric);
    struct interval interval = {number_in(columns, count, titles, metric),
                                number_in(columns, count, titles, low),
                                number_in(columns, count, titles, high), 0};
    free(high);
    free(low);
    return interval;
}

/* `name` is MODEL/WORKLOAD/LEVEL. */
static struct interval look_up(const char *summary, const char *name, const char *metric)
{
    char *text = text_copy(summary), *rest = text, *line = strsep(&rest, "\n");
    char *titles[COLUMNS_MOST], *columns[COLUMNS_MOST];
    struct interval found = {NAN, NAN, NAN, 0};
    size_t count = split_csv(line, titles, COLUMNS_MOST);
    while ((line = strsep(&rest, "\n")) && isnan(found.mean)) {
        if (split_csv(line, columns, COLUMNS_MOST) != count)
            continue;
        char *here = text_format("%s/%s/%s", columns[0], columns[1], columns[2]);
        if (strcmp(here, name) == 0)
            found = interval_in(columns, count, titles, metric);
        free(here);
    }
    free(text);
    return found;
}

static void put_reference(struct notes *notes, char *name, const char *form)
{
    const char *metric = split_metric(name);
    struct interval found = {NAN, NAN, NAN, 0};
    if (metric && notes->source->summary)
        found = look_up(notes->source->summary, name, metric);
    if (isnan(found.mean))
        complain(notes, text_format("the reference run has no %s of %s", metric ? metric : "figure",
                                    name));
    else
        put_interval(notes, found, metric, form);
}

/* ---- What stands in braces ---- */

/* Without figures the prose goes on, and says so. */
static void put_lack(struct notes *notes, const char *name, const char *lack)
{
    if (strcmp(name, "chart") == 0 || strncmp(name, "table:", strlen("table:")) == 0)
        fprintf(notes->out, "(No figures: %s.)", lack);
    else
        fputs("(not tried)", notes->out);
}

static void put_of_claim(struct notes *notes, const struct claim *claim, char *name,
                         const char *form)
{
    const char *lack = conduct_lack(claim, notes->source->figures);
    if (strcmp(name, "said") == 0)
        fputs(claim->said, notes->out);
    else if (strcmp(name, "test") == 0)
        fputs(claim->test, notes->out);
    else if (strcmp(name, "rule") == 0)
        fputs(claim->rule, notes->out);
    else if (strcmp(name, "verdict") == 0)
        put_verdict(notes->out, conduct_judge(claim, notes->source->figures));
    else if (lack)
        put_lack(notes, name, lack);
    else if (strcmp(name, "chart") == 0 && claim->chart)
        fprintf(notes->out, "![%s](%s%s.svg)", claim->said, notes->source->chart_prefix, claim->id);
    else if (strncmp(name, "table:", strlen("table:")) == 0)
        put_table(notes, claim, name + strlen("table:"));
    else
        put_figure(notes, claim, name, form);
}

static void put_machine(struct notes *notes)
{
    char *machine = host_one_line(notes->source->manifest);
    fputs(machine, notes->out);
    free(machine);
}

static void put_revision(struct notes *notes)
{
    const json_t *source = json_object_get(notes->source->manifest, "source");
    const char *revision = json_string_value(json_object_get(source, "git_revision"));
    fprintf(notes->out, "%.12s", revision ? revision : "unknown");
}

static void put(struct notes *notes, char *name)
{
    char *form = strchr(name, '|');
    if (form)
        *form++ = '\0';
    if (form && strcmp(form, "mean") != 0) {
        complain(notes, text_format("there is no form |%s", form));
        return;
    }
    if (strcmp(name, "machine") == 0)
        put_machine(notes);
    else if (strcmp(name, "revision") == 0)
        put_revision(notes);
    else if (strcmp(name, "verdicts") == 0)
        put_verdicts(notes);
    else if (strcmp(name, "rules") == 0)
        put_rules(notes);
    else if (strncmp(name, "reference.", strlen("reference.")) == 0)
        put_reference(notes, name + strlen("reference."), form);
    else {
        char *rest = strchr(name, '.');
        if (rest)
            *rest++ = '\0';
        const struct claim *claim = find_claim(notes, name);
        if (claim && rest)
            put_of_claim(notes, claim, rest, form);
        else
            complain(notes, text_format("nothing is called %s", name));
    }
}

/* Whether the text behind "#b3.confirmed" or "^b3.confirmed" is to be shown. */
static bool is_shown(struct notes *notes, char *condition)
{
    char *point = strchr(condition, '.');
    if (point)
        *point++ = '\0';
    const struct claim *claim = find_claim(notes, condition + 1);
    if (!claim || !point) {
        complain(notes, text_format("nothing is called %s", condition + 1));
        return false;
    }
    bool known = false;
    for (int i = FINDING_UNDECIDED; i <= FINDING_DEPENDS; i++)
        known |= strcmp(point, finding_name((enum finding)i)) == 0;
    if (!known)
        complain(notes, text_format("%s is no finding", point));
    struct claim_verdict verdict = conduct_judge(claim, notes->source->figures);
    return (strcmp(point, finding_name(verdict.finding)) == 0) == (*condition == '#');
}

static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

/* Where the hidden text that begins at `at` ends, behind its mark. */
static const char *skip_hidden(struct notes *notes, const char *at)
{
    const char *end = strstr(at, "{{/}}");
    if (!end)
        complain(notes, text_format("a condition without its {{/}}"));
    return end ? end + strlen("{{/}}") : at + strlen(at);
}

/* What stands from `at`, two braces, on; returns what comes behind. */
static const char *take(struct notes *notes, const char *at)
{
    const char *end = strstr(at, "}}");
    if (!end) {
        complain(notes, text_format("{{ without its }}"));
        return at + strlen(at);
    }
    char *name = text_format("%.*s", (int)(end - at) - 2, at + 2);
    const char *next = end + 2;
    if (*name == '#' || *name == '^')
        next = is_shown(notes, name) ? next : skip_hidden(notes, next);
    else if (strcmp(name, "/") != 0)
        put(notes, name);
    free(name);
    return next;
}

char *notes_render(const struct notes_source *source, const char *template_text, char **trouble)
{
    char *text;
    size_t size;
    struct notes notes = {.source = source, .out = open_memstream(&text, &size)};
    if (!notes.out)
        say_and_exit("out of memory");
    *trouble = NULL;
    for (const char *at = template_text; *at && !*trouble;) {
        const char *here = at;
        if (strncmp(at, "{{", 2) == 0)
            at = take(&notes, at);
        else
            fputc(*at++, notes.out);
        if (notes.trouble)
            *trouble = text_format("line %u: %s", line_of(template_text, here), notes.trouble);
    }
    if (fclose(notes.out))
        say_and_exit("out of memory");
    free(notes.trouble);
    if (*trouble) {
        free(text);
        return NULL;
    }
    return text;
}
