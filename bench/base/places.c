/* SPDX-License-Identifier: MIT */
#include "bench/base/places.h"

#include <stdlib.h>
#include <unistd.h>

#include "bench/config.h"
#include "bench/base/text.h"

static char *first_that_exists(char *first, char *second)
{
    if (access(first, R_OK) == 0) {
        free(second);
        return first;
    }
    free(first);
    return second;
}

char *places_servers(void)
{
    char *own = text_own_directory();
    char *built = text_format("%s/../servers", own);
    free(own);
    return first_that_exists(built, text_copy(CONFIG_SERVERS_INSTALLED));
}

char *places_selftest(void)
{
    char *own = text_own_directory();
    char *built = text_format("%s/../tests/selftest", own);
    free(own);
    return first_that_exists(built, text_copy(CONFIG_SERVERS_INSTALLED "/../selftest"));
}

char *places_data(const char *name)
{
    return first_that_exists(text_format("%s/%s", CONFIG_DATA_SOURCE, name),
                             text_format("%s/%s", CONFIG_DATA_INSTALLED, name));
}

char *places_program(const char *name)
{
    char *own = text_own_directory();
    char *program = first_that_exists(text_format("%s/%s", own, name),
                                      text_format("%s/%s", CONFIG_SERVERS_INSTALLED "/..", name));
    free(own);
    return program;
}

char *places_companion(const char *name)
{
    char *own = text_own_directory();
    char *program = first_that_exists(text_format("%s/../companions/%s", own, name),
                                      text_format("%s/%s", CONFIG_SERVERS_INSTALLED "/..", name));
    free(own);
    return program;
}

char *places_generator(void)
{
    char *own = text_own_directory();
    char *program = first_that_exists(text_format("%s/load/c10kit-load", own),
                                      text_format("%s/c10kit-load", own));
    free(own);
    return program;
}
