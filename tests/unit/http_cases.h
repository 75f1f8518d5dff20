/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_HTTP_CASES_H
#define TESTS_UNIT_HTTP_CASES_H

#include "lib/protocol.h"

#include <stddef.h>

/* What a client sends, and what it must hear: the answers as transcript_of() writes them. */
struct http_case {
    const char *name;
    struct span in;
    const char *heard;
};

extern const struct http_case http_cases[];
extern const size_t http_case_count;

#endif
