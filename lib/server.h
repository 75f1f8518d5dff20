/* SPDX-License-Identifier: MIT */
#ifndef LIB_SERVER_H
#define LIB_SERVER_H

#include "lib/conn.h"

#include <stdbool.h>

/* What every server does before and around its way of waiting: command line, listening socket,
   ready line, accept, stop, counts. A process is one server: its state is in server.c. */

/* A model's own option. Either a number from min to max, or one of the words in choices. */
struct knob {
    const char *name;
    const char *help;
    long *value;         /* holds the default at first; for choices, the index of the word */
    long min, max;       /* of a number */
    const char *choices; /* "sound|!fault": a word behind a '!' is a fault on purpose */
    const char *sweep;   /* "10|1000": the numbers to try beside the default; NULL: none. Of choices
                            all that are sound */
};

struct model {
    const char *name;         /* the executable's */
    const char *title;        /* a line that says who waits where */
    const char *family;       /* "blocking", "polling", "readiness", "completion" or "library" */
    bool blocking;            /* accepted sockets block, and a stop must interrupt their waits */
    bool accept_blocks;       /* the listening socket blocks */
    int clients_at_once;      /* 0: no limit of its own */
    int max_descriptors;      /* 0: no limit of its own */
    const long *workers;      /* the knob that says how many there are; NULL: no fixed number */
    bool client_each;         /* a worker serves one client at a time: clients_at_once follows */
    bool reuse_port;          /* server_listen_again() will be called */
    const struct knob *knobs; /* ends with one that has no name; NULL: none */
};

/* Reads the command line, listens, and prints the ready line, unless the model has workers. Exits
   where that fails, or where only --help, --version or --describe was asked for. model must last as
   long as the process. */
void server_start(const struct model *model, int argc, char **argv);

/* Prints the ready line, once the workers are there. */
void server_ready(void);

/* For conns_init(): what the command line said, the same for all connections. */
const struct conn_rules *server_rules(void);

/* The listening socket; -1 after server_deafen(). */
int server_listener(void);

/* Another listening socket on the same address (SO_REUSEPORT), at most SERVER_LISTENERS in all. A
   stop shuts it down too. It stays open until the process ends. */
int server_listen_again(void);

/* Connections that may wait to be accepted, for whoever calls listen() again. */
int server_backlog(void);

/* A client's socket; -1: there is none now, or the server stops. Every error that accept can
   return is dealt with here. Where the listener blocks, so does this. Any thread may call it. */
int server_accept(void);
int server_accept_from(int listener);

/* Takes over all clients that wait now (SERVER_ACCEPTS at most) and calls serve() for each. Their
   first turn needs no readiness call: most have sent their request by the time they are accepted.
 */
void server_welcome(struct conns *conns, void (*serve)(struct conn *));

/* Closes a client's socket that cannot be served, and counts it. */
void server_refuse(int fd);

/* Told to stop, by SIGHUP, SIGINT, SIGQUIT or SIGTERM. The signal also makes the listener ready
   for ever (shutdown), and with it wakes whoever waits for it, before or after the signal. */
bool server_stopping(void);

/* For a model whose point is another way to learn of the signal: the handler sets the flag only,
   and whoever sees it must call server_deafen(). */
void server_stop_by_flag_alone(void);

/* Closes the listening socket, in this process. */
void server_deafen(void);

/* One more of these, for the last line; from any thread, process or signal handler. */
void server_count(enum conn_count what);

/* Prints the last line. Returns the exit status. */
int server_end(void);

enum {
    SERVER_ACCEPTS = 64,  /* new clients served in one wake-up at most, before the others' turns */
    SERVER_NUDGE_MS = 20, /* while stopping, blocking waits are interrupted this often */
    SERVER_LISTENERS = 1024
};

#endif
