/* SPDX-License-Identifier: MIT */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include "lib/server.h"

#include <stdbool.h>
#include <stdint.h>

/* The command line that all servers share. */
struct options {
    const char *host; /* numeric, IPv4 or IPv6 */
    int port;         /* 0: the kernel chooses */
    int backlog;
    const struct protocol *protocol;
    struct protocol_settings settings;
    int64_t timeout_ms[TIMERS];
    bool trace;
};

/* Sets the options, and the model's knobs. Exits on a wrong command line, --help, --version and
   --describe. */
void options_read(struct options *options, const struct model *model, int argc, char **argv);

#endif
