/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_TAKER_H
#define BENCH_LAB_TAKER_H

struct experiment;

/* The ways in which a loop takes signals, side by side. The one that takes them is a subject on the
 * server's CPUs, the one that sends them is the experiment, on the load's. */
enum taker_way {
    TAKER_FLAG,     /* a handler sets a flag, which is tested before select */
    TAKER_PSELECT,  /* the same, but the signal is blocked except inside pselect */
    TAKER_SIGNALFD, /* blocked; a descriptor among the others, watched by poll */
    TAKER_PIPE,     /* a handler writes a byte into a pipe that poll watches */
    TAKER_THREAD,   /* blocked; a thread in sigwaitinfo tells the loop by eventfd */
    TAKER_WAYS
};

const char *taker_name(enum taker_way);

struct taker_tries {
    unsigned tries;
    unsigned delay_low_ns, delay_high_ns; /* drawn evenly: from the start of a turn to the signal */
};

struct taker_outcome {
    unsigned hung;           /* the wait went on to its time-out although the signal had come */
    double notice_median_us; /* from before kill() to the end of the wait, of those that ended */
};

/* One SIGTERM for each turn of the loop: test, wait, take. */
struct taker_outcome taker_stop(struct experiment *, enum taker_way, struct taker_tries);

/* So many bursts of so many signals, one behind the other; how many were seen in all. */
unsigned taker_burst(struct experiment *, enum taker_way, int signal, unsigned bursts,
                     unsigned signals);

#endif
