/* SPDX-License-Identifier: MIT */
#include "lib/http.h"

#include <assert.h>
#include <llhttp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum method { METHOD_GET, METHOD_HEAD, METHOD_KNOWN, METHOD_UNKNOWN };

enum line { LINE_SIZE, LINE_DATA_END, LINE_TRAILER };

struct http {
    uint64_t left;  /* bytes of the request's body, or of its chunk, that are to come */
    uint64_t owed;  /* bytes of the answer's body that are not written yet */
    size_t scanned; /* bytes of the head, whole lines, that end_of_head() has passed */
    enum method method;
    int minor;        /* version of the request: 1.minor */
    enum line line;   /* which kind of a chunked body's lines comes next, or is being read */
    char previous;    /* its last byte, across calls */
    bool extension;   /* in a chunk's extension */
    bool named;       /* the trailer being parsed has a name */
    bool malformed;   /* or not one that may be */
    bool hosted;      /* there was a Host, */
    bool sized;       /* a Content-Length, */
    bool codings;     /* a Transfer-Encoding */
    bool chunked;     /* that ends in chunked, and llhttp has not seen the body's end */
    bool close, keep; /* the client's Connection options */
    bool expects;     /* it waits for a 100 before it sends the body */
    llhttp_t parser;  /* only within a chunked body; last, out of what each request touches */
};

static_assert(sizeof(struct http) <= SESSION_STATE, "SESSION_STATE is too small");

static const char PHRASE[] = "Hello, world!";

/* What all conversations share, made once by prepare(): read only from then on. */
static struct {
    char ok[PROTOCOL_ANSWER]; /* the usual answer: up to its Date, and, where it is short, whole */
    size_t ok_len, usual_len; /* 0: it is not */
    uint64_t body_size;
    size_t max_head;
    char body[64 * (sizeof PHRASE - 1)]; /* the phrase over and over */
    llhttp_settings_t callbacks;
    llhttp_t at_chunks; /* llhttp behind a head, where chunks begin */
} shared;

static struct http *http_of(struct session *session)
{
    return (struct http *)session->state;
}

/* ---- Words ---- */

/* Every byte is in some of these sets; a set of several is the letters, the digits and some others.
 */
enum set {
    SET_TOKEN = 1,
    SET_HOST = 2,
    SET_ADDRESS = 4,
    SET_SCHEME = 8,
    SET_TARGET = 16,
    SET_VALUE = 32,
};

static unsigned char sets[256]; /* made once by prepare() */

static void prepare_set(enum set set, const char *others)
{
    static const char ALPHANUMERICS[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (const char *c = ALPHANUMERICS; *c; c++)
        sets[(unsigned char)*c] |= (unsigned char)set;
    for (const char *c = others; *c; c++)
        sets[(unsigned char)*c] |= (unsigned char)set;
}

static void prepare_sets(void)
{
    prepare_set(SET_TOKEN, "!#$%&'*+-.^_`|~"); /* RFC 9110, 5.6.2 */
    prepare_set(SET_HOST, "-._~%!$&'()*+,;="); /* RFC 3986, 3.2.2: a name, or IPv4 */
    prepare_set(SET_ADDRESS, ":.");            /* the same: IPv6, between brackets */
    prepare_set(SET_SCHEME, "+-.");            /* RFC 3986, 3.1 */
    for (int c = '!'; c <= '~'; c++)
        sets[c] |= SET_TARGET; /* more than RFC 3986 has: clients send it, and it harms nobody */
    for (int c = 0; c < 256; c++)
        if ((c >= ' ' && c != 0x7f) || c == '\t')
            sets[c] |= SET_VALUE; /* RFC 9110, 5.5, obs-text among them */
}

/* How many bytes at its front are in the set. */
static size_t length_in(enum set set, struct span span)
{
    size_t len = 0;

    while (len < span.len && sets[(unsigned char)span.at[len]] & set)
        len++;
    return len;
}

static bool all_in(enum set set, struct span span)
{
    return length_in(set, span) == span.len;
}

static bool is_digits(struct span span)
{
    for (size_t i = 0; i < span.len; i++)
        if (span.at[i] < '0' || span.at[i] > '9')
            return false;
    return true;
}

static bool same(struct span span, const char *word)
{
    return span.len == strlen(word) && strncasecmp(span.at, word, span.len) == 0;
}

static struct span trimmed(struct span span)
{
    while (span.len && (*span.at == ' ' || *span.at == '\t'))
        span.at++, span.len--;
    while (span.len && (span.at[span.len - 1] == ' ' || span.at[span.len - 1] == '\t'))
        span.len--;
    return span;
}

/* Takes the first element of a comma-separated list off it. False: the list was empty. */
static bool next_element(struct span *list, struct span *element)
{
    const char *comma;

    if (list->len == 0)
        return false;
    comma = memchr(list->at, ',', list->len);
    element->at = list->at;
    element->len = comma ? (size_t)(comma - list->at) : list->len;
    list->at += element->len + (comma != NULL);
    list->len -= element->len + (comma != NULL);
    *element = trimmed(*element);
    return true;
}

/* Nothing, or a colon and a port. */
static bool is_port(struct span span)
{
    return span.len == 0 || (*span.at == ':' && span.len <= 6 &&
                             is_digits((struct span){span.at + 1, span.len - 1}));
}

/* An IPv6 address in brackets; span begins with the first of them. */
RARE static bool is_address(struct span span)
{
    const char *end = memchr(span.at, ']', span.len);
    size_t len = end ? (size_t)(end - span.at) : 0;

    return len >= 3 && all_in(SET_ADDRESS, (struct span){span.at + 1, len - 1}) &&
           is_port((struct span){end + 1, span.len - len - 1});
}

/* host[:port], RFC 3986, 3.2.2: a name, an IPv4 address or an IPv6 address in brackets. */
static bool is_host(struct span span)
{
    size_t len = length_in(SET_HOST, span);

    if (len == 0)
        return span.len && *span.at == '[' && is_address(span);
    return is_port((struct span){span.at + len, span.len - len});
}

/* origin-form, absolute-form with an authority, or the asterisk of OPTIONS: RFC 9112, 3.2. */
static bool is_target(struct span target, struct span method)
{
    const char *colon;
    struct span scheme;

    if (*target.at == '/')
        return true;
    if (target.len == 1 && *target.at == '*')
        return same(method, "OPTIONS");
    colon = memchr(target.at, ':', target.len);
    scheme = (struct span){target.at, colon ? (size_t)(colon - target.at) : 0};
    return scheme.len && !is_digits((struct span){target.at, 1}) && all_in(SET_SCHEME, scheme) &&
           scheme.len + 3 < target.len && memcmp(colon, "://", 3) == 0;
}

static enum method method_of(struct span name)
{
    static const char *const KNOWN[] = {"POST",    "PUT",   "DELETE", "CONNECT",
                                        "OPTIONS", "TRACE", "PATCH"};

    if (name.len == 3 && memcmp(name.at, "GET", 3) == 0)
        return METHOD_GET;
    if (name.len == 4 && memcmp(name.at, "HEAD", 4) == 0)
        return METHOD_HEAD;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (name.len == strlen(KNOWN[i]) && memcmp(name.at, KNOWN[i], name.len) == 0)
            return METHOD_KNOWN;
    return METHOD_UNKNOWN;
}

/* Takes a word of the set's bytes off the front, and the byte behind it. False: there is no word,
   or the byte is another. */
static bool take_word(struct span *head, enum set set, char behind, struct span *word)
{
    size_t len = length_in(set, *head);

    *word = (struct span){head->at, len};
    if (len == 0 || len == head->len || head->at[len] != behind)
        return false;
    head->at += len + 1;
    head->len -= len + 1;
    return true;
}

/* ---- The head ---- */

enum { HEAD_INCOMPLETE = 0, HEAD_MALFORMED = -1 };

/* Returns the length of the head, its empty line included. Every line must end in CRLF, and none
   may begin with white space (a folded line, or one that only looks like a field) or with another
   CR. All else is looked at when the head is whole. A line is passed once, however many calls it
   takes to come. */
static ptrdiff_t end_of_head(struct http *http, struct span in)
{
    const char *line = in.at + http->scanned, *end = in.at + in.len, *lf;

    while ((lf = memchr(line, '\n', (size_t)(end - line)))) {
        if (lf == line || lf[-1] != '\r')
            return HEAD_MALFORMED;
        if (lf - line == 1)
            return lf + 1 - in.at;
        if (*line == '\r' || *line == ' ' || *line == '\t')
            return HEAD_MALFORMED;
        line = lf + 1;
        http->scanned = (size_t)(line - in.at);
    }
    return HEAD_INCOMPLETE;
}

/* Takes the request line off the head. Returns 0, or the status of the refusal. */
static int take_request_line(struct http *http, struct span *head)
{
    struct span method, target;
    const char *version;

    if (!take_word(head, SET_TOKEN, ' ', &method) || !take_word(head, SET_TARGET, ' ', &target) ||
        !is_target(target, method))
        return 400;
    version = head->at;
    if (head->len < 10 || memcmp(version, "HTTP/", 5) != 0 || version[6] != '.' ||
        !is_digits((struct span){version + 5, 1}) || !is_digits((struct span){version + 7, 1}) ||
        memcmp(version + 8, "\r\n", 2) != 0)
        return 400;
    if (version[5] != '1')
        return 505;
    http->method = method_of(method);
    http->minor = version[7] == '0' ? 0 : 1; /* 1.2 is answered as the highest that we know */
    head->at += 10;
    head->len -= 10;
    return 0;
}

/* A second one is refused, whatever it says, and so is one that no number of ours can hold. */
static bool read_length(struct http *http, struct span digits)
{
    if (http->sized || digits.len == 0 || !is_digits(digits))
        return false;
    http->sized = true;
    for (size_t i = 0; i < digits.len; i++) {
        uint64_t digit = (uint64_t)(digits.at[i] - '0');

        if (http->left > (UINT64_MAX - digit) / 10)
            return false;
        http->left = http->left * 10 + digit;
    }
    return true;
}

/* chunked must be the last coding, and applied once: RFC 9112, 6.1. No element may be empty. */
RARE static bool read_codings(struct http *http, struct span list)
{
    struct span coding;

    http->codings = true;
    if (list.len == 0 || list.at[list.len - 1] == ',')
        return false;
    while (next_element(&list, &coding)) {
        if (http->chunked || coding.len == 0)
            return false;
        http->chunked = same(coding, "chunked");
    }
    return true;
}

static void read_connection(struct http *http, struct span list)
{
    struct span option;

    while (next_element(&list, &option)) {
        http->close |= same(option, "close");
        http->keep |= same(option, "keep-alive");
    }
}

/* False: it is refused. */
static bool read_field(struct http *http, struct span name, struct span value)
{
    if (same(name, "host")) {
        bool first = !http->hosted;

        http->hosted = true;
        return first && is_host(value);
    }
    if (same(name, "content-length"))
        return read_length(http, value);
    if (same(name, "transfer-encoding"))
        return read_codings(http, value);
    if (same(name, "connection"))
        read_connection(http, value);
    else if (same(name, "expect"))
        http->expects |= same(value, "100-continue");
    return true;
}

/* Takes a field line off the head. No value holds a CR: what ends it must be the line's end. */
static bool take_field(struct http *http, struct span *head)
{
    struct span name, value;

    if (!take_word(head, SET_TOKEN, ':', &name))
        return false;
    value = (struct span){head->at, length_in(SET_VALUE, *head)};
    head->at += value.len;
    head->len -= value.len;
    if (head->len < 2 || memcmp(head->at, "\r\n", 2) != 0)
        return false;
    head->at += 2;
    head->len -= 2;
    return read_field(http, name, trimmed(value));
}

/* Reads a whole head. Returns 0, or the status of the refusal. */
static int read_head(struct http *http, struct span head)
{
    int status = take_request_line(http, &head);

    if (status)
        return status;
    while (head.len > 2) /* the empty line */
        if (!take_field(http, &head))
            return 400;
    if (!http->hosted && http->minor > 0)
        return 400;
    if (http->codings && (!http->chunked || http->minor == 0 || http->sized))
        return 400; /* two ideas of where the body ends, or none: RFC 9112, 6.3 */
    if (http->chunked) {
        http->parser = shared.at_chunks;
        http->parser.data = http;
    }
    return 0;
}

/* ---- Chunks: llhttp's callbacks ---- */

static struct http *http_in(llhttp_t *parser)
{
    return parser->data;
}

/* A trailer means nothing to us, but must be one. Of its name there may be several pieces. */
static int on_trailer(llhttp_t *parser, const char *at, size_t len)
{
    http_in(parser)->named |= len > 0;
    http_in(parser)->malformed |= !all_in(SET_TOKEN, (struct span){at, len});
    return 0;
}

static int on_trailer_complete(llhttp_t *parser)
{
    http_in(parser)->malformed |= !http_in(parser)->named;
    http_in(parser)->named = false;
    return 0;
}

static int on_chunk(llhttp_t *parser)
{
    struct http *http = http_in(parser);

    http->left = parser->content_length;
    http->line = http->left ? LINE_DATA_END : LINE_TRAILER;
    return 0;
}

static int on_complete(llhttp_t *parser)
{
    http_in(parser)->chunked = false;
    return 0;
}

/* ---- The body ---- */

static bool feed(llhttp_t *parser, const char *at, size_t len)
{
    return llhttp_execute(parser, at, len) == HPE_OK && !http_in(parser)->malformed;
}

/* Bytes of the line at the front of in, its end included, as far as it has come; -1: it ends in
   something other than CRLF. */
static ptrdiff_t chunk_line(struct http *http, struct span in)
{
    const char *lf = memchr(in.at, '\n', in.len);
    size_t len = lf ? (size_t)(lf - in.at) + 1 : in.len;

    for (size_t i = 0; i < len; i++) {
        bool folded = http->line == LINE_TRAILER && http->previous == '\n' &&
                      (in.at[i] == ' ' || in.at[i] == '\t');

        if ((http->previous == '\r') != (in.at[i] == '\n') || in.at[i] == '\0' || folded)
            return -1;
        http->previous = in.at[i];
    }
    return (ptrdiff_t)len;
}

/* llhttp knows some extensions of a chunk only: it is given the line without them. */
static bool feed_line(struct http *http, struct span line)
{
    const char *semicolon = memchr(line.at, ';', line.len);
    size_t begin = line.len, end = line.len; /* what lies between is left out */

    if (http->line == LINE_SIZE) {
        while (end > 0 && (line.at[end - 1] == '\r' || line.at[end - 1] == '\n'))
            end--;
        begin = http->extension ? 0 : semicolon ? (size_t)(semicolon - line.at) : end;
        http->extension = (http->extension || semicolon) && http->previous != '\n';
    }
    if (http->line == LINE_DATA_END && http->previous == '\n')
        http->line = LINE_SIZE;
    return feed(&http->parser, line.at, begin) &&
           feed(&http->parser, line.at + end, line.len - end);
}

/* llhttp gets chunk lines and data apart, so that the lines can be held to CRLF. Returns the bytes
   used, all of in unless the body ends within it; -1: malformed. */
RARE static ptrdiff_t drop_chunks(struct http *http, struct span in)
{
    size_t used = 0;

    while (http->chunked && used < in.len) {
        struct span rest = {in.at + used, in.len - used};
        bool data = http->left > 0;

        if (data) {
            rest.len = http->left < rest.len ? (size_t)http->left : rest.len;
            http->left -= rest.len;
        } else {
            ptrdiff_t len = chunk_line(http, rest);

            if (len < 0)
                return -1;
            rest.len = (size_t)len;
        }
        if (!(data ? feed(&http->parser, rest.at, rest.len) : feed_line(http, rest)))
            return -1;
        used += rest.len;
    }
    return (ptrdiff_t)used;
}

static ptrdiff_t drop_body(struct http *http, struct span in)
{
    size_t len = http->left < in.len ? (size_t)http->left : in.len;

    if (http->chunked)
        return drop_chunks(http, in);
    http->left -= len;
    return (ptrdiff_t)len;
}

/* ---- Writing ---- */

static void put(struct room *out, const void *bytes, size_t len)
{
    assert(len <= out->size - out->len);
    memcpy(out->at + out->len, bytes, len);
    out->len += len;
}

static const char *reason_of(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 405:
        return "Method Not Allowed\r\nAllow: GET, HEAD";
    case 408:
        return "Request Timeout";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    default:
        assert(status == 505);
        return "HTTP Version Not Supported";
    }
}

RARE static void put_status(struct session *session, struct room *out, int status,
                            const char *connection)
{
    int len =
        snprintf(out->at + out->len, out->size - out->len,
                 "HTTP/1.1 %d %s\r\nServer: c10kit\r\nContent-Length: 0\r\nDate: %.*s%s\r\n\r\n",
                 status, reason_of(status), HTTP_DATE, session->date, connection);

    assert(len > 0 && (size_t)len < out->size - out->len);
    out->len += (size_t)len;
}

/* As much of the answer's body as there is room for. */
static void put_body(struct session *session, struct room *out)
{
    struct http *http = http_of(session);

    while (http->owed && out->len < out->size) {
        uint64_t done = shared.body_size - http->owed;
        size_t from = done ? (size_t)(done % (sizeof PHRASE - 1)) : 0; /* a division is dear */
        size_t len = sizeof shared.body - from;

        if (len > http->owed)
            len = (size_t)http->owed;
        if (len > out->size - out->len)
            len = out->size - out->len;
        put(out, shared.body + from, len);
        http->owed -= len;
    }
    session->owing = http->owed > 0;
}

static void put_answer(struct session *session, struct room *out, bool last)
{
    static const char CLOSE[] = "\r\nConnection: close";
    static const char KEEP[] = "\r\nConnection: keep-alive";
    struct http *http = http_of(session);
    const char *connection = last ? CLOSE : http->minor == 0 ? KEEP : "";

    if (http->method > METHOD_HEAD) {
        put_status(session, out, http->method == METHOD_KNOWN ? 405 : 501, connection);
        return;
    }
    if (http->method == METHOD_GET && !*connection && shared.usual_len) {
        char *date = out->at + out->len + shared.ok_len;

        put(out, shared.ok, shared.usual_len);
        memcpy(date, session->date, HTTP_DATE);
        return;
    }
    put(out, shared.ok, shared.ok_len);
    put(out, session->date, HTTP_DATE);
    put(out, connection, strlen(connection));
    put(out, "\r\n\r\n", 4);
    http->owed = http->method == METHOD_HEAD ? 0 : shared.body_size;
    put_body(session, out);
}

RARE static enum answer refuse(struct session *session, struct room *out, int status)
{
    put_status(session, out, status, "\r\nConnection: close");
    session->refused = true;
    return ANSWER_LAST;
}

/* ---- The conversation ---- */

static void await_request(struct session *session)
{
    struct http *http = http_of(session);

    memset(http, 0, offsetof(struct http, parser));
    session->phase = PHASE_IDLE;
    session->owing = false;
}

/* The request, and with it its answer, is complete. pending: more bytes have come behind it. */
static enum answer finish(struct session *session, bool last)
{
    await_request(session);
    return last ? ANSWER_LAST : ANSWER_NEXT;
}

static bool is_last(const struct session *session, bool pending)
{
    const struct http *http = (const struct http *)session->state;

    return http->close || (http->minor == 0 && !http->keep) || (session->closing && !pending);
}

static enum answer answer_body(struct session *session, struct span in, size_t *used,
                               struct room *out)
{
    struct http *http = http_of(session);
    ptrdiff_t len = drop_body(http, in);
    bool last;

    if (len < 0)
        return refuse(session, out, 400);
    *used += (size_t)len;
    if (http->chunked || http->left)
        return ANSWER_WAIT;
    last = is_last(session, in.len > (size_t)len);
    http->close = last; /* as announced, also if the body of the answer takes several calls */
    put_answer(session, out, last);
    return session->owing ? ANSWER_WAIT : finish(session, last);
}

static enum answer answer_head(struct session *session, struct span in, size_t *used,
                               struct room *out)
{
    static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct http *http = http_of(session);
    size_t blank = in.len >= 2 && memcmp(in.at, "\r\n", 2) == 0 ? 2 : 0; /* RFC 9112, 2.2 */
    struct span rest = {in.at + blank, in.len - blank};
    bool over = rest.len > shared.max_head;
    ptrdiff_t len;
    int status;

    session->phase = in.len ? PHASE_HEAD : PHASE_IDLE;
    if (rest.len == 0 || (rest.len == 1 && *rest.at == '\r' && !blank))
        return ANSWER_WAIT;
    if (!all_in(SET_TOKEN, (struct span){rest.at, 1}))
        return refuse(session, out, 400); /* what begins so (TLS does) will never be a request */
    len = end_of_head(http, (struct span){rest.at, over ? shared.max_head : rest.len});
    if (len == HEAD_MALFORMED)
        return refuse(session, out, 400);
    if (len == HEAD_INCOMPLETE)
        return over ? refuse(session, out, 431) : ANSWER_WAIT;
    status = read_head(http, (struct span){rest.at, (size_t)len});
    if (status)
        return refuse(session, out, status);
    session->phase = PHASE_BODY;
    *used = blank + (size_t)len;
    if (http->expects && http->minor > 0 && (http->chunked || http->left))
        put(out, CONTINUE, sizeof CONTINUE - 1);
    return answer_body(session, (struct span){in.at + *used, in.len - *used}, used, out);
}

static enum answer answer(struct session *session, struct span in, size_t *used, struct room *out)
{
    *used = 0;
    if (session->owing) {
        put_body(session, out);
        return session->owing ? ANSWER_WAIT : finish(session, http_of(session)->close);
    }
    if (out->size - out->len < PROTOCOL_ANSWER)
        return ANSWER_WAIT;
    if (session->phase == PHASE_BODY)
        return answer_body(session, in, used, out);
    return answer_head(session, in, used, out);
}

static void late(struct session *session, struct room *out)
{
    refuse(session, out, 408);
}

static void begin(struct session *session)
{
    session->refused = false;
    await_request(session);
}

/* llhttp gets a head of ours, and that only once: where chunks end depends on nothing else. */
static void prepare_parser(void)
{
    static const char HEAD[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    llhttp_errno_t error;

    llhttp_settings_init(&shared.callbacks);
    llhttp_init(&shared.at_chunks, HTTP_REQUEST, &shared.callbacks);
    error = llhttp_execute(&shared.at_chunks, HEAD, sizeof HEAD - 1);
    assert(error == HPE_OK);
    (void)error;
    shared.callbacks.on_header_field = on_trailer;
    shared.callbacks.on_header_value_complete = on_trailer_complete;
    shared.callbacks.on_chunk_header = on_chunk;
    shared.callbacks.on_message_complete = on_complete;
}

/* Where it is short the usual answer is copied in one piece, and its Date over the place for it. */
static void prepare_usual(void)
{
    size_t body_at = shared.ok_len + HTTP_DATE + 4;

    shared.usual_len = 0;
    if (shared.body_size > sizeof shared.ok - body_at)
        return;
    memset(shared.ok + shared.ok_len, ' ', HTTP_DATE);
    memcpy(shared.ok + body_at - 4, "\r\n\r\n", 4);
    memcpy(shared.ok + body_at, shared.body, (size_t)shared.body_size);
    shared.usual_len = body_at + (size_t)shared.body_size;
}

static void prepare(const struct protocol_settings *settings)
{
    int len = snprintf(shared.ok, sizeof shared.ok,
                       "HTTP/1.1 200 OK\r\nServer: c10kit\r\nContent-Type: text/plain\r\n"
                       "Content-Length: %ju\r\nDate: ",
                       (uintmax_t)settings->body_size);

    assert(len > 0 && (size_t)len < sizeof shared.ok && settings->max_head <= PROTOCOL_MAX_HEAD);
    shared.ok_len = (size_t)len;
    shared.body_size = settings->body_size;
    shared.max_head = settings->max_head;
    for (size_t i = 0; i < sizeof shared.body; i++)
        shared.body[i] = PHRASE[i % (sizeof PHRASE - 1)];
    prepare_usual();
    prepare_sets();
    prepare_parser();
}

const struct protocol http_protocol = {"http", prepare, begin, answer, late};
