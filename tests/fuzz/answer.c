/* SPDX-License-Identifier: MIT */
/*
 * What a server says, as the load generator reads it. The input's first bytes say how, the others
 * are the server's:
 *
 *     flags   1 a right answer has been seen before
 *     first   bytes of the first piece, less one
 *     then    bytes of each other piece, less one
 *
 * The verdicts must not depend on the pieces, nor on whether an answer was compared with the
 * pattern or read with llhttp.
 */
#include "bench/load/answer.h"
#include "tests/fuzz/target.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FLAGS, FIRST, THEN, CONTROLS };
enum { SEEN = 1 };
enum { VERDICTS_MOST = 4096 };

static const char hello[] = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                            "Content-Length: 5\r\n\r\nhello";

struct heard {
    char verdicts[VERDICTS_MOST];
    size_t count, bytes;
};

static void note(struct heard *heard, const struct answer *answer, enum answer_verdict verdict)
{
    assert(heard->count < VERDICTS_MOST);
    heard->verdicts[heard->count++] = (char)('0' + verdict + (answer->last ? 5 : 0));
    if (verdict != ANSWER_BROKEN)
        heard->bytes += answer->bytes;
}

/* False: nothing more can be made of the connection. */
static bool hear_piece(struct answer *answer, struct answer_pattern *pattern, const char *bytes,
                       size_t len, struct heard *heard)
{
    for (size_t used; len > 0; bytes += used, len -= used) {
        enum answer_verdict verdict = answer_take(answer, pattern, bytes, len, &used);
        assert(used <= len && (used > 0 || verdict == ANSWER_BROKEN));
        if (verdict == ANSWER_MORE) {
            assert(used == len);
            return true;
        }
        note(heard, answer, verdict);
        if (verdict == ANSWER_BROKEN)
            return false;
    }
    return true;
}

/* Each piece is a copy of its own, so that a sanitizer sees a byte read beyond it. */
static void hear_all(struct answer_pattern *pattern, const char *bytes, size_t len, size_t first,
                     size_t then, struct heard *heard)
{
    struct answer answer = {0};
    bool alive = true;
    *heard = (struct heard){.count = 0};
    for (size_t at = 0, piece = first; alive && at < len; at += piece, piece = then) {
        if (piece > len - at)
            piece = len - at;
        char *copy = malloc(piece);
        assert(copy);
        memcpy(copy, bytes + at, piece);
        alive = hear_piece(&answer, pattern, copy, piece, heard);
        free(copy);
    }
    if (alive) {
        enum answer_verdict verdict = answer_end(&answer, pattern);
        if (verdict != ANSWER_MORE)
            note(heard, &answer, verdict);
    }
    answer_reset(&answer);
    assert(heard->bytes <= len);
}

static void hear(bool seen, bool compared, const char *bytes, size_t len, size_t first, size_t then,
                 struct heard *heard)
{
    struct answer_pattern pattern = {0};
    if (seen)
        hear_all(&pattern, hello, strlen(hello), SIZE_MAX, SIZE_MAX, heard);
    pattern.comparable &= compared;
    hear_all(&pattern, bytes, len, first, then, heard);
    answer_pattern_finish(&pattern);
}

static void check_alike(const struct heard *one, const struct heard *other)
{
    assert(one->count == other->count && one->bytes == other->bytes);
    assert(memcmp(one->verdicts, other->verdicts, one->count) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct heard whole, cut, parsed;
    if (size < CONTROLS)
        return 0;
    const char *bytes = (const char *)data + CONTROLS;
    size_t len = size - CONTROLS, first = 1 + (size_t)data[FIRST], then = 1 + (size_t)data[THEN];
    bool seen = data[FLAGS] & SEEN;
    hear(seen, true, bytes, len, SIZE_MAX, SIZE_MAX, &whole);
    hear(seen, true, bytes, len, first, then, &cut);
    check_alike(&whole, &cut);
    if (seen) {
        hear(seen, false, bytes, len, first, then, &parsed);
        check_alike(&whole, &parsed);
    }
    return 0;
}
