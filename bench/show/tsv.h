/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_TSV_H
#define BENCH_SHOW_TSV_H

#include <stdio.h>

/* One table of FOLDER/charts/data: a line of column names, then rows, fields parted by tabs. */

/* Ends the program when the file cannot be written; so does tsv_close(). */
FILE *tsv_open(const char *folder, const char *name);
void tsv_close(FILE *);

/* A tab and the number; NaN, which gnuplot leaves out, for NAN. */
void tsv_number(FILE *, double number);

#endif
