/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_GENERATOR_H
#define BENCH_RUN_GENERATOR_H

#include "bench/base/child.h"
#include "bench/record/histogram.h"
#include "bench/run/run.h"
#include "bench/record/trial.h"

/* One run of c10kit-load against a server on a port of this network namespace. */
struct generator_order {
    uint16_t port;
    const char *path;     /* NULL: "/" */
    unsigned connections; /* that send; 0: no load, but the bad client alone */
    unsigned depth;       /* requests in flight on each; 0: one */
    unsigned idle;        /* silent ones beside them */
    const char *client;   /* a bad one; NULL or "": none */
    unsigned echo_bytes;  /* 0: HTTP */
    double rate_rps;      /* 0: closed loop */
    bool hold;            /* opens all connections, and begins at generator_release() */
    uint64_t seed;        /* of the arrivals */
    unsigned warm_up_ms, window_ms;
    const char *cpus; /* that it may use; NULL: the run's */
    unsigned threads; /* 0: one */
};

struct generator {
    const char *group; /* control group to run in, or NULL; the caller's */
    struct child child;
    char *json_path, *histogram_path; /* owned; no load has no histogram: NULL */
    json_t *result;                   /* owned; NULL: none yet */
    struct histogram response;        /* ns */
};

/* Starts it; the files' names begin with `stem_path`. A failure is noted in the trial. */
bool generator_start(struct generator *, const struct run *, const struct generator_order *,
                     const char *stem_path, struct trial *);

/* Held: whether all connections stand on this side, within that time. The server may have them yet
 * to accept. */
bool generator_is_open(struct generator *, unsigned limit_ms);
void generator_release(struct generator *);

/* Waits until its window begins: idle connections are open, the warm-up is over. */
bool generator_wait_window(struct generator *, unsigned warm_up_ms, struct trial *);

/* Waits until its window is over, for so long at most. */
bool generator_wait_done(struct generator *, unsigned window_ms, struct trial *);

/* Ends the window in 0.2 s at most; what came of it until then counts. */
void generator_end_window(struct generator *);

/* Between the two it does nothing, while its clock goes on: what it had asked is answered, and
 * waits. */
void generator_pause(struct generator *);
void generator_resume(struct generator *);

/* Waits for its end and reads what it left. */
bool generator_read(struct generator *, struct trial *);

/* A whole number of the result, such as "errors.status"; TRIAL_UNKNOWN when there is none. */
int64_t generator_number(const struct generator *, const char *group, const char *name);

/* Has the result, and the file of it, tell of those beside the load what `crowd` counted. */
void generator_set_beside(struct generator *, const struct generator *crowd, struct trial *);

/* Kills what still runs, removes its files and frees all; also after a start that failed. */
void generator_finish(struct generator *);

#endif
