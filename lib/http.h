/* SPDX-License-Identifier: MIT */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include "lib/protocol.h"

/* HTTP/1.1 (RFC 9110, RFC 9112): GET and HEAD on any path, a fixed text for an answer. A head is
   read when it is there whole (it stays in the caller's input until then); a body is dropped as it
   comes, where it is chunked by llhttp. Strict where two readers of a request could disagree. */
extern const struct protocol http_protocol;

/* The length of the Date that a session must be given. */
enum { HTTP_DATE = sizeof "Thu, 01 Jan 1970 00:00:00 GMT" - 1 };

#endif
