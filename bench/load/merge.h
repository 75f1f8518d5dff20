/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_MERGE_H
#define BENCH_LOAD_MERGE_H

/* Adds up histograms as --histogram wrote them and writes the sum, in the same form, to standard
 * output. Exact: every value is the top of a bin that all generators share. Exits with one line
 * where a file cannot be read. */
void merge_files(char **paths, int count);

#endif
