/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_CHART_H
#define BENCH_SHOW_CHART_H

#include "bench/judge/rank.h"
#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* The program that draws, and where it is, or NULL: the caller's to free. */
extern const char chart_tool[];
char *chart_find_tool(void);

/* Appends name = "value"; to assignments, quoted as gnuplot wants it. Takes over the old string. */
char *chart_assign(char *assignments, const char *name, const char *value);

/* Runs gnuplot once for each form, with these assignments and `form`, on scripts of bench/
 * ("charts/ cpu.gp"; NULL ends the list). Says what went wrong. */
void chart_run(const char *gnuplot, const char *assignments, const char *const *scripts);

/* Draws FOLDER/charts/NAME.{svg,png} from FOLDER/charts/data with gnuplot and the scripts of
 * bench/charts; tables_write() must have been there. Takes away what was drawn before. `busy_level`
 * is tables_write()'s. Returns how many files there are; says what went wrong. */
size_t chart_draw(const char *folder, const char *gnuplot, const struct record *,
                  const struct summary *, const struct ranking *, int64_t busy_level, bool cold);

#endif
