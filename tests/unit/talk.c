/* SPDX-License-Identifier: MIT */
#include "tests/unit/talk.h"
#include "tests/unit/guard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    DATE = 29,
    MOST = 1 << 20 /* bytes of input or room: the talks of a test are smaller */
};

const char TALK_DATE[] = "Sun, 06 Nov 1994 08:49:37 GMT";

static_assert(sizeof TALK_DATE - 1 == DATE, "the date that protocol.h asks for");

/* Made once: mapping memory anew for each of a million talks would be most of the test's time. */
static struct {
    struct guard in, out, date;
} pages;

struct player {
    const struct talk *talk;
    struct session session;
    struct room out;
    struct heard *heard;
};

static void make_pages(void)
{
    if (pages.in.end)
        return;
    pages.in = guard_new(MOST);
    pages.out = guard_new(MOST);
    pages.date = guard_new(DATE);
    guard_put(&pages.date, TALK_DATE, DATE);
}

void heard_free(struct heard *heard)
{
    free(heard->bytes);
    *heard = (struct heard){0};
}

static void hear(struct heard *heard, const char *bytes, size_t len)
{
    if (heard->size - heard->len < len) {
        heard->size = 2 * heard->size + len;
        heard->bytes = realloc(heard->bytes, heard->size);
        assert(heard->bytes);
    }
    memcpy(heard->bytes + heard->len, bytes, len);
    heard->len += len;
}

static void take(struct player *player)
{
    struct room *out = &player->out;
    size_t len = player->talk->take;

    if (len == 0 || len > out->len)
        len = out->len;
    if (len == 0)
        return;
    hear(player->heard, out->at, len);
    memmove(out->at, out->at + len, out->len - len);
    out->len -= len;
}

/* One call of the protocol, held to its interface. */
static enum answer call(struct player *player, const char *at, size_t len)
{
    static char before[MOST];
    struct span in = {guard_put(&pages.in, at, len), len};
    struct room out = player->out;
    size_t used = SIZE_MAX;
    enum answer answer;

    memcpy(before, out.at, out.len);
    answer = player->talk->protocol->answer(&player->session, in, &used, &out);
    assert(used <= len);
    assert(out.at == player->out.at && out.size == player->out.size);
    assert(out.len >= player->out.len && out.len <= out.size);
    assert(memcmp(before, out.at, player->out.len) == 0);
    assert(memcmp(at, in.at, len) == 0);
    player->out = out;
    player->heard->used += used;
    player->heard->answered += answer != ANSWER_WAIT;
    player->heard->last = answer == ANSWER_LAST;
    return answer;
}

/* All that the input offered so far leads to. A protocol that made no progress and said that it
   had would never end: a call that answers must have used or written something. */
static void serve(struct player *player, struct span in, size_t offered)
{
    struct heard *heard = player->heard;

    while (!heard->last) {
        size_t used = heard->used, owed = player->out.len;
        enum answer answer = call(player, in.at + used, offered - used);

        assert(answer == ANSWER_WAIT || heard->used > used || player->out.len > owed);
        if (answer != ANSWER_WAIT)
            continue;
        if (player->out.len == 0)
            return;
        take(player);
    }
}

static void begin(struct player *player)
{
    struct session *session = &player->session;
    const struct talk *talk = player->talk;

    memset(session, 0xa5, sizeof *session); /* begin() must rely on nothing but the owner's part */
    session->date = pages.date.end - DATE;
    session->closing = talk->closing;
    player->out = (struct room){pages.out.end - talk->room, 0, talk->room};
    talk->protocol->begin(session);
    assert(session->date == pages.date.end - DATE && session->closing == talk->closing);
    assert(session->phase == PHASE_IDLE && !session->owing && !session->refused);
}

void talk_run(const struct talk *talk, struct span in, struct heard *heard)
{
    struct player player = {.talk = talk, .heard = heard};
    size_t offered = 0;

    make_pages();
    assert(in.len <= MOST && talk->room <= MOST && talk->room >= PROTOCOL_ANSWER);
    *heard = (struct heard){.bytes = heard->bytes, .size = heard->size};
    begin(&player);
    while (offered < in.len && !heard->last) {
        size_t piece = offered ? talk->then : talk->first;

        assert(piece > 0);
        offered = piece < in.len - offered ? offered + piece : in.len;
        serve(&player, in, offered);
    }
    while (player.out.len)
        take(&player);
    heard->refused = player.session.refused;
    heard->phase = player.session.phase;
}
