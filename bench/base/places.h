/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BASE_PLACES_H
#define BENCH_BASE_PLACES_H

/* Where the harness's files are: beside it in a build folder, or where they were installed. */

/* The folder with the servers' executables. The caller's to free. */
char *places_servers(void);

/* The folder with the servers of `c10kit selftest`. The caller's to free. */
char *places_selftest(void);

/* A file or folder of bench/ ("wrk.lua", "charts"). The caller's to free. */
char *places_data(const char *name);

/* A program of ours that was built beside the harness. The caller's to free. */
char *places_program(const char *name);

/* A program of companions/. The caller's to free. */
char *places_companion(const char *name);

/* c10kit-load. The caller's to free. */
char *places_generator(void);

#endif
