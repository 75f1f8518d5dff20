/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TALK_H
#define TESTS_UNIT_TALK_H

#include "lib/protocol.h"

#include <stdbool.h>
#include <stddef.h>

/* Plays the owner of one conversation to a protocol: how the input arrives, what room there is for
   output, and how the output is taken. Aborts where the protocol breaks its side of
   lib/protocol.h; input, output and date each end at an unreadable page. */

/* What a session's Date is during a talk. */
extern const char TALK_DATE[];

struct talk {
    const struct protocol *protocol;
    size_t first; /* bytes of the first piece of input, at least 1 */
    size_t then;  /* bytes of each piece that follows, at least 1 */
    size_t room;  /* bytes of output that may be owed at a time, at least PROTOCOL_ANSWER */
    size_t take;  /* bytes of output taken at a time; 0: all */
    bool closing; /* the server stops */
};

/* How it went. */
struct heard {
    char *bytes; /* all the output, in order; owned by whoever has the struct */
    size_t len, size;
    size_t used;     /* bytes of the input */
    size_t answered; /* requests */
    bool last;       /* it ended in ANSWER_LAST */
    bool refused;
    enum phase phase;
};

/* Ends with the input, or with ANSWER_LAST. Overwrites heard, keeping its memory: begin with {0},
   end with heard_free(). */
void talk_run(const struct talk *talk, struct span in, struct heard *heard);
void heard_free(struct heard *heard);

#endif
