/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_CLIENT_H
#define CONTRACT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

/* Clients of the server under test: TCP connections over the loopback, non-blocking, each with what
 * it has received. They live until clients_close(). */

/* Bytes that somebody else owns. */
struct bytes {
    const char *at;
    size_t len;
};
#define BYTES(literal)                                                                             \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

struct client {
    int fd;
    char *in; /* all that came and was not yet dropped: `len` bytes within `buffer` */
    size_t len;
    char *buffer;
    size_t size;
    bool ended; /* the server has ended its side */
    bool reset; /* ... or the connection as a whole */
    struct client *next;
};

/* Connects; fails the case and returns NULL when that is not possible. `window`: the size of its
 * receive buffer, or 0 for the system's. */
struct client *client_open(void);
struct client *client_open_with_window(int window);

/* Tries to connect. Returns a descriptor of the caller's, or -1 with errno. */
int client_connect(void);

/* Sends all and stores what comes meanwhile; false when the connection breaks or nothing moves. */
bool client_send(struct client *client, struct bytes bytes);
bool client_print(struct client *client, const char *text);

/* Sends without reading until all has gone, the connection breaks, or nothing has moved for
 * `stall_ms`. Returns how much went. */
size_t client_push(struct client *client, struct bytes bytes, long stall_ms);

/* Stores what comes within `ms`; true when something did (the end counts). */
bool client_receive(struct client *client, long ms);

/* Forgets the first `len` bytes of what came. */
void client_drop(struct client *client, size_t len);

/* True when nothing comes for `ms`. */
bool client_quiet(struct client *client, long ms);

/* Waits until the server has read all that was sent to it; fails the case when it does not. */
bool client_is_read(const struct client *client);

/* Waits for the server's end of the connection; true when it came. Drops what comes before. */
bool client_wait_end(struct client *client);

void client_half_close(const struct client *client);

/* Ends the connection at once, with an RST if `reset`. The struct stays until clients_close(). */
void client_close(struct client *client, bool reset);

void clients_close(void);

/* How many of all that have connected to the server since its start it still holds, whether their
 * own side is closed or not: neither those in its accept queue nor those that only the kernel is
 * still ending. */
unsigned clients_held(void);

#endif
