/* SPDX-License-Identifier: MIT */
#include "bench/load/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEARD = 64, UNTIL_END = 1 << 8 };

#define DATE(second)  "Date: Sun, 06 Nov 1994 08:49:" second " GMT\r\n"
#define HELLO(second) "HTTP/1.1 200 OK\r\n" DATE(second) "Content-Length: 5\r\n\r\nhello"

/* Verdicts, a letter each, of a connection that hears `text` in pieces of `first`, then `then`
 * bytes; behind them what the end of the connection says. */
static void hear(struct answer_pattern *pattern, const char *text, size_t first, size_t then,
                 char heard[HEARD])
{
    static const char letters[] = {[ANSWER_MORE] = '.',
                                   [ANSWER_RIGHT] = 'r',
                                   [ANSWER_WRONG_STATUS] = 's',
                                   [ANSWER_WRONG_BODY] = 'b',
                                   [ANSWER_BROKEN] = '!'};
    struct answer answer = {0};
    size_t len = strlen(text), count = 0;
    for (size_t at = 0, piece = first; at < len; at += piece, piece = then) {
        if (piece > len - at)
            piece = len - at;
        char *copy = malloc(piece); /* exact, so that a sanitizer sees every byte read beyond it */
        memcpy(copy, text + at, piece);
        for (size_t done = 0, used; done < piece; done += used) {
            enum answer_verdict verdict =
                answer_take(&answer, pattern, copy + done, piece - done, &used);
            if (verdict != ANSWER_MORE)
                heard[count++] = letters[verdict];
            if (answer.last && verdict == ANSWER_RIGHT)
                heard[count++] = 'c';
            if (verdict == ANSWER_BROKEN) {
                heard[count] = '\0';
                free(copy);
                return;
            }
        }
        free(copy);
    }
    heard[count++] = '|';
    heard[count++] = letters[answer_end(&answer, pattern)];
    heard[count] = '\0';
    answer_reset(&answer);
}

/* Whole, cut in two at every byte, and byte by byte; each with a pattern that is there already and
 * with none. */
static void expect(const char *text, const char *wanted)
{
    size_t len = strlen(text);
    for (size_t first = 1; first <= len; first++)
        for (int known = 0; known < 2; known++)
            for (int bytewise = 0; bytewise < 2; bytewise++) {
                struct answer_pattern pattern = {0};
                char heard[HEARD];
                if (known)
                    hear(&pattern, HELLO("01"), SIZE_MAX, SIZE_MAX, heard);
                hear(&pattern, text, first, bytewise ? 1 : SIZE_MAX, heard);
                if (strcmp(heard, wanted) != 0)
                    fail_msg("'%s', not '%s': %s (first piece %zu, %s, %s)", heard, wanted, text,
                             first, bytewise ? "then bytes" : "then the rest",
                             known ? "known" : "first");
                answer_pattern_finish(&pattern);
            }
}

static void right_answers_are_right_whatever_their_date(void **state)
{
    (void)state;
    expect(HELLO("01"), "r|.");
    expect(HELLO("01") HELLO("37") HELLO("59"), "rrr|.");
}

static void other_heads_with_the_same_body_are_right(void **state)
{
    (void)state;
    expect(HELLO("01") "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello" HELLO("02"),
           "rrr|.");
    expect(HELLO("01") "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n" HELLO("02"),
           "rrr|.");
    expect("HTTP/1.1 100 Continue\r\n\r\n" HELLO("01") HELLO("02"), "rr|.");
}

static void status_and_body_are_judged(void **state)
{
    (void)state;
    expect(HELLO("01") "HTTP/1.1 500 Oh\r\nContent-Length: 5\r\n\r\nhello" HELLO("02"), "rsr|.");
    expect(
        HELLO("01") "HTTP/1.1 200 OK\r\n" DATE("01") "Content-Length: 5\r\n\r\nhellO" HELLO("02"),
        "rbr|.");
    expect(HELLO("01") "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell" HELLO("02"), "rbr|.");
    expect(HELLO("01") "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!" HELLO("02"), "rbr|.");
}

static void what_is_no_answer_is_broken(void **state)
{
    (void)state;
    expect(HELLO("01") "BREW\r\n\r\n", "r!");
    expect(HELLO("01") "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n", "r!");
}

static void an_end_in_an_answer_cuts_it_short(void **state)
{
    (void)state;
    expect(HELLO("01") "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", "r|!");
    expect(HELLO("01") "HTTP/1.1 20", "r|!");
}

static void an_answer_without_length_ends_with_the_connection(void **state)
{
    (void)state;
    expect("HTTP/1.1 200 OK\r\n\r\nhello", "|r");
    expect(HELLO("01") "HTTP/1.1 200 OK\r\n\r\nhellO", "r|b");
    expect(HELLO("01") "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "rrc|.");
    expect(HELLO("01") "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
           "rrc|.");
}

/* Two connections read the first answer at the same time: the pattern is one's, and the other is
 * held to all of it. */
static void first_answers_at_the_same_time_are_held_to_one_pattern(void **state)
{
    (void)state;
    static const char other[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhullo";
    struct answer_pattern pattern = {0};
    struct answer one = {0}, two = {0};
    size_t used, head = strlen(other) - 3;
    assert_int_equal(answer_take(&two, &pattern, other, head, &used), ANSWER_MORE);
    assert_int_equal(answer_take(&one, &pattern, HELLO("01"), strlen(HELLO("01")), &used),
                     ANSWER_RIGHT);
    assert_int_equal(answer_take(&two, &pattern, other + head, 3, &used), ANSWER_WRONG_BODY);
    answer_pattern_finish(&pattern);
}

static void echo_is_held_to_its_bytes(void **state)
{
    (void)state;
    struct answer_pattern pattern;
    char heard[HEARD];
    answer_pattern_echo(&pattern, "abcd", 4);
    for (size_t first = 1; first <= 12; first++) {
        hear(&pattern, "abcdabcdabcd", first, 1, heard);
        assert_string_equal(heard, "rrr|.");
        hear(&pattern, "abcdabxdabcd", first, SIZE_MAX, heard);
        assert_string_equal(heard, "r!");
        hear(&pattern, "abcdab", first, 1, heard);
        assert_string_equal(heard, "r|!");
    }
    answer_pattern_finish(&pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_answers_are_right_whatever_their_date),
        cmocka_unit_test(other_heads_with_the_same_body_are_right),
        cmocka_unit_test(status_and_body_are_judged),
        cmocka_unit_test(what_is_no_answer_is_broken),
        cmocka_unit_test(an_end_in_an_answer_cuts_it_short),
        cmocka_unit_test(an_answer_without_length_ends_with_the_connection),
        cmocka_unit_test(first_answers_at_the_same_time_are_held_to_one_pattern),
        cmocka_unit_test(echo_is_held_to_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
