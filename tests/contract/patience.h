/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_PATIENCE_H
#define CONTRACT_PATIENCE_H

#include <stdbool.h>

/* True for a build with sanitizers (environment: C10KIT_SANITIZED=1): slower, and its memory says
 * nothing about the server's. */
bool patience_sanitized(void);

/* Monotonic time in milliseconds. */
long patience_now_ms(void);

/* How long anything that must happen may take before it counts as never, in milliseconds. Far over
 * what an unloaded machine needs: only a hang should reach it. */
long patience_limit_ms(void);

/* Waits until `holds(argument)`, at most patience_limit_ms(). Returns whether it held. */
bool patience_until(bool (*holds)(void *argument), void *argument);

/* Lets time pass, for the cases in which time passing is what is tested. */
void patience_pass_ms(long ms);

#endif
