/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LOAD_ANSWER_H
#define BENCH_LOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Are these the bytes of a right answer? The first right one is read with llhttp and kept: the
 * pattern. Each later one is compared with it byte by byte, but for the value of Date: no state but
 * how much has matched, no copy, no allocation. What differs is read with llhttp again, what had
 * matched before it first, and judged by status and body.
 *
 * Bytes in, verdict out: no descriptor, no clock.
 */

/* Owned by whoever zeroed it; answer_pattern_finish() empties it. */
struct answer_pattern {
    bool known;      /* there is one */
    bool comparable; /* its end can be told without the end of the connection */
    bool exact;      /* echo: nothing but these bytes is right, and nothing else tells the end */
    bool last;       /* it says that the connection will be closed */
    char *bytes;
    size_t len, date_at, date_len; /* of the value; both 0: none */
    char *body;                    /* without its coding */
    size_t body_len;
};

/* One connection's answer that is coming. Zeroed memory is one that has not begun. */
struct answer {
    size_t matched;           /* bytes of the pattern that have come */
    struct answer_slow *slow; /* llhttp at work; NULL: none was needed so far */
    size_t bytes;             /* length of the last whole answer */
    bool last;                /* the last whole answer said that the connection will be closed */
};

enum answer_verdict {
    ANSWER_MORE,         /* not whole yet */
    ANSWER_RIGHT,        /* whole and as it should be */
    ANSWER_WRONG_STATUS, /* whole, but not 2xx */
    ANSWER_WRONG_BODY,   /* whole, but another body than the first one's */
    ANSWER_BROKEN,       /* not an answer: where the next one begins cannot be told */
};

enum { ANSWER_LONGEST = 64 << 20 }; /* bytes of an answer that can be checked; more is broken */

/* The pattern for echo: the message, which is copied. */
void answer_pattern_echo(struct answer_pattern *, const char *message, size_t len);
void answer_pattern_finish(struct answer_pattern *);

/* Takes bytes up to the end of an answer; `used` is how many. The pattern is set by the first right
 * answer of all connections that share it. */
enum answer_verdict answer_take(struct answer *, struct answer_pattern *, const char *bytes,
                                size_t len, size_t *used);

/* The connection has ended. ANSWER_RIGHT, or one of the wrong ones, when that was the end of an
 * answer without a length; ANSWER_MORE when none had begun; ANSWER_BROKEN: it was cut short. */
enum answer_verdict answer_end(struct answer *, struct answer_pattern *);

/* Whether part of an answer has come. */
bool answer_has_begun(const struct answer *);

/* Forgets what has come of an answer. */
void answer_reset(struct answer *);

#endif
