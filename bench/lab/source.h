/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_SOURCE_H
#define BENCH_LAB_SOURCE_H

#include <stddef.h>

/* Lines of C that hold more than blanks and comments. */
size_t source_lines(const char *text);

/* The same of a model's file in servers/, where the sources are still at hand; 0 where not. */
size_t source_lines_of_model(const char *model);

#endif
