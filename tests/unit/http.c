/* SPDX-License-Identifier: MIT */
#include "lib/http.h"
#include "tests/unit/dice.h"
#include "tests/unit/http_cases.h"
#include "tests/unit/talk.h"
#include "tests/unit/transcript.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

enum {
    USUAL_HEAD = 8192,
    USUAL_BODY = 13,
    BIG_BODY = 100000,
    ROOMY = 16384,
    MUTATIONS = 20000,
    RANDOM_MOST = 400 /* bytes of random input */
};

static const size_t ROOMS[] = {PROTOCOL_ANSWER, PROTOCOL_ANSWER + 1, 700, ROOMY};
static const size_t TAKES[] = {0, 1, 7, 511, 512, 513};

enum { ROOM_COUNT = sizeof ROOMS / sizeof *ROOMS, TAKE_COUNT = sizeof TAKES / sizeof *TAKES };

static void set_up(uint64_t body_size, size_t max_head)
{
    const struct protocol_settings settings = {body_size, max_head};

    http_protocol.prepare(&settings);
}

/* ---- One talk, and what must come of it ---- */

static const struct talk WHOLE = {&http_protocol, SIZE_MAX, SIZE_MAX, ROOMY, 0, false};

static const char *hear_it(const struct talk *talk, struct span in, size_t body_size,
                           char text[TRANSCRIPT])
{
    static struct heard heard;

    talk_run(talk, in, &heard);
    return transcript_of(&heard, body_size, text);
}

static void expect(const struct talk *talk, struct span in, const char *wanted)
{
    char text[TRANSCRIPT];

    if (strcmp(hear_it(talk, in, USUAL_BODY, text), wanted) != 0)
        fail_msg("'%s', not '%s' (first piece %zd, then %zd; room %zu, %zu taken at a time)", text,
                 wanted, (ssize_t)talk->first, (ssize_t)talk->then, talk->room, talk->take);
}

/* Whole, cut in two at every byte, byte by byte; each with little and with much room. */
static void expect_however_split(struct span in, const char *wanted)
{
    for (size_t i = 0; i < ROOM_COUNT; i++) {
        struct talk talk = WHOLE;

        talk.room = ROOMS[i];
        expect(&talk, in, wanted);
        for (talk.first = 1; talk.first < in.len; talk.first++)
            expect(&talk, in, wanted);
        talk.first = talk.then = 1;
        expect(&talk, in, wanted);
        talk.take = 7;
        expect(&talk, in, wanted);
    }
}

static void case_holds(void **state)
{
    const struct http_case *row = *state;

    set_up(USUAL_BODY, USUAL_HEAD);
    expect_however_split(row->in, row->heard);
}

/* What is behind a request shows where it was taken to end, and that nothing comes after a
   refusal. */
static void next_request_is_found(void **state)
{
    const struct http_case *row = *state;
    char all[1024], wanted[TRANSCRIPT];
    size_t len = row->in.len + sizeof REQUEST - 1;

    if (strstr(row->heard, "head") || strstr(row->heard, "body"))
        return;
    assert_true(len <= sizeof all);
    memcpy(all, row->in.at, row->in.len);
    memcpy(all + row->in.len, REQUEST, sizeof REQUEST - 1);
    snprintf(wanted, sizeof wanted, strchr(row->heard, 'c') ? "%s" : "%s 200", row->heard);
    set_up(USUAL_BODY, USUAL_HEAD);
    expect_however_split((struct span){all, len}, wanted);
}

/* With a limit that most heads exceed, too: what is refused, and how, must not hang on how it
   came. */
static void limit_does_not_depend_on_splits(void **state)
{
    const struct http_case *row = *state;
    char text[TRANSCRIPT];

    for (size_t limit = 20; limit <= 80; limit += 7) {
        set_up(USUAL_BODY, limit);
        expect_however_split(row->in, hear_it(&WHOLE, row->in, USUAL_BODY, text));
    }
}

/* ---- The answer's text ---- */

static void answers(const char *request, const char *wanted)
{
    struct heard heard = {0};

    talk_run(&WHOLE, (struct span){request, strlen(request)}, &heard);
    assert_int_equal(heard.len, strlen(wanted));
    assert_memory_equal(heard.bytes, wanted, heard.len);
    heard_free(&heard);
}

static void the_text_of_an_answer_is_exact(void **state)
{
    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    answers(REQUEST, "HTTP/1.1 200 OK\r\n"
                     "Server: c10kit\r\n"
                     "Content-Type: text/plain\r\n"
                     "Content-Length: 13\r\n"
                     "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "\r\n"
                     "Hello, world!");
    answers("HEAD / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n"
                                       "Server: c10kit\r\n"
                                       "Content-Type: text/plain\r\n"
                                       "Content-Length: 13\r\n"
                                       "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                       "Connection: close\r\n"
                                       "\r\n");
}

static void a_refusal_is_marked_and_an_answer_is_not(void **state)
{
    static const struct {
        const char *request;
        bool refused;
    } ROWS[] = {
        {REQUEST, false},
        {"PUT / HTTP/1.1\r\nHost: a\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.1\r\n\r\n", true},
        {"GET / HTTP/2.0\r\n\r\n", true},
    };
    struct heard heard = {0};

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        talk_run(&WHOLE, (struct span){ROWS[i].request, strlen(ROWS[i].request)}, &heard);
        assert_int_equal(heard.refused, ROWS[i].refused);
        assert_int_equal(heard.answered, 1);
    }
    heard_free(&heard);
}

/* ---- The length of a head ---- */

/* A head of so many bytes, its last four the end; behind = 0: its first bytes only. */
static struct span head_of(size_t len, char *bytes)
{
    static const char START[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";

    memset(bytes, 'x', len);
    memcpy(bytes, START, sizeof START - 1);
    memcpy(bytes + len - 4, "\r\n\r\n", 4);
    return (struct span){bytes, len};
}

static void expect_in_some_splits(struct span in, const char *wanted)
{
    struct talk talk = WHOLE;

    expect(&talk, in, wanted);
    for (talk.first = in.len - 6; talk.first < in.len; talk.first++)
        expect(&talk, in, wanted);
    talk.first = talk.then = 1;
    expect(&talk, in, wanted);
    talk.first = talk.then = 1000;
    expect(&talk, in, wanted);
}

static void a_head_may_have_just_its_limit(void **state)
{
    static const size_t LIMITS[] = {64, USUAL_HEAD, PROTOCOL_MAX_HEAD};
    static char bytes[PROTOCOL_MAX_HEAD + 16];

    (void)state;
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        set_up(USUAL_BODY, LIMITS[i]);
        expect_in_some_splits(head_of(LIMITS[i], bytes), "200");
        expect_in_some_splits(head_of(LIMITS[i] + 1, bytes), "431c");
        expect_in_some_splits((struct span){head_of(LIMITS[i] + 8, bytes).at, LIMITS[i]}, "head");
        expect_in_some_splits((struct span){bytes, LIMITS[i] + 1}, "431c");
    }
}

static void a_blank_line_before_a_head_is_no_part_of_its_length(void **state)
{
    static char bytes[USUAL_HEAD + 16] = "\r\n";

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    head_of(USUAL_HEAD, bytes + 2);
    expect_in_some_splits((struct span){bytes, USUAL_HEAD + 2}, "200");
    head_of(USUAL_HEAD + 1, bytes + 2);
    expect_in_some_splits((struct span){bytes, USUAL_HEAD + 3}, "431c");
}

static void a_request_line_may_be_as_long_as_a_head(void **state)
{
    static const char START[] = "GET /", STOP[] = " HTTP/1.1\r\nHost: a\r\n\r\n";
    static char bytes[USUAL_HEAD + 1];

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    for (size_t len = USUAL_HEAD; len <= USUAL_HEAD + 1; len++) {
        memset(bytes, 'x', len);
        memcpy(bytes, START, sizeof START - 1);
        memcpy(bytes + len - (sizeof STOP - 1), STOP, sizeof STOP - 1);
        expect_in_some_splits((struct span){bytes, len}, len == USUAL_HEAD ? "200" : "431c");
    }
}

static void what_is_wrong_beyond_the_limit_is_too_long(void **state)
{
    static char bytes[USUAL_HEAD + 200];

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    head_of(USUAL_HEAD + 100, bytes);
    bytes[USUAL_HEAD + 50] = '\n';
    expect_in_some_splits((struct span){bytes, USUAL_HEAD + 100}, "431c");
}

static void a_hundred_fields_are_accepted(void **state)
{
    static char bytes[USUAL_HEAD];
    size_t len = (size_t)snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: a\r\n");

    (void)state;
    for (int i = 0; i < 400; i++)
        len += (size_t)snprintf(bytes + len, sizeof bytes - len, "X-%d: %d\r\n", i, i);
    len += (size_t)snprintf(bytes + len, sizeof bytes - len, "\r\n");
    set_up(USUAL_BODY, USUAL_HEAD);
    expect_in_some_splits((struct span){bytes, len}, "200");
}

/* ---- Bodies larger than any buffer ---- */

static struct span with_body(const char *head, size_t body, char byte, const char *behind)
{
    size_t size = strlen(head) + body + strlen(behind);
    char *bytes = malloc(size), *at;

    assert_non_null(bytes);
    at = (char *)memcpy(bytes, head, strlen(head)) + strlen(head);
    memset(at, byte, body);
    memcpy(at + body, behind, strlen(behind));
    return (struct span){bytes, size};
}

static void expect_in_pieces(struct span in, const char *wanted)
{
    static const size_t PIECES[] = {1, 2, 3, 511, 4096, 65537, SIZE_MAX};
    struct talk talk = WHOLE;

    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++) {
        talk.first = talk.then = PIECES[i];
        expect(&talk, in, wanted);
    }
    free((void *)(uintptr_t)in.at);
}

static void a_large_body_is_dropped(void **state)
{
    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    expect_in_pieces(with_body("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
                               BIG_BODY, '\0', REQUEST),
                     "405 200");
    expect_in_pieces(with_body("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n",
                               BIG_BODY, '\n', ""),
                     "body");
}

static void a_large_chunk_is_dropped(void **state)
{
    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    expect_in_pieces(
        with_body("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n",
                  BIG_BODY, '\r', "\r\n0\r\n\r\n" REQUEST),
        "405 200");
}

static void many_small_chunks_are_dropped(void **state)
{
    struct span in = with_body("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                               BIG_BODY, 'x', "0\r\n\r\n" REQUEST);
    char *at = memchr(in.at, 'x', in.len);

    (void)state;
    for (size_t i = 0; i + 6 <= BIG_BODY; i += 6)
        memcpy(at + i, "1\r\nx\r\n", 6);
    memcpy(at + BIG_BODY / 6 * 6 - 2, "\r\n1\r\nx", BIG_BODY % 6 + 2);
    set_up(USUAL_BODY, USUAL_HEAD);
    expect_in_pieces(in, "400c"); /* the last one has no end: behind it comes "0", not CRLF */
}

/* ---- What is served, taken in odd pieces ---- */

static void expect_bodies(size_t body_size, const char *requests, const char *wanted)
{
    char text[TRANSCRIPT];
    struct talk talk = WHOLE;

    set_up(body_size, USUAL_HEAD);
    for (size_t i = 0; i < ROOM_COUNT * TAKE_COUNT; i++) {
        talk.room = ROOMS[i % ROOM_COUNT];
        talk.take = TAKES[i / ROOM_COUNT];
        for (talk.then = 1; talk.then; talk.then = talk.then == 1 ? SIZE_MAX : 0) {
            talk.first = talk.then;
            hear_it(&talk, (struct span){requests, strlen(requests)}, body_size, text);
            assert_string_equal(text, wanted);
        }
    }
}

static void a_body_of_any_size_is_served(void **state)
{
    static const size_t SIZES[] = {1, 12, 13, 14, 400, 511, 512, 831, 832, 833, 16384, BIG_BODY};

    (void)state;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
        expect_bodies(SIZES[i],
                      REQUEST "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" REQUEST
                              "GET / HTTP/1.0\r\n\r\n" REQUEST,
                      "200 200h 200 200c");
}

static void a_body_of_no_bytes_is_served(void **state)
{
    (void)state;
    expect_bodies(0, REQUEST "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" REQUEST, "200 200 200");
}

static void a_thousand_pipelined_requests_are_answered(void **state)
{
    static char requests[1000 * sizeof REQUEST];
    struct heard heard = {0};
    struct talk talk = WHOLE;

    (void)state;
    for (size_t i = 0; i < 1000; i++)
        memcpy(requests + i * (sizeof REQUEST - 1), REQUEST, sizeof REQUEST);
    set_up(USUAL_BODY, USUAL_HEAD);
    for (talk.then = 1; talk.then < 10000; talk.then += 997) {
        talk.first = talk.then;
        talk_run(&talk, (struct span){requests, 1000 * (sizeof REQUEST - 1)}, &heard);
        assert_int_equal(heard.answered, 1000);
        assert_int_equal(heard.phase, PHASE_IDLE);
    }
    heard_free(&heard);
}

/* ---- The server stops; a head is late ---- */

static void closing_is_said_by_the_last_complete_request_alone(void **state)
{
    struct talk talk = WHOLE;
    const char *three = REQUEST REQUEST REQUEST;
    struct span in = {three, strlen(three)};

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    talk.closing = true;
    for (size_t i = 0; i < ROOM_COUNT; i++) {
        talk.room = ROOMS[i];
        expect(&talk, in, "200 200 200c");
    }
    talk.first = sizeof REQUEST - 1;
    expect(&talk, in, "200c");
    talk.first = 1;
    expect(&talk, in, "200 200 200c");
}

static void closing_waits_for_a_request_that_has_begun(void **state)
{
    static const char REST[] = "T / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
    char bytes[200];
    struct talk talk = WHOLE;

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    talk.closing = true;
    snprintf(bytes, sizeof bytes, "%sGE%s", REQUEST, REST);
    for (talk.first = sizeof REQUEST; talk.first < strlen(bytes); talk.first++)
        expect(&talk, (struct span){bytes, strlen(bytes)}, "200 200c");
    expect(&talk, (struct span){bytes, sizeof REQUEST + 1}, "200 head");
    expect(&talk, (struct span){bytes, strlen(bytes) - 1}, "200 body");
}

static void closing_is_said_whatever_the_answer(void **state)
{
    struct talk talk = WHOLE;

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    talk.closing = true;
    expect(&talk, (struct span){"PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 27}, "405c");
    expect(&talk, (struct span){"X / HTTP/1.1\r\nHost: a\r\n\r\n", 25}, "501c");
    expect(&talk, (struct span){"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", 28}, "200hc");
    expect(&talk, (struct span){"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 42}, "200c");
}

static void a_late_head_is_told_so(void **state)
{
    char bytes[PROTOCOL_ANSWER], text[TRANSCRIPT];
    struct room out = {bytes, 0, sizeof bytes};
    struct session session = {.date = TALK_DATE};
    struct heard heard;
    size_t used;

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    http_protocol.begin(&session);
    assert_int_equal(http_protocol.answer(&session, (struct span){"GET ", 4}, &used, &out),
                     ANSWER_WAIT);
    assert_int_equal(used + out.len, 0);
    http_protocol.late(&session, &out);
    heard = (struct heard){.bytes = bytes, .len = out.len, .last = true};
    assert_string_equal(transcript_of(&heard, USUAL_BODY, text), "408c");
}

/* ---- Random bytes ---- */

/* Bytes that mean something somewhere in a request. */
static char meaningful(struct dice *dice)
{
    static const char BYTES[] = "\r\n\r\n\r\n \t:;,0123456789abcdefx/*\0\x01\x7f\x80\xff+-\"GETHP.";

    return BYTES[dice_below(dice, sizeof BYTES - 1)];
}

static void agree_with_itself(struct span in, struct dice *dice)
{
    char whole[TRANSCRIPT], text[TRANSCRIPT];
    struct talk talk = WHOLE;

    hear_it(&talk, in, USUAL_BODY, whole);
    if (strchr(whole, '!'))
        fail_msg("%s", whole);
    for (int i = 0; i < 4; i++) {
        talk.first = 1 + dice_below(dice, in.len);
        talk.then = 1 + dice_below(dice, i < 2 ? in.len : 4);
        talk.room = ROOMS[dice_below(dice, ROOM_COUNT)];
        talk.take = TAKES[dice_below(dice, TAKE_COUNT)];
        hear_it(&talk, in, USUAL_BODY, text);
        assert_string_equal(text, whole);
    }
}

static size_t mutate(struct dice *dice, char *bytes, size_t len)
{
    for (size_t i = 1 + dice_below(dice, 3); i > 0; i--) {
        size_t at = dice_below(dice, len), count = 1 + dice_below(dice, 8);

        if (count > len - at)
            count = len - at;
        switch (dice_below(dice, 4)) {
        case 0:
            bytes[at] = meaningful(dice);
            break;
        case 1:
            bytes[at] = (char)(bytes[at] ^ 1 << dice_below(dice, 8));
            break;
        case 2: /* something twice */
            memmove(bytes + at + count, bytes + at, len - at);
            len += count;
            break;
        default: /* something lost */
            if (count < len) {
                memmove(bytes + at, bytes + at + count, len - at - count);
                len -= count;
            }
        }
    }
    return len;
}

static void mutated_requests_are_heard_alike_however_split(void **state)
{
    struct dice dice = dice_new();
    char bytes[1024];

    (void)state;
    for (int i = 0; i < MUTATIONS; i++) {
        const struct http_case *row = &http_cases[dice_below(&dice, http_case_count)];
        size_t len = row->in.len;

        memcpy(bytes, row->in.at, len);
        len = mutate(&dice, bytes, len);
        set_up(USUAL_BODY, i % 2 ? USUAL_HEAD : 40 + dice_below(&dice, 60));
        agree_with_itself((struct span){bytes, len}, &dice);
    }
}

static void random_bytes_are_heard_alike_however_split(void **state)
{
    struct dice dice = dice_new();
    char bytes[RANDOM_MOST];

    (void)state;
    set_up(USUAL_BODY, USUAL_HEAD);
    for (int i = 0; i < MUTATIONS; i++) {
        size_t len = 1 + dice_below(&dice, sizeof bytes);

        for (size_t j = 0; j < len; j++)
            bytes[j] = i % 2 ? meaningful(&dice) : (char)dice_next(&dice);
        agree_with_itself((struct span){bytes, len}, &dice);
    }
}

static int run_cases(const char *group, CMUnitTestFunction test)
{
    struct CMUnitTest *tests = calloc(http_case_count, sizeof *tests);
    int failed;

    assert(tests);
    for (size_t i = 0; i < http_case_count; i++)
        tests[i] = (struct CMUnitTest){.name = http_cases[i].name,
                                       .test_func = test,
                                       .initial_state = (void *)(uintptr_t)&http_cases[i]};
    failed = _cmocka_run_group_tests(group, tests, http_case_count, NULL, NULL);
    free(tests);
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_of_an_answer_is_exact),
        cmocka_unit_test(a_refusal_is_marked_and_an_answer_is_not),
        cmocka_unit_test(a_head_may_have_just_its_limit),
        cmocka_unit_test(a_blank_line_before_a_head_is_no_part_of_its_length),
        cmocka_unit_test(a_request_line_may_be_as_long_as_a_head),
        cmocka_unit_test(what_is_wrong_beyond_the_limit_is_too_long),
        cmocka_unit_test(a_hundred_fields_are_accepted),
        cmocka_unit_test(a_large_body_is_dropped),
        cmocka_unit_test(a_large_chunk_is_dropped),
        cmocka_unit_test(many_small_chunks_are_dropped),
        cmocka_unit_test(a_body_of_any_size_is_served),
        cmocka_unit_test(a_body_of_no_bytes_is_served),
        cmocka_unit_test(a_thousand_pipelined_requests_are_answered),
        cmocka_unit_test(closing_is_said_by_the_last_complete_request_alone),
        cmocka_unit_test(closing_waits_for_a_request_that_has_begun),
        cmocka_unit_test(closing_is_said_whatever_the_answer),
        cmocka_unit_test(a_late_head_is_told_so),
        cmocka_unit_test(mutated_requests_are_heard_alike_however_split),
        cmocka_unit_test(random_bytes_are_heard_alike_however_split),
    };
    int failed = run_cases("http: however split", case_holds);

    failed += run_cases("http: with a request behind", next_request_is_found);
    failed += run_cases("http: with a lower limit", limit_does_not_depend_on_splits);
    failed += cmocka_run_group_tests_name("http", tests, NULL, NULL);
    return failed > 0;
}
