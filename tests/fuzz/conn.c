/* SPDX-License-Identifier: MIT */
/*
 * A conversation by the pure half, and whatever can happen to it. The input's first byte says what
 * is spoken (flags as in protocol.c); each byte behind it is something that happens, with its
 * operands behind it. conn.c asserts by itself that no event comes where it cannot; checked here is
 * that state, buffers, timer and what the connection waits for agree after everything, that echo
 * loses nothing, and that a stop ends every conversation in time.
 */
#include "tests/fuzz/target.h"
#include "lib/echo.h"
#include "lib/http.h"
#include "tests/unit/rig.h"

#include <assert.h>
#include <string.h>

enum { ECHO = 1, LARGE = 4 };
enum { BODY = 13, LARGE_BODY = 50000, LIMIT = 512, HOUR_MS = 3600 * 1000 };

enum operation {
    SAY,       /* count, then as many bytes */
    SAY_KNOWN, /* which of PHRASES */
    TAKE_SOME, /* how much of the output, in 256ths */
    TAKE_ALL,
    END,
    BREAK,
    WAIT, /* which of WAITS_MS */
    STOP,
    LOOK, /* a readiness that was none */
    SUSPEND,
    FLOOD, /* a buffer full of what the client said last */
    OPERATIONS
};

static const char *const PHRASES[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n",
    "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "BREW",
};

static const int64_t WAITS_MS[] = {1, 900, RIG_DRAIN_MS, RIG_HEADER_MS, RIG_IDLE_MS};

enum {
    PHRASE_COUNT = sizeof PHRASES / sizeof *PHRASES,
    WAIT_COUNT = sizeof WAITS_MS / sizeof *WAITS_MS
};

struct game {
    struct rig rig;
    const uint8_t *data;
    size_t left;
    char said[1 << 20]; /* all, for echo to be held to */
    size_t said_len, heard_len;
    bool echo, ended;
};

static uint8_t draw(struct game *game)
{
    if (game->left == 0)
        return 0;
    game->left--;
    return *game->data++;
}

/* As much of it as there is room for. */
static void say(struct game *game, const char *bytes, size_t len)
{
    struct conn *conn = game->rig.conn;
    struct room room;

    if (conn_want(conn) != CONN_READ || game->ended || game->said_len + len > sizeof game->said)
        return;
    room = conn_room(conn);
    assert(room.size > 0 && room.len == 0);
    if (len > room.size)
        len = room.size;
    if (len == 0) {
        conn_unused(conn);
        return;
    }
    memcpy(room.at, bytes, len);
    memcpy(game->said + game->said_len, bytes, len);
    game->said_len += len;
    conn_received(conn, len);
}

static void say_drawn(struct game *game)
{
    size_t len = draw(game);
    const char *bytes = (const char *)game->data;

    if (len > game->left)
        len = game->left;
    game->data += len;
    game->left -= len;
    say(game, bytes, len);
}

static void flood(struct game *game)
{
    static char bytes[CONN_BUFFER];

    memset(bytes, game->said_len ? game->said[game->said_len - 1] : 'x', sizeof bytes);
    say(game, bytes, sizeof bytes);
}

static void take(struct game *game, size_t share)
{
    struct conn *conn = game->rig.conn;
    struct span pending = conn_pending(conn);
    size_t len = pending.len * share / 256;

    if (conn_want(conn) != CONN_WRITE)
        return;
    assert(pending.len > 0 && pending.len <= CONN_BUFFER);
    if (game->echo) {
        assert(game->heard_len + pending.len <= game->said_len);
        assert(memcmp(game->said + game->heard_len, pending.at, pending.len) == 0);
    }
    game->heard_len += len;
    conn_sent(conn, len);
}

static void end(struct game *game)
{
    if (!game->ended && conn_want(game->rig.conn) == CONN_READ) {
        game->ended = true;
        conn_eof(game->rig.conn);
    }
}

/* Whoever is due has its turn: with nothing to be read, a stop ends who is idle. */
static void serve_due(struct game *game)
{
    struct conn *conn;

    while ((conn = conns_due(&game->rig.conns))) {
        assert(conn == game->rig.conn);
        if (game->rig.conns.stopping && conn->state == CONN_IDLE)
            conn_stop(conn);
    }
}

static void look(struct game *game)
{
    if (conn_want(game->rig.conn) != CONN_READ)
        return;
    assert(conn_room(game->rig.conn).size > 0);
    conn_unused(game->rig.conn);
}

static void suspend(struct game *game)
{
    (void)conns_wait_ms(&game->rig.conns);
    rig_now_ms += HOUR_MS;
    conns_tick(&game->rig.conns);
    serve_due(game);
}

static void wait(struct game *game, int64_t ms)
{
    rig_wait(&game->rig, ms);
    serve_due(game);
}

static void stop(struct game *game)
{
    rig_stopping = true;
    conns_tick(&game->rig.conns);
    serve_due(game);
}

static void happen(struct game *game)
{
    switch ((enum operation)(draw(game) % OPERATIONS)) {
    case SAY:
        say_drawn(game);
        break;
    case SAY_KNOWN: {
        const char *phrase = PHRASES[draw(game) % PHRASE_COUNT];

        say(game, phrase, strlen(phrase));
        break;
    }
    case TAKE_SOME:
        take(game, draw(game));
        break;
    case TAKE_ALL:
        take(game, 256);
        break;
    case END:
        end(game);
        break;
    case BREAK:
        conn_failed(game->rig.conn);
        break;
    case WAIT:
        wait(game, WAITS_MS[draw(game) % WAIT_COUNT]);
        break;
    case STOP:
        stop(game);
        break;
    case LOOK:
        look(game);
        break;
    case SUSPEND:
        suspend(game);
        break;
    case FLOOD:
        flood(game);
        break;
    case OPERATIONS:
        break;
    }
}

static bool is_whole(const struct conn_buffer *buffer)
{
    return !buffer || (buffer->from < buffer->to && buffer->to <= CONN_BUFFER);
}

static void check(const struct game *game)
{
    const struct conn *conn = game->rig.conn;
    const struct deadlines *deadlines = &game->rig.conns.deadlines;

    if (conn->state == CONN_CLOSED) {
        assert(conn_want(conn) == CONN_CLOSE && !deadlines_soonest(deadlines));
        return;
    }
    assert(is_whole(conn->in) && is_whole(conn->out));
    assert((conn_want(conn) == CONN_WRITE) == (conn->state == CONN_ANSWERING));
    assert((conn->out != NULL) == (conn->state == CONN_ANSWERING));
    assert(!conn->in || conn->state == CONN_HEAD || conn->state == CONN_ANSWERING);
    assert(conn->timer == conn_timer(conn->state));
    assert(deadlines_oldest(deadlines, conn->timer) == &conn->deadline);
    assert(deadlines_soonest(deadlines) == &conn->deadline);
    assert(conn->deadline.at_ms > game->rig.conns.now_ms);
    assert(conns_wait_ms((struct conns *)(uintptr_t)&game->rig.conns) > 0);
}

static void play(struct game *game)
{
    while (game->left && game->rig.conn->state != CONN_CLOSED) {
        happen(game);
        check(game);
    }
    if (game->rig.conn->state != CONN_CLOSED) {
        stop(game);
        wait(game, RIG_DRAIN_MS);
        assert(game->rig.conn->state == CONN_CLOSED);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct game game;
    uint8_t flags = size ? *data : 0;
    const struct protocol *protocol = flags & ECHO ? &echo_protocol : &http_protocol;
    const struct protocol_settings settings = {flags & LARGE ? LARGE_BODY : BODY, LIMIT};

    if (size == 0)
        return 0;
    game.data = data + 1;
    game.left = size - 1;
    game.said_len = game.heard_len = 0;
    game.echo = flags & ECHO;
    game.ended = false;
    protocol->prepare(&settings);
    rig_init(&game.rig, protocol);
    rig_open(&game.rig, false);
    play(&game);
    rig_finish(&game.rig);
    assert(game.rig.counts[COUNT_CUT_OFF] + game.rig.counts[COUNT_FAILED] <= 1);
    return 0;
}
