/* SPDX-License-Identifier: MIT */
#include "tests/unit/transcript.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct span rest;  /* of the output */
    size_t body_size;  /* of a 200 */
    bool closed;       /* an answer said so */
    const char *wrong; /* the first thing that was */
    char *text;
    size_t len;
};

static void write_word(struct reading *reading, const char *word)
{
    size_t room = TRANSCRIPT - reading->len;
    int len = snprintf(reading->text + reading->len, room, "%s%s", reading->len ? " " : "", word);

    if (len > 0 && (size_t)len < room)
        reading->len += (size_t)len;
    else
        reading->wrong = "too many answers for a transcript";
}

/* Whether the head has this line, once. */
static bool has_line(struct span head, const char *line)
{
    size_t len = strlen(line);
    const char *at = memmem(head.at, head.len, line, len);

    return at && !memmem(at + len, head.len - (size_t)(at + len - head.at), line, len);
}

static size_t content_length(struct span head)
{
    static const char NAME[] = "\r\nContent-Length: ";
    const char *at = memmem(head.at, head.len, NAME, sizeof NAME - 1);

    return at ? strtoul(at + sizeof NAME - 1, NULL, 10) : SIZE_MAX;
}

/* The phrase, over and over. */
static bool is_body(const char *at, size_t len)
{
    static const char PHRASE[] = "Hello, world!";

    for (size_t i = 0; i < len; i++)
        if (at[i] != PHRASE[i % (sizeof PHRASE - 1)])
            return false;
    return true;
}

/* Takes the body off the output. Returns whether there was one. */
static bool read_body(struct reading *reading, size_t len)
{
    struct span *rest = &reading->rest;

    if (len == 0 || rest->len == 0 || (rest->len >= 5 && memcmp(rest->at, "HTTP/", 5) == 0))
        return false;
    if (rest->len < len || !is_body(rest->at, len)) {
        reading->wrong = "a body that is none of ours";
        return false;
    }
    *rest = (struct span){rest->at + len, rest->len - len};
    return true;
}

static void check_head(struct reading *reading, struct span head, const char *status)
{
    bool final = strcmp(status, "100") != 0, ok = strcmp(status, "200") == 0;
    char date[64];

    snprintf(date, sizeof date, "\r\nDate: %s\r\n", TALK_DATE);
    if (reading->closed)
        reading->wrong = "an answer behind Connection: close";
    else if (final && !has_line(head, date))
        reading->wrong = "not one Date, or another than the session's";
    else if (final && !has_line(head, "\r\nServer: c10kit\r\n"))
        reading->wrong = "not one Server";
    else if (final && content_length(head) != (ok ? reading->body_size : 0))
        reading->wrong = "Content-Length";
    else if (ok && !has_line(head, "\r\nContent-Type: text/plain\r\n"))
        reading->wrong = "not one Content-Type";
    else if (!strcmp(status, "405") && !has_line(head, "\r\nAllow: GET, HEAD\r\n"))
        reading->wrong = "not one Allow";
}

static void read_answer(struct reading *reading)
{
    const char *end = memmem(reading->rest.at, reading->rest.len, "\r\n\r\n", 4);
    struct span head = {reading->rest.at, end ? (size_t)(end - reading->rest.at) + 4 : 0};
    char status[4] = "", word[8];
    bool keeps, bare;

    if (head.len < 16 || memcmp(head.at, "HTTP/1.1 ", 9) != 0 || head.at[12] != ' ') {
        reading->wrong = "no answer";
        return;
    }
    memcpy(status, head.at + 9, 3);
    check_head(reading, head, status);
    reading->closed = has_line(head, "\r\nConnection: close\r\n");
    keeps = has_line(head, "\r\nConnection: keep-alive\r\n");
    reading->rest = (struct span){head.at + head.len, reading->rest.len - head.len};
    bare = !strcmp(status, "200") && !read_body(reading, content_length(head)) &&
           content_length(head) > 0;
    snprintf(word, sizeof word, "%s%s%s", status, bare ? "h" : "",
             reading->closed ? "c"
             : keeps         ? "k"
                             : "");
    write_word(reading, word);
}

const char *transcript_of(const struct heard *heard, size_t body_size, char text[TRANSCRIPT])
{
    struct reading reading = {
        .rest = {heard->bytes, heard->len}, .body_size = body_size, .text = text};

    text[0] = '\0';
    while (reading.rest.len && !reading.wrong)
        read_answer(&reading);
    if (!reading.wrong && reading.closed != heard->last)
        reading.wrong =
            heard->last ? "the end was not announced" : "the announced end did not come";
    if (reading.wrong) {
        reading.len = reading.len < TRANSCRIPT / 2 ? reading.len : TRANSCRIPT / 2;
        write_word(&reading, "!");
        write_word(&reading, reading.wrong);
    } else if (!heard->last && heard->phase != PHASE_IDLE) {
        write_word(&reading, heard->phase == PHASE_HEAD ? "head" : "body");
    }
    return text;
}
