/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_COLD_H
#define BENCH_RUN_COLD_H

#include "bench/run/run.h"

/* Whole-process times by hyperfine: start-up to first answer, and the textbook's table of one
 * client that makes 500 connections one after another. Leaves raw/cold-*.json and cold.csv in the
 * run's folder. */
void cold_run(const struct run *);

/* Makes cold.csv again from raw/. False when there is nothing to make it from. */
bool cold_summarise(const char *folder, const json_t *models);

#endif
