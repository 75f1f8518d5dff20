/* SPDX-License-Identifier: MIT */
#include "tests/contract/suite.h"

#include "tests/contract/client.h"
#include "tests/contract/patience.h"
#include "tests/contract/reply.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    PIPELINE = 1000,
    SPLIT_ROUNDS = 20,
    HUGE_BODY = 20 * 1024 * 1024,
    HEAD_LIMIT = 8192, /* --max-header by default */
    NAME_SIZE = 200,
};

static const char *const options[] = {NULL};

#define HOST "Host: example.com\r\n"

/* What is sent, what comes, and whether the connection goes on. */
struct exchange {
    const char *name;
    struct bytes send;
    const char *replies;
    enum { GOES_ON, CLOSES } then;
};

static const struct exchange exchanges[] = {
    {"a GET is answered", BYTES("GET / HTTP/1.1\r\n" HOST "\r\n"), "200", GOES_ON},
    {"a HEAD is answered without a body", BYTES("HEAD / HTTP/1.1\r\n" HOST "\r\n"), "200H",
     GOES_ON},
    {"a HEAD between GETs keeps the order",
     BYTES("GET / HTTP/1.1\r\n" HOST "\r\nHEAD / HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST
           "\r\n"),
     "200 200H 200", GOES_ON},
    {"any path is served", BYTES("GET /a/b/../c?d=e&f HTTP/1.1\r\n" HOST "\r\n"), "200", GOES_ON},
    {"every legal character of a path is served",
     BYTES("GET /azAZ09-._~!$&'()*+,;=:@%20%ff/?azAZ09-._~!$&'()*+,;=:@%20/?? HTTP/1.1\r\n" HOST
           "\r\n"),
     "200", GOES_ON},
    {"a path of two slashes is served", BYTES("GET //x HTTP/1.1\r\n" HOST "\r\n"), "200", GOES_ON},
    {"an absolute target is served", BYTES("GET http://example.com/path HTTP/1.1\r\n" HOST "\r\n"),
     "200", GOES_ON},
    {"an absolute target with port and query is served",
     BYTES("GET http://example.com:8080/path?q HTTP/1.1\r\n" HOST "\r\n"), "200", GOES_ON},
    {"an absolute target with https is served",
     BYTES("GET https://example.com/ HTTP/1.1\r\n" HOST "\r\n"), "200", GOES_ON},

    {"Connection: close is honoured", BYTES("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"),
     "200", CLOSES},
    {"Connection: close is honoured in any case",
     BYTES("GET / HTTP/1.1\r\n" HOST "CONNECTION: cLoSe\r\n\r\n"), "200", CLOSES},
    {"close is honoured in a list",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection: foo,close , bar\r\n\r\n"), "200", CLOSES},
    {"close wins over keep-alive in a list",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection: keep-alive, close\r\n\r\n"), "200", CLOSES},
    {"close is honoured in a second Connection field",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection: foo\r\nConnection: close\r\n\r\n"), "200",
     CLOSES},
    {"a token that only begins with close does not close",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n"), "200", GOES_ON},
    {"a token that only ends with close does not close",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection: x-close\r\n\r\n"), "200", GOES_ON},
    {"an empty Connection field changes nothing",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection:\r\n\r\n"), "200", GOES_ON},

    {"HTTP/1.0 closes", BYTES("GET / HTTP/1.0\r\n\r\n"), "200", CLOSES},
    {"HTTP/1.0 with keep-alive goes on", BYTES("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
     "200", GOES_ON},
    {"HTTP/1.0 with Keep-Alive in a list goes on",
     BYTES("GET / HTTP/1.0\r\nConnection: foo, KEEP-ALIVE\r\n\r\n"), "200", GOES_ON},
    {"HTTP/1.0 with keep-alive and close closes",
     BYTES("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), "200", CLOSES},
    {"HTTP/1.0 with a Host is served", BYTES("GET / HTTP/1.0\r\n" HOST "\r\n"), "200", CLOSES},

    {"one blank line before a request is passed over", BYTES("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
     "200", GOES_ON},
    {"a blank line between two requests is passed over",
     BYTES("GET / HTTP/1.1\r\n" HOST "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), "200 200", GOES_ON},
    {"any legal field name is accepted",
     BYTES("GET / HTTP/1.1\r\n" HOST "!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n"), "200", GOES_ON},
    {"any legal field value is accepted",
     BYTES("GET / HTTP/1.1\r\n" HOST "X: \t!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~ \t\r\n\r\n"),
     "200", GOES_ON},
    {"bytes over 0x7f in a field value are accepted",
     BYTES("GET / HTTP/1.1\r\n" HOST "X: \x80\xa0\xc3\xbc\xfe\xff\r\n\r\n"), "200", GOES_ON},
    {"an empty field value is accepted", BYTES("GET / HTTP/1.1\r\n" HOST "X:\r\nY: \r\n\r\n"),
     "200", GOES_ON},
    {"no space behind a colon is accepted", BYTES("GET / HTTP/1.1\r\nHost:x\r\n\r\n"), "200",
     GOES_ON},
    {"an unknown Upgrade is ignored",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: unknown/1\r\n\r\n"), "200",
     GOES_ON},
    {"an Upgrade to h2c is ignored",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
           "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"),
     "200", GOES_ON},
    {"what follows an ignored Upgrade is served",
     BYTES("GET / HTTP/1.1\r\n" HOST "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n"
           "GET / HTTP/1.1\r\n" HOST "\r\n"),
     "200 200", GOES_ON},
    {"TE is ignored", BYTES("GET / HTTP/1.1\r\n" HOST "TE: trailers, deflate\r\n\r\n"), "200",
     GOES_ON},
    {"a Host with a port is accepted", BYTES("GET / HTTP/1.1\r\nHost: example.com:80\r\n\r\n"),
     "200", GOES_ON},
    {"an IPv4 Host is accepted", BYTES("GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"), "200",
     GOES_ON},
    {"an IPv6 Host is accepted", BYTES("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n"), "200",
     GOES_ON},
    {"the case of Host's name does not matter", BYTES("GET / HTTP/1.1\r\nhOST: x\r\n\r\n"), "200",
     GOES_ON},

    {"a body on a GET is dropped",
     BYTES("GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n" HOST
           "\r\n"),
     "200 200", GOES_ON},
    {"a body that looks like a request is dropped",
     BYTES("GET / HTTP/1.1\r\n" HOST "Content-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n"), "200",
     GOES_ON},
    {"a body of no bytes is none", BYTES("GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"),
     "200", GOES_ON},
    {"a body on a HEAD is dropped",
     BYTES("HEAD / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"), "200H", GOES_ON},
    {"leading zeros of a Content-Length are digits",
     BYTES("GET / HTTP/1.1\r\n" HOST "Content-Length: 0005\r\n\r\nhello"), "200", GOES_ON},
    {"spaces around a Content-Length are not part of it",
     BYTES("GET / HTTP/1.1\r\n" HOST "Content-Length:  5  \r\n\r\nhello"), "200", GOES_ON},
    {"tabs around a Content-Length are not part of it",
     BYTES("GET / HTTP/1.1\r\n" HOST "Content-Length:\t5\t\r\n\r\nhello"), "200", GOES_ON},
    {"a chunked body is dropped",
     BYTES("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
           "5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
     "200 200", GOES_ON},
    {"an empty chunked body is dropped",
     BYTES("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "200",
     GOES_ON},
    {"chunk sizes are hexadecimal in either case, with zeros",
     BYTES("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
           "A\r\n0123456789\r\na\r\n0123456789\r\n0001\r\nx\r\n000\r\n\r\n"),
     "200", GOES_ON},
    {"the case of chunked does not matter",
     BYTES("GET / HTTP/1.1\r\n" HOST "transfer-encoding: ChunKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
     "200", GOES_ON},
    {"chunk extensions are passed over",
     BYTES("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
           "3;a\r\nabc\r\n3;a=b;c=d\r\nabc\r\n0;last\r\n\r\n"),
     "200", GOES_ON},
    {"quoted chunk extensions are passed over",
     BYTES("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
           "3;a=\"b\"\r\nabc\r\n3;a=\"b c;d\"\r\nabc\r\n0\r\n\r\n"),
     "200", GOES_ON},
    {"trailers are passed over",
     BYTES("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n"
           "3\r\nabc\r\n0\r\nX: y\r\nZ: 1\r\n\r\n"),
     "200", GOES_ON},
    {"a trailer cannot close the connection or frame a body",
     BYTES("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
           "3\r\nabc\r\n0\r\nX-Content-Length: 9\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
     "200 200", GOES_ON},
    {"chunk data may look like chunks",
     BYTES("GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
           "5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
     "200", GOES_ON},

    {"a POST is 405, its body dropped",
     BYTES("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhello"), "405", GOES_ON},
    {"a chunked PUT is 405, its body dropped",
     BYTES("PUT / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
     "405", GOES_ON},
    {"a DELETE is 405", BYTES("DELETE / HTTP/1.1\r\n" HOST "\r\n"), "405", GOES_ON},
    {"an OPTIONS is 405", BYTES("OPTIONS / HTTP/1.1\r\n" HOST "\r\n"), "405", GOES_ON},
    {"OPTIONS * is 405, not refused", BYTES("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "405", GOES_ON},
    {"a TRACE is 405", BYTES("TRACE / HTTP/1.1\r\n" HOST "\r\n"), "405", GOES_ON},
    {"a PATCH is 405", BYTES("PATCH / HTTP/1.1\r\n" HOST "\r\n"), "405", GOES_ON},
    {"a 405 with Connection: close closes",
     BYTES("DELETE / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), "405", CLOSES},
    {"an unknown method is 501", BYTES("BREW / HTTP/1.1\r\n" HOST "\r\n"), "501", GOES_ON},
    {"an unknown method's body is dropped",
     BYTES("BREW / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"), "501", GOES_ON},
    {"an unknown method's chunked body is dropped",
     BYTES("BREW / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
     "501", GOES_ON},
    {"a method of one letter is 501", BYTES("X / HTTP/1.1\r\n" HOST "\r\n"), "501", GOES_ON},
    {"the case of a method matters", BYTES("get / HTTP/1.1\r\n" HOST "\r\n"), "501", GOES_ON},
    {"a method that only begins with GET is 501", BYTES("GETX / HTTP/1.1\r\n" HOST "\r\n"), "501",
     GOES_ON},
    {"a method that is only the beginning of GET is 501", BYTES("GE / HTTP/1.1\r\n" HOST "\r\n"),
     "501", GOES_ON},
    {"a method of every legal character is 501",
     BYTES("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\n" HOST "\r\n"), "501", GOES_ON},
    {"good and unknown methods are answered in order",
     BYTES("GET / HTTP/1.1\r\n" HOST "\r\nBREW / HTTP/1.1\r\n" HOST "\r\nDELETE / HTTP/1.1\r\n" HOST
           "\r\nHEAD / HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
     "200 501 405 200H 200", GOES_ON},
    {"an expectation whose body is there already is met",
     BYTES("GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"),
     "200", GOES_ON},
};

static void check_rest(struct client *client, const struct exchange *row)
{
    if (!reply_expect(client, row->replies))
        return;
    if (row->then == CLOSES)
        reply_expect_end(client);
    else if (tap_check(client_print(client, "GET /next HTTP/1.1\r\n" HOST "\r\n"),
                       "the connection is broken"))
        reply_expect(client, "200");
}

static void at_once(const struct exchange *row)
{
    struct client *client = client_open();
    if (client == NULL)
        return;
    client_send(client, row->send);
    check_rest(client, row);
    client_close(client, false);
}

static void byte_by_byte(const struct exchange *row)
{
    struct client *client = client_open();
    if (client == NULL)
        return;
    for (size_t i = 0; i < row->send.len; i++)
        client_send(client, (struct bytes){row->send.at + i, 1});
    check_rest(client, row);
    client_close(client, false);
}

static void half_closed(const struct exchange *row)
{
    struct client *client = client_open();
    if (client == NULL)
        return;
    client_send(client, row->send);
    client_half_close(client);
    if (reply_expect(client, row->replies))
        reply_expect_end(client);
    client_close(client, false);
}

static void exchange_goes_as_said(const void *argument)
{
    const struct exchange *row = argument;
    at_once(row);
    byte_by_byte(row);
    half_closed(row);
}

/* Together with the request: bytes that come only after the answer may meet a closed socket. */
static void nothing_behind_close_is_answered(const void *unused)
{
    (void)unused;
    static const struct exchange row = {
        "",
        BYTES("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
        "200", CLOSES};
    at_once(&row);
    half_closed(&row);
}

/* Asks once; the answer is good until the client receives more. */
static struct client *ask(const char *request, bool to_head, struct reply *reply)
{
    struct client *client = client_open();
    if (client == NULL || !client_print(client, request) || !reply_next(client, to_head, reply))
        return NULL;
    return client;
}

static void check_field(const struct reply *reply, const char *name, const char *expected)
{
    char value[NAME_SIZE];
    if (tap_check(reply_field(reply, name, value, sizeof value), "not exactly one %s", name))
        tap_check(strcmp(value, expected) == 0, "%s is \"%s\"", name, value);
}

static void answer_has_its_fields(const void *unused)
{
    (void)unused;
    struct reply reply;
    if (ask("GET / HTTP/1.1\r\n" HOST "\r\n", false, &reply) == NULL)
        return;
    tap_check(reply.status == 200, "status %u", reply.status);
    tap_check(memcmp(reply.head.at, "HTTP/1.1 ", 9) == 0, "not HTTP/1.1");
    check_field(&reply, "Server", "c10kit");
    check_field(&reply, "Content-Type", "text/plain");
    check_field(&reply, "Content-Length", "13");
    tap_check(!reply_has_token(&reply, "Connection", "close"), "says that it closes");
    tap_check(reply.body.len == 13 && memcmp(reply.body.at, "Hello, world!", 13) == 0, "body");
}

static void head_has_the_same_fields(const void *unused)
{
    (void)unused;
    struct reply reply;
    if (ask("HEAD / HTTP/1.1\r\n" HOST "\r\n", true, &reply) == NULL)
        return;
    tap_check(reply.status == 200, "status %u", reply.status);
    check_field(&reply, "Server", "c10kit");
    check_field(&reply, "Content-Type", "text/plain");
    check_field(&reply, "Content-Length", "13");
}

/* A request and the Connection token that its answer must have. */
static const struct echoed {
    const char *name, *request, *token;
} echoed[] = {
    {"Connection: close is echoed", "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", "close"},
    {"keep-alive of HTTP/1.0 is echoed", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
     "keep-alive"},
    {"a 405 that closes says so", "DELETE / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
     "close"},
};

static void connection_is_echoed(const void *argument)
{
    const struct echoed *row = argument;
    struct reply reply;
    if (ask(row->request, false, &reply) != NULL)
        tap_check(reply_has_token(&reply, "Connection", row->token), "no such Connection: %.*s",
                  (int)reply.head.len, reply.head.at);
}

static void allow_comes_with_405(const void *unused)
{
    (void)unused;
    struct reply reply;
    if (ask("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", false, &reply) == NULL)
        return;
    tap_check(reply.status == 405, "status %u", reply.status);
    tap_check(reply_has_token(&reply, "Allow", "GET") && reply_has_token(&reply, "Allow", "HEAD"),
              "Allow lacks GET or HEAD: %.*s", (int)reply.head.len, reply.head.at);
}

static time_t parse_date(const struct reply *reply)
{
    char value[NAME_SIZE];
    char again[NAME_SIZE];
    struct tm date = {0};
    if (!tap_check(reply_field(reply, "Date", value, sizeof value), "not exactly one Date"))
        return 0;
    const char *end = strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &date);
    strftime(again, sizeof again, "%a, %d %b %Y %H:%M:%S GMT", &date);
    /* Formatting it again tells the right day of the week and leading zeros. */
    time_t seconds = timegm(&date);
    tap_check(end != NULL && *end == '\0' && strcmp(value, again) == 0, "Date: %s", value);
    return seconds;
}

static void check_date_is_now(struct client *client)
{
    struct reply reply;
    time_t before = time(NULL);
    if (!client_print(client, "GET / HTTP/1.1\r\n" HOST "\r\n") ||
        !reply_next(client, false, &reply))
        return;
    time_t date = parse_date(&reply);
    /* Renewed each second: it may be one second old, and one more may have begun meanwhile. */
    tap_check(date >= before - 1 && date <= time(NULL), "Date is %ld s old", (long)(before - date));
    reply_done(client, &reply);
}

static void date_is_renewed(const void *unused)
{
    (void)unused;
    struct client *client = client_open();
    if (client == NULL)
        return;
    check_date_is_now(client);
    /* Idle for long enough that a Date renewed only under load, or only once, would be stale. */
    patience_pass_ms(2100);
    check_date_is_now(client);
}

static char *repeat(const char *text, size_t times, struct bytes *bytes)
{
    size_t length = strlen(text);
    char *all = malloc(length * times);
    if (all == NULL)
        tap_bail_out("out of memory");
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * length, text, length);
    *bytes = (struct bytes){all, length * times};
    return all;
}

static bool expect_many(struct client *client, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!reply_expect(client, "200"))
            return tap_check(false, "... as answer %u of %u", i + 1, count);
    return true;
}

static void thousand_in_one_write(const void *unused)
{
    (void)unused;
    struct bytes pipeline;
    char *all = repeat("GET / HTTP/1.1\r\n" HOST "\r\n", PIPELINE, &pipeline);
    struct client *client = client_open();
    if (client != NULL && client_send(client, pipeline) && expect_many(client, PIPELINE)) {
        client_print(client, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
        reply_expect(client, "200");
        reply_expect_end(client);
    }
    free(all);
}

static void thousand_byte_by_byte(const void *unused)
{
    (void)unused;
    struct bytes pipeline;
    char *all = repeat("GET / HTTP/1.1\r\nHost:x\r\n\r\n", PIPELINE, &pipeline);
    struct client *client = client_open();
    for (size_t i = 0; client != NULL && i < pipeline.len; i++)
        client_send(client, (struct bytes){all + i, 1});
    if (client != NULL)
        expect_many(client, PIPELINE);
    free(all);
}

static void thousand_and_a_half_close(const void *unused)
{
    (void)unused;
    struct bytes pipeline;
    char *all = repeat("GET / HTTP/1.1\r\n" HOST "\r\n", PIPELINE, &pipeline);
    struct client *client = client_open();
    if (client != NULL && client_send(client, pipeline)) {
        client_half_close(client);
        if (expect_many(client, PIPELINE))
            reply_expect_end(client);
    }
    free(all);
}

static unsigned seed(void)
{
    const char *wanted = getenv("C10KIT_SEED");
    unsigned value = wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10)
                                    : (unsigned)time(NULL) ^ (unsigned)getpid() << 16;
    tap_note("C10KIT_SEED=%u", value);
    return value;
}

/* Sends in pieces of random lengths, most of them short. */
static bool send_split(struct client *client, struct bytes bytes, unsigned *random)
{
    for (size_t done = 0; done < bytes.len;) {
        size_t piece = (size_t)rand_r(random) % (rand_r(random) % 4 == 0 ? 400 : 12) + 1;
        if (piece > bytes.len - done)
            piece = bytes.len - done;
        if (!client_send(client, (struct bytes){bytes.at + done, piece}))
            return tap_check(false, "the connection breaks");
        done += piece;
    }
    return true;
}

/* All exchanges that go on, in one pipeline. */
static size_t whole_pipeline(char *all, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        if (exchanges[i].then != GOES_ON || used + exchanges[i].send.len > size)
            continue;
        memcpy(all + used, exchanges[i].send.at, exchanges[i].send.len);
        used += exchanges[i].send.len;
    }
    return used;
}

static bool expect_whole_pipeline(struct client *client)
{
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++)
        if (exchanges[i].then == GOES_ON && !reply_expect(client, exchanges[i].replies))
            return tap_check(false, "... in a pipeline: %s", exchanges[i].name);
    return true;
}

static void any_split(const void *unused)
{
    (void)unused;
    static char all[65536];
    struct bytes pipeline = {all, whole_pipeline(all, sizeof all)};
    unsigned random = seed();
    for (unsigned round = 0; round < SPLIT_ROUNDS; round++) {
        struct client *client = client_open();
        if (client == NULL || !send_split(client, pipeline, &random) ||
            !expect_whole_pipeline(client))
            return;
        client_close(client, false);
    }
}

static void cut_short_is_not_answered(const void *unused)
{
    (void)unused;
    struct client *client = client_open();
    if (client == NULL || !client_print(client, "GET / HTTP/1.1\r\n" HOST))
        return;
    client_half_close(client);
    tap_check(client_receive(client, patience_limit_ms()), "neither an answer nor the end");
    if (client->len > 0)
        reply_expect(client, "400|408");
    reply_expect_end(client);
}

static void continue_comes_before_the_body(const void *argument)
{
    const char *method = argument;
    char request[NAME_SIZE];
    struct client *client = client_open();
    snprintf(request, sizeof request,
             "%s / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 5\r\n\r\n", method);
    if (client == NULL || !client_print(client, request) || !reply_expect(client, "100"))
        return;
    client_print(client, "hello");
    if (!reply_expect(client, strcmp(method, "GET") == 0 ? "200" : "405"))
        return;
    client_print(client, "GET / HTTP/1.1\r\n" HOST "\r\n");
    reply_expect(client, "200");
}

/* RFC 9110, 10.1.1: such a client would not understand it. */
static void no_continue_for_http_1_0(const void *unused)
{
    (void)unused;
    struct reply reply;
    if (ask("GET / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", false,
            &reply) != NULL)
        tap_check(reply.status == 200, "status %u", reply.status);
}

/* A body far beyond any buffer, `chunk` bytes at a time. */
static bool send_body(struct client *client, bool chunked)
{
    enum { CHUNK = 65536 };
    static char chunk[CHUNK + 16];
    size_t head = chunked ? (size_t)snprintf(chunk, 16, "%x\r\n", CHUNK) : 0;
    memset(chunk + head, 'x', CHUNK);
    if (chunked)
        memcpy(chunk + head + CHUNK, "\r\n", 2);
    struct bytes piece = {chunk, head + CHUNK + (chunked ? 2 : 0)};
    for (unsigned i = 0; i < HUGE_BODY / CHUNK; i++)
        if (!client_send(client, piece))
            return tap_check(false, "the connection breaks");
    return !chunked || client_print(client, "0\r\n\r\n");
}

static void huge_body_is_dropped(const void *argument)
{
    bool chunked = *(const bool *)argument;
    char head[NAME_SIZE];
    struct client *client = client_open();
    if (chunked)
        snprintf(head, sizeof head, "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    else
        snprintf(head, sizeof head, "GET / HTTP/1.1\r\n" HOST "Content-Length: %u\r\n\r\n",
                 HUGE_BODY);
    if (client == NULL || !client_print(client, head) || !send_body(client, chunked))
        return;
    client_print(client, "GET / HTTP/1.1\r\n" HOST "\r\n");
    reply_expect(client, "200 200");
}

/* A head of exactly `length` bytes. */
static void head_of_length(char *head, size_t length)
{
    static const char begin[] = "GET / HTTP/1.1\r\n" HOST "X: ";
    memset(head, 'x', length);
    memcpy(head, begin, sizeof begin - 1);
    memcpy(head + length - 4, "\r\n\r\n", 4);
}

static void head_up_to_the_limit(const void *unused)
{
    (void)unused;
    static char head[HEAD_LIMIT];
    struct client *client = client_open();
    head_of_length(head, sizeof head);
    if (client != NULL && client_send(client, (struct bytes){head, sizeof head}))
        reply_expect(client, "200");
}

static void target_up_to_the_limit(const void *unused)
{
    (void)unused;
    static const char end[] = " HTTP/1.1\r\n" HOST "\r\n";
    static char head[HEAD_LIMIT];
    struct client *client = client_open();
    memset(head, 'x', sizeof head);
    memcpy(head, "GET /", 5);
    memcpy(head + sizeof head - (sizeof end - 1), end, sizeof end - 1);
    if (client != NULL && client_send(client, (struct bytes){head, sizeof head}))
        reply_expect(client, "200");
}

static void body_is_of_the_size_asked_for(const void *argument)
{
    const char *const size = argument;
    struct reply reply;
    if (!server_start((const char *const[]){"--body-size", size, NULL}))
        return;
    struct client *client =
        ask("GET / HTTP/1.1\r\n" HOST "\r\nHEAD / HTTP/1.1\r\n" HOST "\r\n", false, &reply);
    if (client == NULL)
        return;
    check_field(&reply, "Content-Length", size);
    tap_check(reply.status == 200 && reply.body.len == strtoul(size, NULL, 10),
              "status %u, body of %zu bytes", reply.status, reply.body.len);
    reply_done(client, &reply);
    if (!reply_next(client, true, &reply))
        return;
    check_field(&reply, "Content-Length", size);
    reply_done(client, &reply);
    client_print(client, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    if (reply_expect(client, "200"))
        reply_expect_end(client);
    client_close(client, false);
    server_stop(NULL);
}

static void head_limit_is_as_asked(const void *unused)
{
    (void)unused;
    static char head[1025];
    if (!server_start((const char *const[]){"--max-header", "1024", NULL}))
        return;
    for (size_t length = 1024; length <= 1025; length++) {
        struct client *client = client_open();
        head_of_length(head, length);
        if (client == NULL || !client_send(client, (struct bytes){head, length}))
            return;
        reply_expect(client, length <= 1024 ? "200" : "431");
        client_close(client, false);
    }
    server_stop(NULL);
}

static void shared(const char *name, void (*run)(const void *), const void *argument)
{
    suite_shared_case(name, run, argument, options);
}

static void answers(void)
{
    shared("an answer has all its fields and the body", answer_has_its_fields, NULL);
    shared("the answer to a HEAD has the same fields", head_has_the_same_fields, NULL);
    shared("a 405 lists the methods allowed", allow_comes_with_405, NULL);
    shared("what is pipelined behind Connection: close is not answered",
           nothing_behind_close_is_answered, NULL);
    shared("Date is now, also after a rest", date_is_renewed, NULL);
    for (size_t i = 0; i < sizeof echoed / sizeof echoed[0]; i++)
        shared(echoed[i].name, connection_is_echoed, &echoed[i]);
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++)
        shared(exchanges[i].name, exchange_goes_as_said, &exchanges[i]);
}

static void pipelines_and_bodies(void)
{
    static const bool yes = true, no = false;
    shared("1000 requests in one write are all answered", thousand_in_one_write, NULL);
    shared("1000 requests byte by byte are all answered", thousand_byte_by_byte, NULL);
    shared("1000 requests and a half-close are all answered", thousand_and_a_half_close, NULL);
    shared("a pipeline of everything is answered however it is split", any_split, NULL);
    shared("a head that ends with the connection is not served", cut_short_is_not_answered, NULL);
    shared("Expect gets its 100 before the body is sent", continue_comes_before_the_body, "GET");
    shared("Expect gets its 100 with a 405, too", continue_comes_before_the_body, "POST");
    shared("HTTP/1.0 gets no 100", no_continue_for_http_1_0, NULL);
    shared("a body of 20 MiB is dropped, the next request answered", huge_body_is_dropped, &no);
    shared("a chunked body of 20 MiB is dropped, too", huge_body_is_dropped, &yes);
    shared("a head of exactly 8 KiB is served", head_up_to_the_limit, NULL);
    shared("a target up to the head's limit is served", target_up_to_the_limit, NULL);
}

/* The kernel has the whole answer long before the client: a close with the client's last bytes
 * unread would be an RST, and throw away what has not arrived. */
static void bytes_behind_a_close_cut_nothing_short(const void *unused)
{
    (void)unused;
    static const char *const large[] = {"--body-size", "300000", NULL};
    if (!server_start(large))
        return;
    struct client *client = client_open_with_window(8192);
    if (client == NULL ||
        !client_print(client, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n") ||
        !client_is_read(client) || !client_print(client, "\r\n"))
        return;
    if (reply_expect(client, "200"))
        reply_expect_end(client);
    client_close(client, false);
    server_stop(NULL);
}

void suite_http(void)
{
    static const char *const sizes[] = {"0", "1", "13", "100000", "10000000"};
    char name[NAME_SIZE];
    answers();
    pipelines_and_bodies();
    suite_shared_end();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        snprintf(name, sizeof name, "--body-size %s serves as many bytes", sizes[i]);
        suite_case(name, body_is_of_the_size_asked_for, sizes[i]);
    }
    suite_case("bytes behind a request that closes do not cut its answer short",
               bytes_behind_a_close_cut_nothing_short, NULL);
    suite_case("--max-header is the limit to the byte", head_limit_is_as_asked, NULL);
}
