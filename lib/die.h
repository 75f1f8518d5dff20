/* SPDX-License-Identifier: MIT */
#ifndef LIB_DIE_H
#define LIB_DIE_H

/* One line on standard error, "PROGRAM: message", each. */

/* The program cannot go on: the message, then ": " and what errno says. Exits 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The command line is wrong: the message alone. Exits 64 (EX_USAGE of sysexits.h). */
_Noreturn void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The program goes on: the message alone. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
