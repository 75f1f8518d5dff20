/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_COUNTS_H
#define BENCH_LOAD_COUNTS_H

#include <stdint.h>

#include "bench/load/tally.h"

/* What can become of a request instead of a right answer. */
enum fault {
    FAULT_CONNECT,    /* no connection could be had */
    FAULT_READ,       /* receiving failed, such as a reset */
    FAULT_WRITE,      /* sending failed */
    FAULT_STATUS,     /* not 2xx */
    FAULT_BODY,       /* wrong or short body, bytes that belong to no answer, no HTTP at all */
    FAULT_TIMEOUT,    /* no answer within the time limit */
    FAULT_UNFINISHED, /* no answer yet when the window ended: no fault in itself */
    FAULT_CLOSED,     /* the server closed the connection instead of answering */
    FAULTS
};

const char *fault_name(enum fault);

/* What one thread counts in the window, or the sum of several. On the heap: some MiB. */
struct counts {
    uint64_t requests; /* right answers; in open loop those whose request was due in the window */
    uint64_t bytes;    /* of these answers */
    uint64_t answered; /* right answers that came in the window, whenever they were due */
    uint64_t offered;  /* open loop: requests due in the window */
    uint64_t faults[FAULTS];
    uint64_t early_faults; /* before the window */
    uint64_t reconnects;   /* keep-alive: connections that had to be opened again */
    uint64_t starved;      /* connections that asked before the window and had no answer in it */
    uint64_t longest_ns;   /* the longest that a request of the window waited, unfinished or not */
    struct tally response; /* done - intended */
    struct tally service;  /* done - sent; open loop only: in closed loop they are the same */
    struct tally lateness; /* sent - max(intended, connection free); open loop only */
    struct tally on_time;  /* response - lateness, at least 0; open loop only */
    struct tally connect;  /* churn: of the window; keep-alive: all */
};

struct counts *counts_new(void);
void counts_merge(struct counts *, const struct counts *);

/* All faults but the unfinished. */
uint64_t counts_errors(const struct counts *);

#endif
