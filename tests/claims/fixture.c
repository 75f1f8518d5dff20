/* SPDX-License-Identifier: MIT */
#include "tests/claims/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/base/text.h"

static void read_values(struct figures *figures, const char *cell, const char *metric, char *rest)
{
    unsigned repeat = 1;
    for (char *end; *rest; rest = end, repeat++) {
        double value = strtod(rest, &end);
        if (end == rest)
            fail_msg("'%s' is no number in the figures of %s %s", rest, cell, metric);
        figures_add_value(figures, "fixture", cell, metric, repeat, value);
        end += strspn(end, " ");
    }
}

static void read_line(struct figures *figures, char *line)
{
    char cell[FIGURE_NAME_SIZE], metric[FIGURE_NAME_SIZE];
    int used = 0;
    long long hits, tries;
    if (sscanf(line, " %63s %63s %n", cell, metric, &used) < 2 || used == 0)
        fail_msg("'%s' is no line of figures", line);
    char *rest = line + used;
    if (*rest == '=')
        figures_add_text(figures, "fixture", cell, metric, rest + 1 + strspn(rest + 1, " "));
    else if (sscanf(rest, "%lld/%lld", &hits, &tries) == 2)
        figures_add_share(figures, "fixture", cell, metric, hits, tries);
    else
        read_values(figures, cell, metric, rest);
}

void fixture_read(struct figures *figures, const char *lines)
{
    char *text = text_copy(lines), *rest = text, *line;
    *figures = (struct figures){0};
    while ((line = strsep(&rest, "\n")))
        if (line[strspn(line, " ")])
            read_line(figures, line);
    free(text);
}

void assert_finding_on(const struct claim *claim, const char *lines, enum finding expected,
                       const char *on)
{
    struct figures figures;
    fixture_read(&figures, lines);
    struct claim_verdict verdict = claim->judge(&figures);
    figures_finish(&figures);
    if (verdict.finding != expected)
        fail_msg("%s: %s (%s), expected %s", claim->id, finding_name(verdict.finding), verdict.on,
                 finding_name(expected));
    if (on && !strstr(verdict.on, on))
        fail_msg("%s: '%s' does not name '%s'", claim->id, verdict.on, on);
}

void assert_finding(const struct claim *claim, const char *lines, enum finding expected)
{
    assert_finding_on(claim, lines, expected, NULL);
}
