/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_COMPLAIN_H
#define BENCH_LOAD_COMPLAIN_H

/* One line on standard error, "c10kit-load: ...", each. */

__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

/* For what makes it impossible to go on: exits with 1. */
__attribute__((format(printf, 1, 2), noreturn)) void complain_and_exit(const char *format, ...);

/* The command line is wrong: exits with 64 (EX_USAGE of sysexits.h). */
__attribute__((format(printf, 1, 2), noreturn)) void complain_usage(const char *format, ...);

#endif
