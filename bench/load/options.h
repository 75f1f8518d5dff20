/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include "bench/load/plan.h"

/* Reads the command line; the plan borrows its words. Exits with one line and 64 (EX_USAGE) on a
 * wrong one, with 0 after --help, --usage and --version. */
void options_read(struct plan *, int argc, char **argv);

#endif
