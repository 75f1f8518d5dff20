/* SPDX-License-Identifier: MIT */
#include "bench/load/answer.h"

#include <assert.h>
#include <llhttp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/base/text.h"

enum { NAME_SIZE = 8 }; /* of a field, as much as tells Date from others */
static const char date_name[] = "date";

struct bytes {
    char *at;
    size_t len, room;
};

struct answer_slow {
    llhttp_t parser;
    const struct answer_pattern *pattern;
    struct bytes raw, body; /* only while there is no pattern: this answer may become it */
    size_t raw_len, body_len;
    const char *piece; /* what llhttp is at, to tell offsets */
    char name[NAME_SIZE];
    size_t name_len, date_at, date_len;
    bool in_value, other_body, whole;
    bool odd_date; /* folded, or there are two: it is then compared like everything else */
};

static void append(struct bytes *bytes, const char *at, size_t len)
{
    if (bytes->len + len > bytes->room) {
        bytes->room = 2 * (bytes->len + len);
        bytes->at = text_reallocate(bytes->at, bytes->room, 1);
    }
    memcpy(bytes->at + bytes->len, at, len);
    bytes->len += len;
}

/* ---- llhttp's callbacks ---- */

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    struct answer_slow *slow = parser->data;
    if (slow->in_value)
        slow->name_len = 0;
    slow->in_value = false;
    for (size_t i = 0; i < len; i++, slow->name_len++)
        if (slow->name_len < NAME_SIZE)
            slow->name[slow->name_len] = at[i];
    return 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct answer_slow *slow = parser->data;
    slow->in_value = true;
    if (slow->name_len == strlen(date_name) &&
        strncasecmp(slow->name, date_name, slow->name_len) == 0) {
        size_t here = slow->raw_len + (size_t)(at - slow->piece);
        if (slow->date_len == 0)
            slow->date_at = here;
        slow->odd_date |= here != slow->date_at + slow->date_len;
        slow->date_len += len;
    }
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct answer_slow *slow = parser->data;
    const struct answer_pattern *pattern = slow->pattern;
    if (!pattern->known)
        append(&slow->body, at, len);
    else if (slow->body_len + len > pattern->body_len ||
             memcmp(pattern->body + slow->body_len, at, len) != 0)
        slow->other_body = true;
    slow->body_len += len;
    return 0;
}

static bool is_interim(const llhttp_t *parser) /* such as 100: the answer is still to come */
{
    return parser->status_code < 200 && parser->status_code != 101;
}

static int on_complete(llhttp_t *parser)
{
    struct answer_slow *slow = parser->data;
    if (is_interim(parser)) {
        slow->date_len = 0;
        slow->odd_date = false;
        return 0;
    }
    slow->whole = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t *callbacks(void)
{
    static const llhttp_settings_t settings = {
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_body = on_body,
        .on_message_complete = on_complete,
    };
    return &settings;
}

/* ---- With llhttp ---- */

static struct answer_slow *slow_new(const struct answer_pattern *pattern)
{
    struct answer_slow *slow = text_allocate(1, sizeof *slow);
    llhttp_init(&slow->parser, HTTP_RESPONSE, callbacks());
    slow->parser.data = slow;
    slow->pattern = pattern;
    return slow;
}

/* Of a keep-alive answer at least, the bytes before its end can be compared. */
static void keep_pattern(struct answer_pattern *pattern, struct answer_slow *slow, bool ended)
{
    pattern->known = true;
    pattern->comparable = !ended;
    pattern->last = !llhttp_should_keep_alive(&slow->parser);
    pattern->bytes = slow->raw.at;
    pattern->len = slow->raw.len;
    pattern->body = slow->body.at;
    pattern->body_len = slow->body.len;
    if (slow->date_len > 0 && !slow->odd_date) {
        pattern->date_at = slow->date_at;
        pattern->date_len = slow->date_len;
    }
    slow->raw = slow->body = (struct bytes){0};
}

/* Another answer has become the pattern while this one was being kept for it. */
static bool has_other_body(const struct answer_slow *slow, const struct answer_pattern *pattern)
{
    return slow->other_body || slow->body_len != pattern->body_len ||
           (slow->body.len > 0 && memcmp(slow->body.at, pattern->body, slow->body.len) != 0);
}

static enum answer_verdict judge(struct answer *answer, struct answer_pattern *pattern, bool ended)
{
    struct answer_slow *slow = answer->slow;
    enum answer_verdict verdict = ANSWER_RIGHT;
    if (slow->parser.status_code / 100 != 2)
        verdict = ANSWER_WRONG_STATUS;
    else if (pattern->known && has_other_body(slow, pattern))
        verdict = ANSWER_WRONG_BODY;
    else if (!pattern->known)
        keep_pattern(pattern, slow, ended);
    answer->bytes = slow->raw_len;
    answer->last = ended || !llhttp_should_keep_alive(&slow->parser);
    answer_reset(answer);
    return verdict;
}

/* Returns how many bytes llhttp took, or -1 where they are no answer. */
static ptrdiff_t feed(struct answer_slow *slow, const char *bytes, size_t len)
{
    slow->piece = bytes;
    llhttp_errno_t error = llhttp_execute(&slow->parser, bytes, len);
    if (error != HPE_OK && !slow->whole)
        return -1;
    size_t used = slow->whole ? (size_t)(llhttp_get_error_pos(&slow->parser) - bytes) : len;
    if (slow->raw_len + used > ANSWER_LONGEST)
        return -1;
    if (!slow->pattern->known)
        append(&slow->raw, bytes, used);
    slow->raw_len += used;
    return (ptrdiff_t)used;
}

static enum answer_verdict broken(struct answer *answer)
{
    answer_reset(answer);
    return ANSWER_BROKEN;
}

static enum answer_verdict take_slowly(struct answer *answer, struct answer_pattern *pattern,
                                       const char *bytes, size_t len, size_t *used)
{
    if (!answer->slow) {
        answer->slow = slow_new(pattern);
        /* It is the pattern's beginning, so it is no whole answer. The other Date does not matter:
         * it was not looked at. */
        if (answer->matched > 0)
            (void)feed(answer->slow, pattern->bytes, answer->matched);
    }
    ptrdiff_t taken = len ? feed(answer->slow, bytes, len) : 0;
    if (taken < 0)
        return broken(answer);
    *used = (size_t)taken;
    return answer->slow->whole ? judge(answer, pattern, false) : ANSWER_MORE;
}

/* ---- Against the pattern ---- */

static bool same_piece(const struct answer_pattern *pattern, size_t from, size_t to,
                       const char *bytes, size_t bytes_from, size_t bytes_to)
{
    if (from < bytes_from)
        from = bytes_from;
    if (to > bytes_to)
        to = bytes_to;
    return from >= to || memcmp(pattern->bytes + from, bytes + (from - bytes_from), to - from) == 0;
}

/* A date may be any, as long as its blanks stand where they stood: it is then as good a value as
 * the first one's, whatever comes behind it. All else is for llhttp to judge. */
static bool plain_date(const struct answer_pattern *pattern, const char *bytes, size_t from,
                       size_t to)
{
    size_t at = pattern->date_at > from ? pattern->date_at : from;
    size_t end = pattern->date_at + pattern->date_len;
    bool plain = true;
    if (end > to)
        end = to;
    for (; at < end; at++) {
        char byte = bytes[at - from];
        plain &= byte >= ' ' && byte <= '~' && (byte == ' ') == (pattern->bytes[at] == ' ');
    }
    return plain;
}

/* Whether `bytes` are those of the pattern from `from` to `to`, but for Date. */
static bool matches(const struct answer_pattern *pattern, size_t from, size_t to, const char *bytes)
{
    size_t date_end = pattern->date_at + pattern->date_len;
    return same_piece(pattern, 0, pattern->date_at, bytes, from, to) &&
           same_piece(pattern, date_end, pattern->len, bytes, from, to) &&
           plain_date(pattern, bytes, from, to);
}

enum answer_verdict answer_take(struct answer *answer, struct answer_pattern *pattern,
                                const char *bytes, size_t len, size_t *used)
{
    *used = 0;
    if (answer->slow || !pattern->comparable)
        return take_slowly(answer, pattern, bytes, len, used);
    size_t left = pattern->len - answer->matched;
    size_t some = len < left ? len : left;
    if (!matches(pattern, answer->matched, answer->matched + some, bytes))
        return pattern->exact ? broken(answer) : take_slowly(answer, pattern, bytes, len, used);
    *used = some;
    if (some < left) {
        answer->matched += some;
        return ANSWER_MORE;
    }
    answer->matched = 0;
    answer->bytes = pattern->len;
    answer->last = pattern->last;
    return ANSWER_RIGHT;
}

enum answer_verdict answer_end(struct answer *answer, struct answer_pattern *pattern)
{
    if (!answer_has_begun(answer))
        return ANSWER_MORE;
    size_t used = 0;
    if (!answer->slow && !pattern->exact)
        (void)take_slowly(answer, pattern, "", 0, &used);
    if (!answer->slow || llhttp_finish(&answer->slow->parser) == HPE_INVALID_EOF_STATE ||
        !answer->slow->whole)
        return broken(answer);
    return judge(answer, pattern, true);
}

bool answer_has_begun(const struct answer *answer)
{
    return answer->matched > 0 || (answer->slow && answer->slow->raw_len > 0);
}

void answer_reset(struct answer *answer)
{
    if (answer->slow) {
        free(answer->slow->raw.at);
        free(answer->slow->body.at);
        free(answer->slow);
    }
    answer->slow = NULL;
    answer->matched = 0;
}

void answer_pattern_echo(struct answer_pattern *pattern, const char *message, size_t len)
{
    assert(len > 0);
    *pattern = (struct answer_pattern){.known = true, .comparable = true, .exact = true};
    pattern->bytes = text_allocate(len, 1);
    memcpy(pattern->bytes, message, len);
    pattern->len = len;
}

void answer_pattern_finish(struct answer_pattern *pattern)
{
    free(pattern->bytes);
    free(pattern->body);
    *pattern = (struct answer_pattern){0};
}
