/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_NETNS_H
#define BENCH_MACHINE_NETNS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

/* A network namespace for each trial, so that no TIME_WAIT socket, counter or setting leaks from
 * one trial into the next, and a trial has all 64 000 ports to itself. */

/* Moves the harness, and with it every process that it starts from now on, into a fresh namespace
 * with loopback up and the settings made. The last one goes when its last process has gone.
 * Without the privilege: says so once, returns false, and the host's namespace stays in use. */
bool netns_renew(void);

/* The settings as they stand in the namespace now, by sysctl name. */
json_t *netns_settings(void);

struct netns_counters {
    int64_t listen_overflows, listen_drops, retransmitted_segments, loss_probes;
};

/* The namespace's TCP counters; -1 for what the kernel does not tell. */
struct netns_counters netns_count(void);

#endif
