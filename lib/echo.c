/* SPDX-License-Identifier: MIT */
#include "lib/echo.h"

#include <string.h>

static void prepare(const struct protocol_settings *settings)
{
    (void)settings;
}

static void begin(struct session *session)
{
    session->phase = PHASE_IDLE;
    session->owing = session->refused = false;
}

/* Whatever came in one piece counts as one request. */
static enum answer answer(struct session *session, struct span in, size_t *used, struct room *out)
{
    size_t room = out->size - out->len;

    (void)session;
    *used = in.len < room ? in.len : room;
    if (*used == 0)
        return ANSWER_WAIT;
    memcpy(out->at + out->len, in.at, *used);
    out->len += *used;
    return ANSWER_NEXT;
}

static void late(struct session *session, struct room *out)
{
    (void)session;
    (void)out;
}

const struct protocol echo_protocol = {"echo", prepare, begin, answer, late};
