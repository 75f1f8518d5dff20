/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_STATE_TABLE_H
#define TESTS_UNIT_STATE_TABLE_H

#include "lib/conn.h"

/* What docs/design.md says of a conversation's states. */
struct state_table {
    enum conn_state next[CONN_STATES][CONN_EVENTS]; /* CONN_STATES where the page has "-" */
    enum timer timer[CONN_STATES];                  /* TIMERS where it has "none" */
};

/* Reads the page. Aborts with a message where it has not both tables, whole, with the code's names
   for states and events in the code's order. */
struct state_table state_table_read(const char *path);

#endif
