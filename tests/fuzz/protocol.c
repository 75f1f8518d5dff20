/* SPDX-License-Identifier: MIT */
/*
 * A protocol, and how its input is cut and its output taken. The input's first bytes say how, the
 * others are what the client says:
 *
 *     flags   1 echo, 2 the server stops, 4 a body larger than any room
 *     first   bytes of the first piece, less one
 *     then    bytes of each other piece, less one
 *     room    bytes of room for output above the least, in eights
 *     take    bytes of output taken at a time; 0: all
 *     limit   of a head, above the least, in fours; 255: the usual one
 *
 * What is heard must not depend on it, and must be what http says in answers (transcript_of()).
 * That the interface is kept, and no byte read or written beyond what was given, talk_run() sees
 * to.
 */
#include "tests/fuzz/target.h"
#include "lib/echo.h"
#include "lib/http.h"
#include "tests/unit/talk.h"
#include "tests/unit/transcript.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FLAGS, FIRST, THEN, ROOM, TAKE, LIMIT, CONTROLS };
enum { ECHO = 1, CLOSING = 2, LARGE = 4 };
enum { ROOMY = 16384, USUAL_HEAD = 8192, LEAST_HEAD = 64, BODY = 13, LARGE_BODY = 3000 };

static struct talk talk_of(const uint8_t *controls)
{
    return (struct talk){
        .protocol = controls[FLAGS] & ECHO ? &echo_protocol : &http_protocol,
        .first = 1 + (size_t)controls[FIRST],
        .then = 1 + (size_t)controls[THEN],
        .room = PROTOCOL_ANSWER + 8 * (size_t)controls[ROOM],
        .take = controls[TAKE],
        .closing = controls[FLAGS] & CLOSING,
    };
}

static void check_http(const struct heard *heard, size_t body_size)
{
    char text[TRANSCRIPT];

    transcript_of(heard, body_size, text);
    assert(!strchr(text, '!'));
}

static void check_alike(const struct heard *whole, const struct heard *cut)
{
    assert(whole->len == cut->len);
    assert(whole->len == 0 || memcmp(whole->bytes, cut->bytes, whole->len) == 0);
    assert(whole->last == cut->last && whole->refused == cut->refused);
    assert(whole->phase == cut->phase);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heard heard, heard_whole;
    struct protocol_settings settings = {.max_head = USUAL_HEAD};
    struct talk talk, whole;
    struct span in;

    if (size < CONTROLS)
        return 0;
    talk = talk_of(data);
    in = (struct span){(const char *)data + CONTROLS, size - CONTROLS};
    settings.body_size = data[FLAGS] & LARGE ? LARGE_BODY : BODY;
    if (data[LIMIT] < 255)
        settings.max_head = LEAST_HEAD + 4 * (size_t)data[LIMIT];
    talk.protocol->prepare(&settings);
    talk_run(&talk, in, &heard);
    if (talk.protocol == &http_protocol)
        check_http(&heard, settings.body_size);
    if (talk.closing)
        return 0; /* which request is the last depends on which had come */
    whole = (struct talk){talk.protocol, SIZE_MAX, SIZE_MAX, ROOMY, 0, false};
    talk_run(&whole, in, &heard_whole);
    check_alike(&heard_whole, &heard);
    if (talk.protocol == &http_protocol) /* echo counts pieces */
        assert(heard.answered == heard_whole.answered);
    if (talk.protocol == &echo_protocol)
        assert(heard.len == in.len && (in.len == 0 || memcmp(heard.bytes, in.at, in.len) == 0));
    return 0;
}
