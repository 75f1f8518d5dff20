/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CHART_H
#define BENCH_CHART_H

#include "bench/rank.h"
#include "bench/record.h"
#include "bench/summary.h"

/* The program that draws, and where it is, or NULL: the caller's to free. */
extern const char chart_tool[];
char *chart_find_tool(void);

/* Draws FOLDER/charts/NAME.{svg,png} from FOLDER/charts/data with gnuplot and the scripts of
 * bench/charts; tables_write() must have been there. Takes away what was drawn before. `busy_level`
 * is tables_write()'s. Returns how many files there are; says what went wrong. */
size_t chart_draw(const char *folder, const char *gnuplot, const struct record *,
                  const struct summary *, const struct ranking *, int64_t busy_level, bool cold);

#endif
