/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_REPORT_H
#define BENCH_LOAD_REPORT_H

struct result;

/* The summary for people, on standard output. */
void report_print(const struct result *);

/* The files that the plan asks for. Exits with one line where one cannot be written. */
void report_write(const struct result *);

#endif
