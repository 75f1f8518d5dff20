/* SPDX-License-Identifier: MIT */
#ifndef CONTRACT_REPLY_H
#define CONTRACT_REPLY_H

#include "tests/contract/client.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads HTTP answers as strictly as a server may be asked to write them. Written for these tests
 * and shared with no server, so that a fault is not made twice. */

/* One whole answer. The bytes are the client's: good until it receives or drops some. */
struct reply {
    unsigned status;
    struct bytes head; /* with its blank line */
    struct bytes body;
};

/* Parses one answer at the beginning of `in`. Returns its length, 0 when it is not whole yet, -1
 * when it is malformed. `to_head`: there is no body, whatever Content-Length says. */
long reply_parse(struct bytes in, bool to_head, struct reply *reply);

/* Copies the value of a field; false when it is not there exactly once. */
bool reply_field(const struct reply *reply, const char *name, char *value, size_t size);

/* True when the field is there and has `token` in its comma-separated list, in any case. */
bool reply_has_token(const struct reply *reply, const char *name, const char *token);

/* Waits for one answer and leaves it at the beginning of what came: reply_done() drops it.
 * False, with a diagnostic, when it does not come or is malformed. */
bool reply_next(struct client *client, bool to_head, struct reply *reply);
void reply_done(struct client *client, const struct reply *reply);

/* Waits for answers in this order, e.g. "200 200H 400|505": H is an answer to HEAD, | means or.
 * A 100 that is not asked for is passed over. Fails the case when others come. */
bool reply_expect(struct client *client, const char *statuses);

/* Waits for the server's orderly end, with nothing more before it; fails the case otherwise. */
bool reply_expect_end(struct client *client);

#endif
