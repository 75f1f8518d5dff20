/* SPDX-License-Identifier: MIT */
#include "tests/contract/reply.h"

#include "tests/contract/patience.h"
#include "tests/contract/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    DEFAULT_BODY_LENGTH = 13,
    VALUE_SIZE = 512,
    QUOTE = 160, /* how much of a wrong answer a diagnostic shows */
    TOKEN_SIZE = 32,
};

static const char name_characters[] = "!#$%&'*+-.^_`|~0123456789"
                                      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* The length of a line without its CRLF; -1 when it has none yet or holds a bare CR or LF. */
static long line_length(const char *at, const char *end)
{
    for (const char *c = at; c + 1 < end; c++) {
        if (c[0] == '\r' && c[1] == '\n')
            return c - at;
        if (c[0] == '\r' || c[0] == '\n' || c[0] == '\0')
            return -1;
    }
    return -1;
}

static bool parse_status_line(const char *line, long length, unsigned *status)
{
    if (length < 13 || memcmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1'))
        return false;
    if (line[8] != ' ' || line[12] != ' ' || strspn(line + 9, "0123456789") != 3)
        return false;
    *status = (unsigned)strtoul(line + 9, NULL, 10);
    return *status >= 100 && *status < 600;
}

static bool field_is_well_formed(const char *line, long length)
{
    size_t name = strspn(line, name_characters);
    return name > 0 && (long)name + 1 < length && line[name] == ':' && line[name + 1] == ' ';
}

/* Checks every line of a head that is whole. */
static bool head_is_well_formed(struct bytes head, unsigned *status)
{
    const char *end = head.at + head.len;
    const char *line = head.at;
    long length = line_length(line, end);
    if (length < 0 || !parse_status_line(line, length, status))
        return false;
    for (line += length + 2; (length = line_length(line, end)) > 0; line += length + 2)
        if (!field_is_well_formed(line, length))
            return false;
    return length == 0 && line + 2 == end;
}

/* Finds the field's value. Returns how often the field is there. */
static unsigned find_field(const struct reply *reply, const char *name, struct bytes *value)
{
    unsigned found = 0;
    const char *end = reply->head.at + reply->head.len;
    const char *line = reply->head.at;
    size_t name_length = strlen(name);
    for (long length; (length = line_length(line, end)) > 0; line += length + 2) {
        if ((size_t)length < name_length + 2 || line[name_length] != ':' ||
            strncasecmp(line, name, name_length) != 0)
            continue;
        *value = (struct bytes){line + name_length + 2, (size_t)length - name_length - 2};
        found++;
    }
    return found;
}

bool reply_field(const struct reply *reply, const char *name, char *value, size_t size)
{
    struct bytes found;
    if (find_field(reply, name, &found) != 1 || found.len >= size)
        return false;
    memcpy(value, found.at, found.len);
    value[found.len] = '\0';
    return true;
}

bool reply_has_token(const struct reply *reply, const char *name, const char *token)
{
    char value[VALUE_SIZE];
    char *rest = value;
    if (!reply_field(reply, name, value, sizeof value))
        return false;
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        item += strspn(item, " \t");
        size_t length = strcspn(item, " \t");
        if (length == strlen(token) && strncasecmp(item, token, length) == 0)
            return true;
    }
    return false;
}

/* -1: it has none, or one that is no number. */
static long body_length(const struct reply *reply)
{
    char value[VALUE_SIZE];
    char *end;
    if (!reply_field(reply, "Content-Length", value, sizeof value) || value[0] < '0' ||
        value[0] > '9')
        return -1;
    long length = strtol(value, &end, 10);
    return *end == '\0' ? length : -1;
}

long reply_parse(struct bytes in, bool to_head, struct reply *reply)
{
    const char *blank = in.len > 0 ? memmem(in.at, in.len, "\r\n\r\n", 4) : NULL;
    if (blank == NULL)
        return 0;
    reply->head = (struct bytes){in.at, (size_t)(blank - in.at) + 4};
    reply->body = (struct bytes){blank + 4, 0};
    if (!head_is_well_formed(reply->head, &reply->status))
        return -1;
    if (reply->status < 200)
        return (long)reply->head.len;
    long length = body_length(reply);
    if (length < 0)
        return -1;
    if (to_head)
        length = 0;
    if (in.len - reply->head.len < (size_t)length)
        return 0;
    reply->body.len = (size_t)length;
    return (long)(reply->head.len + reply->body.len);
}

static int quoted(const struct client *client)
{
    return client->len < QUOTE ? (int)client->len : QUOTE;
}

bool reply_next(struct client *client, bool to_head, struct reply *reply)
{
    long end = patience_now_ms() + patience_limit_ms();
    for (;;) {
        struct bytes in = {client->in, client->len};
        long length = reply_parse(in, to_head, reply);
        if (length > 0)
            return true;
        if (!tap_check(length == 0, "malformed answer: %.*s", quoted(client), client->in))
            return false;
        if (client_receive(client, end - patience_now_ms()))
            continue;
        return tap_check(false, "%s instead of an answer, after: %.*s",
                         client->reset   ? "a reset"
                         : client->ended ? "the end"
                                         : "nothing",
                         quoted(client), client->len > 0 ? client->in : "");
    }
}

void reply_done(struct client *client, const struct reply *reply)
{
    client_drop(client, reply->head.len + reply->body.len);
}

/* True when `status` is among those of e.g. "400|505". */
static bool is_among(unsigned status, const char *alternatives, size_t length)
{
    char number[8];
    snprintf(number, sizeof number, "%u", status);
    return memmem(alternatives, length, number, strlen(number)) != NULL;
}

static bool body_is_right(const struct reply *reply)
{
    return reply->status != 200 || reply->body.len != DEFAULT_BODY_LENGTH ||
           memcmp(reply->body.at, "Hello, world!", DEFAULT_BODY_LENGTH) == 0;
}

static bool expect_one(struct client *client, const char *token, size_t length)
{
    struct reply reply = {0};
    bool to_head = token[length - 1] == 'H';
    for (;;) {
        if (!reply_next(client, to_head, &reply))
            return tap_check(false, "expected %.*s", (int)length, token);
        if (reply.status != 100 || is_among(100, token, length))
            break;
        reply_done(client, &reply);
    }
    if (!tap_check(is_among(reply.status, token, length) && body_is_right(&reply),
                   "expected %.*s and its body, got: %.*s", (int)length, token, quoted(client),
                   client->in))
        return false;
    reply_done(client, &reply);
    return true;
}

bool reply_expect(struct client *client, const char *statuses)
{
    for (const char *token = statuses; *token != '\0';) {
        size_t length = strcspn(token, " ");
        if (!expect_one(client, token, length))
            return false;
        token += length;
        token += strspn(token, " ");
    }
    return true;
}

bool reply_expect_end(struct client *client)
{
    long end = patience_now_ms() + patience_limit_ms();
    while (client->len == 0 && client_receive(client, end - patience_now_ms()))
        continue;
    return tap_check(client->len == 0, "expected the end, got: %.*s", quoted(client), client->in) &&
           tap_check(client->ended, "the server does not close") &&
           tap_check(!client->reset, "the server resets instead of closing");
}
