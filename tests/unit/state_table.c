/* SPDX-License-Identifier: MIT */
#include "tests/unit/state_table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 512, CELL = 32, CELLS_MOST = 1 + CONN_EVENTS };

static const char *const TIMER_NAMES[TIMERS + 1] = {"idle", "header", "drain", "none"};

struct row {
    char cells[CELLS_MOST][CELL];
    int count;
};

static void must(bool holds, const char *what, const char *where)
{
    if (holds)
        return;
    fprintf(stderr, "the tables of states: %s: '%s'\n", what, where);
    abort();
}

/* "| a | b |": two cells; none where the line is no row of a table. Longer cells are cut. */
static struct row read_row(FILE *file)
{
    struct row row = {.count = 0};
    char line[LINE], *rest = line;

    if (!fgets(line, sizeof line, file) || *line != '|')
        return row;
    strsep(&rest, "|");
    for (char *cell; row.count < CELLS_MOST && (cell = strsep(&rest, "|")) && rest; row.count++) {
        size_t len = strlen(cell += strspn(cell, " "));

        while (len && cell[len - 1] == ' ')
            len--;
        len = len < CELL ? len : CELL - 1;
        memcpy(row.cells[row.count], cell, len);
        row.cells[row.count][len] = '\0';
    }
    return row;
}

/* Goes on to the table whose second column has this name, past its heading and the rule. */
static struct row find_table(FILE *file, const char *second)
{
    struct row row = {.count = 0}, rule;

    while (!feof(file) && (row.count < 2 || strcmp(row.cells[0], "state") != 0 ||
                           strcmp(row.cells[1], second) != 0))
        row = read_row(file);
    must(!feof(file), "there is none whose second column is", second);
    rule = read_row(file);
    must(rule.count == row.count && rule.cells[0][0] == '-', "no rule behind", second);
    return row;
}

static enum conn_state state_named(const char *name)
{
    enum conn_state state = CONN_IDLE;

    if (strcmp(name, "-") == 0)
        return CONN_STATES;
    while (state < CONN_STATES && strcmp(name, conn_state_name(state)) != 0)
        state++;
    must(state < CONN_STATES, "no such state", name);
    return state;
}

static enum timer timer_named(const char *name)
{
    int timer = 0;

    while (timer <= TIMERS && strcmp(name, TIMER_NAMES[timer]) != 0)
        timer++;
    must(timer <= TIMERS, "no such timer", name);
    return (enum timer)timer;
}

static void read_timers(FILE *file, struct state_table *table)
{
    struct row head = find_table(file, "what it is");

    must(head.count == 4 && !strcmp(head.cells[3], "timer"), "no timers in", "what it is");
    for (enum conn_state state = 0; state < CONN_STATES; state++) {
        struct row row = read_row(file);

        must(row.count == head.count && state_named(row.cells[0]) == state, "out of order",
             row.cells[0]);
        table->timer[state] = timer_named(row.cells[3]);
    }
}

static void read_next(FILE *file, struct state_table *table)
{
    struct row head = find_table(file, "idle");

    must(head.count == 1 + CONN_EVENTS, "not every event is in", "idle");
    for (enum conn_event event = 0; event < CONN_EVENTS; event++)
        must(!strcmp(head.cells[1 + event], conn_event_name(event)), "out of order",
             head.cells[1 + event]);
    for (enum conn_state state = 0; state < CONN_STATES; state++) {
        struct row row = read_row(file);

        must(row.count == head.count && state_named(row.cells[0]) == state, "out of order",
             row.cells[0]);
        for (enum conn_event event = 0; event < CONN_EVENTS; event++)
            table->next[state][event] = state_named(row.cells[1 + event]);
    }
}

struct state_table state_table_read(const char *path)
{
    FILE *file = fopen(path, "r");
    struct state_table table;

    must(file != NULL, "cannot open", path);
    read_timers(file, &table);
    read_next(file, &table);
    fclose(file);
    return table;
}
