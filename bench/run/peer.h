/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_PEER_H
#define BENCH_RUN_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "bench/base/child.h"
#include "bench/run/probe.h"

/* A server that is not ours, as its peer.json tells of it; docs/method.md says what stands there.
 * The members are the description's but for those that are owned. */
struct peer {
    json_t *description; /* owned */
    char *dir;           /* the folder of its peer.json, absolute; owned */
    char *program;       /* the executable that "start" names; owned */
    char *version;       /* what it says of itself, one line; owned */
    const char *name, *title, *package, *build, *ready_line;
    const json_t *start, *files, *templates, *version_words;
    struct probe_question question;
    int stop_signal;
};

/* Reads the peer of that name in bench/peers, or the file when there is a '/' in the name. False,
 * with one line that says why, when it cannot be measured; peer_finish() is due in either case. */
bool peer_read(struct peer *, const char *name);
void peer_finish(struct peer *);

/* The description, the templates' text and the version: for a run's manifest. */
json_t *peer_to_json(const struct peer *);

/* Where one start of a peer takes place. */
struct peer_place {
    char *folder; /* fresh, removed afterwards; owned */
    const char *dir;
    uint16_t port;
};

/* Makes the folder, writes the peer's files into it and has the kernel choose a port, in the
 * network namespace of the caller. False, errno set, when it cannot; peer_leave() is due in either
 * case. */
bool peer_settle(const struct peer *, struct peer_place *);
void peer_leave(struct peer_place *);

/* The text with its {port}, {folder}, {dir} and {files} (how many a process may open) filled in;
 * all other braces stay. The caller's to free. */
char *peer_fill(const char *text, const struct peer_place *);

/* The argument vector that starts it, NULL-ended; peer_free_command() frees it. */
char **peer_command(const struct peer *, const struct peer_place *);
void peer_free_command(char **command);

/* Waits until the started peer printed its ready line or, when it has none, until its port
 * accepts a connection; to the millisecond. False when it ended or needs longer than 10 s. */
bool peer_wait_ready(const struct peer *, const struct peer_place *, struct child *);

/* Where a peer stands among all: 0, 1, ... for those in bench/peers, in the order of the alphabet;
 * others behind them, in the order in which they were asked for. */
size_t peer_slot(const char *name);

#endif
