/* SPDX-License-Identifier: MIT */
#include "lib/echo.h"
#include "tests/unit/dice.h"
#include "tests/unit/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LARGE = 300000, ROOMY = 16384 };

static void comes_back(const struct talk *talk, struct span in)
{
    struct heard heard = {0};

    talk_run(talk, in, &heard);
    assert_int_equal(heard.len, in.len);
    assert_int_equal(heard.used, in.len);
    if (in.len)
        assert_memory_equal(heard.bytes, in.at, in.len);
    assert_false(heard.last || heard.refused);
    assert_int_equal(heard.phase, PHASE_IDLE);
    heard_free(&heard);
}

static void every_byte_comes_back_however_split(void **state)
{
    char bytes[256];
    struct talk talk = {&echo_protocol, 1, SIZE_MAX, ROOMY, 0, false};

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(255 - i);
    for (; talk.first <= sizeof bytes; talk.first++)
        comes_back(&talk, (struct span){bytes, sizeof bytes});
    talk.first = talk.then = 1;
    comes_back(&talk, (struct span){bytes, sizeof bytes});
}

static void much_comes_back_through_little_room(void **state)
{
    struct dice dice = dice_new();
    char *bytes = malloc(LARGE);

    (void)state;
    assert_non_null(bytes);
    for (size_t i = 0; i < LARGE; i++)
        bytes[i] = (char)dice_next(&dice);
    for (int i = 0; i < 30; i++) {
        struct talk talk = {&echo_protocol,
                            1 + dice_below(&dice, LARGE),
                            1 + dice_below(&dice, LARGE),
                            PROTOCOL_ANSWER + dice_below(&dice, 600),
                            dice_below(&dice, 700),
                            false};

        comes_back(&talk, (struct span){bytes, LARGE});
    }
    free(bytes);
}

static void nothing_comes_back_for_nothing(void **state)
{
    static char bytes[PROTOCOL_ANSWER];
    struct session session = {0};
    struct room out = {bytes, 0, sizeof bytes};
    size_t used = 1;

    (void)state;
    echo_protocol.begin(&session);
    assert_int_equal(echo_protocol.answer(&session, (struct span){"", 0}, &used, &out),
                     ANSWER_WAIT);
    echo_protocol.late(&session, &out);
    assert_int_equal(used + out.len, 0);
}

static void a_full_room_is_not_overrun(void **state)
{
    static char bytes[PROTOCOL_ANSWER];
    struct session session = {0};
    struct room out = {bytes, sizeof bytes, sizeof bytes};
    size_t used = 1;

    (void)state;
    echo_protocol.begin(&session);
    assert_int_equal(echo_protocol.answer(&session, (struct span){"x", 1}, &used, &out),
                     ANSWER_WAIT);
    assert_int_equal(used, 0);
    assert_int_equal(out.len, sizeof bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_comes_back_however_split),
        cmocka_unit_test(much_comes_back_through_little_room),
        cmocka_unit_test(nothing_comes_back_for_nothing),
        cmocka_unit_test(a_full_room_is_not_overrun),
    };

    return cmocka_run_group_tests_name("echo", tests, NULL, NULL) > 0;
}
