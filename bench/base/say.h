/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BASE_SAY_H
#define BENCH_BASE_SAY_H

/* What the harness tells its user, on standard error. */

/* One line, "c10kit: ...", for what could not be done and what that costs. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* Says it and exits with status 1: for what makes a run impossible. */
__attribute__((format(printf, 1, 2), noreturn)) void say_and_exit(const char *format, ...);

/* The progress line: rewritten in place on a terminal; elsewhere every 20th is printed as a line.
 */
__attribute__((format(printf, 1, 2))) void say_progress(const char *format, ...);

/* Ends the progress line, so that what follows starts on a line of its own. */
void say_progress_end(void);

#endif
