/* SPDX-License-Identifier: MIT */
#ifndef LIB_ECHO_H
#define LIB_ECHO_H

#include "lib/protocol.h"

/* Every byte comes back, in order (RFC 862). */
extern const struct protocol echo_protocol;

#endif
