/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_SUITE_H
#define CONTRACT_SUITE_H

/* A suite is a function that runs its cases one after the other. */

/* A case that starts its own server. What it leaves of clients and server is ended after it. */
void suite_case(const char *name, void (*run)(const void *), const void *argument);

/* A case on a server that the cases of a suite share, started with `options` (the same array every
 * time) when it does not run. */
void suite_shared_case(const char *name, void (*run)(const void *), const void *argument,
                       const char *const options[]);

/* The last case of those that share a server: it ends cleanly. */
void suite_shared_end(void);

void suite_cli(void);
void suite_http(void);
void suite_http_bad(void);
void suite_timeouts(void);
void suite_ready(void);
void suite_echo(void);
void suite_stress(void);
void suite_stop(void);

#endif
