/* SPDX-License-Identifier: MIT */
#ifndef LIB_PROTOCOL_H
#define LIB_PROTOCOL_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A protocol is bytes in, bytes out: it touches no descriptor, no clock and no allocator. */

/* Of a function that the usual request does not need. Between two requests the kernel's TCP takes
   the CPU's instruction cache for itself, and most of what a request costs in user mode is the
   fetching of its code again: so what is rare stands apart, and what is not lies together. */
#define RARE __attribute__((cold))

/* Bytes that somebody else owns. */
struct span {
    const char *at;
    size_t len;
};

/* Bytes that are being written: len used of size. */
struct room {
    char *at;
    size_t len, size;
};

enum answer {
    ANSWER_WAIT, /* the request is incomplete, or there is no room for (the rest of) its answer */
    ANSWER_NEXT, /* one request was answered whole; there may be a next one */
    ANSWER_LAST, /* one request was answered whole; nothing may follow it on this connection */
};

/* What the protocol has of a request that is not answered yet. */
enum phase {
    PHASE_IDLE, /* nothing */
    PHASE_HEAD, /* part of its head */
    PHASE_BODY, /* its head, and part of its body */
};

enum {
    SESSION_STATE = 160,       /* bytes; each protocol asserts that its state fits */
    PROTOCOL_ANSWER = 512,     /* the least room with which answer() and late() must get on */
    PROTOCOL_MAX_HEAD = 16381, /* bytes: the most that protocol_settings.max_head may be */
};

/* One conversation's state. Its owner sets date and closing, the protocol all else. */
struct session {
    const char *date; /* the time now as HTTP's Date has it (29 characters), renewed by the owner */
    enum phase phase;
    bool closing; /* the server stops: the last request that has come gets the last answer */
    bool owing;   /* part of an answer is not written yet, for want of room */
    bool refused; /* the answer was a refusal: more of what the client sends may be on its way */
    alignas(max_align_t) unsigned char state[SESSION_STATE];
};

struct protocol_settings {
    uint64_t body_size; /* bytes of the body that http serves */
    size_t max_head;    /* bytes; a longer head is refused */
};

struct protocol {
    const char *name;
    /* Once, before the first begin(): settings of all conversations. */
    void (*prepare)(const struct protocol_settings *settings);
    /* Starts a conversation. date and closing are the owner's and stay. */
    void (*begin)(struct session *session);
    /* Reads from in (sets *used) and writes behind out->len. What was not used must be offered
       again, with more behind it. Called again for as long as it does not return ANSWER_WAIT. */
    enum answer (*answer)(struct session *session, struct span in, size_t *used, struct room *out);
    /* The request took too long to come: writes what the client is told before the close, if
       anything. out has room for PROTOCOL_ANSWER. */
    void (*late)(struct session *session, struct room *out);
};

#endif
