/* SPDX-License-Identifier: MIT */
#ifndef BENCH_BASE_CHILD_H
#define BENCH_BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "bench/base/loop.h"

struct child_text {
    char *at; /* always a string */
    size_t used, size;
};

/* A process and what it printed. Owned by its caller, at a fixed address from child_start() to
 * child_finish(): the event loop points into it. */
struct child {
    uv_process_t process;
    uv_pipe_t pipes[2];
    struct child_text output, errors;
    int64_t exit_status;
    int exit_signal, open_handles;
    bool exited;
};

/* Starts it in a session of its own, so that the terminal's Ctrl-C reaches the harness alone.
 * Returns 0 or a negative libuv error; after an error child_finish() is still due. */
int child_start(struct child *, char *const argv[]);

/* Waits for the first whole line of its standard output. */
bool child_wait_line(struct child *, uint64_t limit_ms);

/* Waits until its standard output holds the text. */
bool child_wait_text(struct child *, const char *text, uint64_t limit_ms);

bool child_wait_exit(struct child *, uint64_t limit_ms, enum loop_patience);

/* Does nothing once it has exited. */
void child_signal(struct child *, int number);

/* The same to its first thread, where kill(2) may choose any. */
void child_signal_main(struct child *, int number);

/* Kills it when it still runs, closes the handles and frees what it printed. */
void child_finish(struct child *);

#endif
