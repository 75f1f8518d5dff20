/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TRANSCRIPT_H
#define TESTS_UNIT_TRANSCRIPT_H

#include "tests/unit/talk.h"

#include <stddef.h>

enum { TRANSCRIPT = 4096 };

/* Writes what was heard from http as words, one for each answer: its status and
     h  a length is announced, but no body follows (an answer to HEAD)
     c  Connection: close
     k  Connection: keep-alive
   then "head" or "body" where a request is incomplete. "200 200h 405c" was two answers that keep
   the connection and one that ends it. Where an answer is not what http says in an answer (a
   missing field, a wrong body, a close that is not the end), "!" and what is wrong ends the text.
   body_size is that of the bodies that must come. Returns text. */
const char *transcript_of(const struct heard *heard, size_t body_size, char text[TRANSCRIPT]);

#endif
