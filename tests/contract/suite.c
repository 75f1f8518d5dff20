/* SPDX-License-Identifier: MIT */
#include "tests/contract/suite.h"

#include "tests/contract/client.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <stddef.h>

void suite_case(const char *name, void (*run)(const void *), const void *argument)
{
    tap_begin(name);
    run(argument);
    clients_close();
    server_end();
    tap_end();
}

void suite_shared_case(const char *name, void (*run)(const void *), const void *argument,
                       const char *const options[])
{
    tap_begin(name);
    if (server_ensure(options)) {
        run(argument);
        clients_close();
        tap_check(server_alive(), "the server has died");
    }
    tap_end();
}

static void stops(const void *unused)
{
    (void)unused;
    server_stop(NULL);
}

void suite_shared_end(void)
{
    suite_case("the server that went through all this stops cleanly", stops, NULL);
}
