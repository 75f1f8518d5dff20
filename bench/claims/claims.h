/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CLAIMS_CLAIMS_H
#define BENCH_CLAIMS_CLAIMS_H

#include "bench/lab/claim.h"

/* claim_b1 and so on, one for each file of this folder; meson.build has the list. The letter is
 * where the statement is heard: A notes on socket experiments, B a tutorial on blocking sockets,
 * epoll and the listen backlog, D a checklist for asynchronous servers and the retort to it, E
 * notes on a fork server and SIGCHLD, F a course lab on concurrent servers. */
#define CLAIM(id) extern const struct claim claim_##id;
#include "bench/claims/list.h"
#undef CLAIM

#endif
