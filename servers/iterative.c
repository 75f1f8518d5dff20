/* SPDX-License-Identifier: MIT */
/*
 * Iterative: one process, one client at a time, blocking calls.
 *
 * Who waits where: the process waits in accept for a client, then in recv for that client's next
 * request, until the client has gone. Nobody else is heard meanwhile; the kernel completes their
 * connections and keeps them in the accept queue, so they believe that they are connected.
 *
 * One more client costs: a place in the accept queue, and its patience.
 * What breaks it: any client that keeps its connection open, be it ever so idle.
 * Compare with: fork and thread, which put the same loop where it blocks nobody else.
 */
#include "lib/server.h"

static const struct model model = {
    .name = "iterative",
    .title = "one client after the other, blocking",
    .family = "blocking",
    .blocking = true,
    .accept_blocks = true,
    .clients_at_once = 1,
};

int main(int argc, char **argv)
{
    struct conns conns;
    int fd;

    server_start(&model, argc, argv);
    conns_init(&conns, server_rules());
    while ((fd = server_accept()) >= 0)
        conns_converse(&conns, fd);
    conns_finish(&conns);
    return server_end();
}
