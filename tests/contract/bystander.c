/* SPDX-License-Identifier: MIT */
#include "tests/contract/bystander.h"

#include "tests/contract/client.h"
#include "tests/contract/model.h"
#include "tests/contract/reply.h"
#include "tests/contract/tap.h"

/* How long nothing must come before a client counts as held up: a thousand times what an answer
 * takes. There is no condition to wait for when nothing is to happen. */
enum { HELD_UP_MS = 150 };

static struct client *held_up;

static const char request[] = "GET /bystander HTTP/1.1\r\nHost: b\r\n\r\n";

bool bystander_is_served(void)
{
    struct client *client = client_open();
    if (client == NULL)
        return false;
    bool ok = client_print(client, request) && reply_expect(client, "200");
    client_close(client, false);
    return tap_check(ok, "a bystander is not served");
}

bool bystander_asks(void)
{
    if (!model_is_one_at_a_time())
        return bystander_is_served();
    held_up = client_open();
    return held_up != NULL && client_print(held_up, request) &&
           tap_check(client_quiet(held_up, HELD_UP_MS),
                     "says that it serves one client at a time, yet served a second");
}

bool bystander_leaves(void)
{
    struct client *client = held_up;
    held_up = NULL;
    if (client == NULL)
        return bystander_is_served();
    bool ok = reply_expect(client, "200");
    client_close(client, false);
    return tap_check(ok, "the client who was held up is not served afterwards");
}
