/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_SERVER_PROCESS_H
#define CONTRACT_SERVER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The server under test: at most one process at a time, with its standard output on a pipe and its
 * standard error in memory. Whatever a case leaves of it is ended by server_end(). */

enum { SERVER_OPTIONS_MAX = 24, SERVER_OUTPUT_SIZE = 16384 };

/* What the last line on standard error counts. */
struct server_counts {
    unsigned long accepted, answered, refused, cut_off, failed;
};

/* A run from start to exit. `status` is as waitpid() gives it. */
struct server_run {
    int status;
    char out[SERVER_OUTPUT_SIZE], err[SERVER_OUTPUT_SIZE];
};

/* Once: the executable that all the rest is about, and options that it is always given, ended by
 * NULL, before a case's own. */
void server_program(const char *path, const char *const always[]);

/* For the next start only: a limit, and an otherwise unused user that is not root. The latter
 * returns false where this process may not become another user. */
void server_next_limit(__rlimit_resource_t resource, rlim_t value);
bool server_next_unprivileged(void);

/* Runs it to its end (at most patience_limit_ms()); false when it did not end. NULL ends options.
 */
bool server_run(struct server_run *run, const char *const options[]);

/* Starts it and waits for its ready line; fails the running case when that does not come. */
bool server_start(const char *const options[]);

/* The same, unless it runs already with these very options (the same array). */
bool server_ensure(const char *const options[]);

pid_t server_pid(void);
unsigned server_port(void);
const char *server_ready_line(void);
bool server_alive(void);

/* What it has written to standard error so far. */
void server_errors(char *text, size_t size);

/* What came on standard output after the ready line. */
void server_late_output(char *text, size_t size);

/* Sends a signal to its main process, or to its whole process group. */
void server_signal(int signal);
void server_signal_group(int signal);

/* SIGSTOP to its whole process group. Returns when all threads of the main process have stopped. */
void server_suspend(void);

/* Sends a signal that ends its main process at once, and waits for that; fails the case when it
 * does not end. server_end() is due. */
bool server_crash(int signal);

/* How many processes of it outlive its main process. */
size_t server_orphans(void);

/* Waits for the end and checks that it is a clean one: exit 0, no process left, a last line. */
bool server_wait(struct server_counts *counts);

/* SIGTERM and server_wait(). `counts` may be NULL. */
bool server_stop(struct server_counts *counts);

/* Kills what is left of it and of its children. */
void server_end(void);

#endif
