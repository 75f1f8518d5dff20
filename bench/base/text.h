/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BASE_TEXT_H
#define BENCH_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Small files and small strings. Everything returned is the caller's to free. Out of memory ends
 * the program: the harness holds a few MiB and has nothing better to do. */

void *text_allocate(size_t count, size_t size);
void *text_reallocate(void *old, size_t count, size_t size);
char *text_copy(const char *);
__attribute__((format(printf, 1, 2))) char *text_format(const char *format, ...);

/* The whole file as a string, or NULL (errno is set). Works for /proc, which has no sizes. */
char *text_read(const char *path);

/* text_read() without white space at its ends; an empty string when it cannot be read. */
char *text_read_trimmed(const char *path);

/* Writes the string over the file's old content in one write(2), as /proc and cgroups want. */
bool text_write(const char *path, const char *content);

/* The number after `name` and blanks in "name 1\nother 2\n", or -1. */
int64_t text_field(const char *text, const char *name);

/* The directory of the running executable. */
char *text_own_directory(void);

/* Where an executable of that name is in PATH, or NULL. */
char *text_find_program(const char *name);

#endif
