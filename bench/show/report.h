/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_REPORT_H
#define BENCH_SHOW_REPORT_H

#include <stdbool.h>

/* Makes everything that is derived from a run's record: summary.csv, pairs.csv, ranking.csv,
 * cold.csv, charts. Says what there is and what is missing. False when the folder holds no record.
 */
bool report_make(const char *folder);

#endif
