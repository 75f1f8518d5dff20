/* SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_SOCKDIAG_H
#define BENCH_MACHINE_SOCKDIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The generator's connections as the kernel sees them (netlink, sock_diag(7)): wrk tells nothing
 * about single connections and counts an unanswered request nowhere. */
struct sockdiag {
    int64_t established;  /* client sockets connected to the port */
    int64_t served;       /* of these, how many have had a whole answer */
    int64_t fewest, most; /* answers to one connection */
    int64_t jain_ppm;     /* Jain's fairness index of the answers, 1 000 000: all equal */
};

/* Looks at connections to 127.0.0.1:port; an answer is so many bytes. False when the kernel does
 * not tell. */
bool sockdiag_look(uint16_t port, int64_t answer_bytes, struct sockdiag *);

/* What the kernel holds in queues and reserves (SK_MEMINFO) for the sockets that are connected to
 * 127.0.0.1 from this local port, without the sockets themselves. */
struct sockdiag_memory {
    int64_t sockets, bytes;
    int64_t pending; /* of the sockets, those that nobody has accepted yet */
};
bool sockdiag_weigh(uint16_t port, struct sockdiag_memory *);

/* Whether whoever owns 127.0.0.1:port has accepted the connection from 127.0.0.1:peer and read all
 * that has come on it. */
bool sockdiag_has_read(uint16_t port, uint16_t peer);

/* (sum x)^2 / (n sum x^2), in parts per million: Jain, Chiu and Hawe, "A quantitative measure of
 * fairness and discrimination", DEC-TR-301, 1984. */
int64_t sockdiag_jain_ppm(double sum, double sum_of_squares, size_t n);

#endif
