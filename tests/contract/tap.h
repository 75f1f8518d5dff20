/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_TAP_H
#define CONTRACT_TAP_H

#include <stdbool.h>

/* Results in the Test Anything Protocol on standard output. A case is everything between
 * tap_begin() and tap_end(); it fails when one of its checks did, and goes on until it returns. */

void tap_begin(const char *name);

/* Marks the running case as failed unless `ok`, with the message as a diagnostic. Returns `ok`. */
bool tap_check(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Marks the running case as skipped. A check that failed before or after it still counts. */
void tap_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line of diagnostics. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

void tap_end(void);

/* Ends the whole run at once: nothing of it can be said. */
_Noreturn void tap_bail_out(const char *why);

/* Prints the plan. Returns the exit status of the whole: 1 when a case failed. */
int tap_finish(void);

#endif
