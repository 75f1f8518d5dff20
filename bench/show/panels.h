/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_PANELS_H
#define BENCH_SHOW_PANELS_H

#include <stddef.h>
#include <stdint.h>

#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* What the charts' panels show: from where to where an axis reaches, and where the names at the
 * ends of the lines stand, so that none lies upon another. */

/* How high a panel of so many lines is, so that their names find room one under the other. */
unsigned panels_height_px(size_t models);

/*
 * Moves the positions as little as possible (least squares) until any two lie `gap` apart, all
 * between 0 and 1; their order stays. Where there is no room for that, they are spread evenly. With
 * i gaps taken off the i-th from below, what is sought is the nearest sequence that does not fall,
 * which is found by averaging neighbours that do (pool adjacent violators: Ayer and others, Ann.
 * Math. Stat. 26, 1955).
 */
void panels_spread(double *positions, size_t count, double gap);

/* Writes panels.tsv and labels.tsv. */
void panels_write(const char *folder, const struct record *, const struct summary *,
                  int64_t distribution_level);

#endif
