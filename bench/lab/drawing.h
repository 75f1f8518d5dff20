/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_DRAWING_H
#define BENCH_LAB_DRAWING_H

#include "bench/lab/claim.h"

/* Draws FOLDER/charts/ID.{svg,png} of each claim that has a chart and was tried to its end, from
 * FOLDER/charts/data; says which could not be drawn. Uses the event loop. */
void drawing_make(const char *folder, const struct figures *all);

#endif
