/* SPDX-License-Identifier: MIT */
#include "tests/contract/suite.h"

#include "tests/contract/bystander.h"
#include "tests/contract/client.h"
#include "tests/contract/patience.h"
#include "tests/contract/reply.h"
#include "tests/contract/tap.h"

#include <stdio.h>
#include <string.h>

enum {
    BEHIND = 300 * 1024, /* what a client may have sent before it reads that it was refused */
    NAME_SIZE = 200,
    LONG_HEAD = 9000, /* over the limit of 8 KiB */
};

static const char *const options[] = {NULL};

#define HOST    "Host: example.com\r\n"
#define GET     "GET / HTTP/1.1\r\n"
#define CHUNKED GET HOST "Transfer-Encoding: chunked\r\n\r\n"

static const struct refusal {
    const char *name;
    struct bytes send;
    const char *status;
} refusals[] = {
    /* Two ideas of where a body ends. */
    {"Content-Length, then Transfer-Encoding",
     BYTES(GET HOST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"), "400"},
    {"Transfer-Encoding, then Content-Length",
     BYTES(GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG"), "400"},
    {"both lengths on an unknown method",
     BYTES("BREW / HTTP/1.1\r\n" HOST
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
     "400"},
    {"Content-Length 0 and Transfer-Encoding",
     BYTES(GET HOST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "400"},
    {"two different Content-Lengths",
     BYTES(GET HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), "400"},
    {"two different Content-Lengths apart from each other",
     BYTES(GET "Content-Length: 5\r\n" HOST "X: y\r\ncontent-length: 0\r\n\r\nhello"), "400"},
    {"two different Content-Lengths in one field",
     BYTES(GET HOST "Content-Length: 5, 6\r\n\r\nhello!"), "400"},
    {"a list of equal Content-Lengths is not all digits",
     BYTES(GET HOST "Content-Length: 5, 5\r\n\r\nhello"), "400"},
    {"a Content-Length with a plus", BYTES(GET HOST "Content-Length: +5\r\n\r\nhello"), "400"},
    {"a negative Content-Length", BYTES(GET HOST "Content-Length: -1\r\n\r\n"), "400"},
    {"a hexadecimal Content-Length", BYTES(GET HOST "Content-Length: 0x5\r\n\r\nhello"), "400"},
    {"a Content-Length with letters", BYTES(GET HOST "Content-Length: 5a\r\n\r\nhello"), "400"},
    {"a Content-Length of two numbers", BYTES(GET HOST "Content-Length: 5 5\r\n\r\nhello"), "400"},
    {"a Content-Length with a fraction", BYTES(GET HOST "Content-Length: 5.0\r\n\r\nhello"), "400"},
    {"a Content-Length with an exponent", BYTES(GET HOST "Content-Length: 1e1\r\n\r\n0123456789"),
     "400"},
    {"an empty Content-Length", BYTES(GET HOST "Content-Length:\r\n\r\n"), "400"},
    {"a Content-Length of spaces", BYTES(GET HOST "Content-Length:   \r\n\r\n"), "400"},
    {"a Content-Length in quotes", BYTES(GET HOST "Content-Length: \"5\"\r\n\r\nhello"), "400"},
    {"a Content-Length that overflows 64 bits",
     BYTES(GET HOST "Content-Length: 18446744073709551616\r\n\r\n"), "400"},
    {"a Content-Length that overflows 64 bits to a small one",
     BYTES(GET HOST "Content-Length: 18446744073709551621\r\n\r\nhello"), "400"},
    {"a Content-Length of very many digits",
     BYTES(GET HOST "Content-Length: 99999999999999999999999999999999999999\r\n\r\n"), "400"},

    {"Transfer-Encoding: identity", BYTES(GET HOST "Transfer-Encoding: identity\r\n\r\n"), "400"},
    {"Transfer-Encoding: gzip", BYTES(GET HOST "Transfer-Encoding: gzip\r\n\r\n"), "400"},
    {"chunked that is not final",
     BYTES(GET HOST "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"), "400"},
    {"chunked that is not final, in two fields",
     BYTES(GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
     "400"},
    {"a coding that begins with chunked",
     BYTES(GET HOST "Transfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n"), "400"},
    {"a coding that ends with chunked",
     BYTES(GET HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), "400"},
    {"a coding of two words", BYTES(GET HOST "Transfer-Encoding: x chunked\r\n\r\n0\r\n\r\n"),
     "400"},
    {"chunked in quotes", BYTES(GET HOST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"), "400"},
    {"chunked behind a vertical tab",
     BYTES(GET HOST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"), "400"},
    {"an empty Transfer-Encoding", BYTES(GET HOST "Transfer-Encoding:\r\n\r\n0\r\n\r\n"), "400"},
    {"a folded Transfer-Encoding",
     BYTES(GET HOST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"), "400"},
    {"a Transfer-Encoding hidden by a space beside a Content-Length",
     BYTES(GET HOST "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), "400"},

    {"a chunk size of other letters", BYTES(CHUNKED "g\r\nhello\r\n0\r\n\r\n"), "400"},
    {"a negative chunk size", BYTES(CHUNKED "-1\r\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk size with a plus", BYTES(CHUNKED "+5\r\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk size with 0x", BYTES(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"), "400"},
    {"an empty chunk size", BYTES(CHUNKED "\r\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk size behind a space", BYTES(CHUNKED " 5\r\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk size before a space", BYTES(CHUNKED "5 \r\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk size that overflows 64 bits",
     BYTES(CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk size of very many digits",
     BYTES(CHUNKED "ffffffffffffffffffffffffffffffff\r\nhello\r\n0\r\n\r\n"), "400"},
    {"only an extension for a chunk size", BYTES(CHUNKED ";a=b\r\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk size that ends with LF", BYTES(CHUNKED "5\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk size that ends with CR", BYTES(CHUNKED "5\rhello\r\n0\r\n\r\n"), "400"},
    {"a chunk extension that ends with LF", BYTES(CHUNKED "5;a\nhello\r\n0\r\n\r\n"), "400"},
    {"a chunk longer than its size", BYTES(CHUNKED "5\r\nhello!\r\n0\r\n\r\n"), "400"},
    {"a chunk that ends with LF", BYTES(CHUNKED "5\r\nhello\n0\r\n\r\n"), "400"},
    {"a chunk without an end", BYTES(CHUNKED "5\r\nhello0\r\n\r\n"), "400"},
    {"a last chunk that ends with LF", BYTES(CHUNKED "0\n\r\n"), "400"},

    /* Lines that two parsers read differently. */
    {"a space before a colon", BYTES(GET HOST "X : y\r\n\r\n"), "400"},
    {"a tab before a colon", BYTES(GET HOST "X\t: y\r\n\r\n"), "400"},
    {"a space before Host's colon", BYTES(GET "Host : x\r\n\r\n"), "400"},
    {"a space before Content-Length's colon", BYTES(GET HOST "Content-Length : 5\r\n\r\nhello"),
     "400"},
    {"a folded line", BYTES(GET HOST "X: y\r\n z\r\n\r\n"), "400"},
    {"a line folded with a tab", BYTES(GET HOST "X: y\r\n\tz\r\n\r\n"), "400"},
    {"a folded first line", BYTES(GET " X: y\r\n" HOST "\r\n"), "400"},
    {"a folded empty line", BYTES(GET HOST "X: y\r\n \r\n\r\n"), "400"},
    {"a NUL in a field value", BYTES(GET HOST "X: a\0b\r\n\r\n"), "400"},
    {"a NUL in a field name", BYTES(GET HOST "X\0Y: a\r\n\r\n"), "400"},
    {"a NUL in the target", BYTES("GET /\0 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a NUL before the request", BYTES("\0GET / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a bare CR in a field value", BYTES(GET HOST "X: a\rb\r\n\r\n"), "400"},
    {"a bare CR that hides a field", BYTES(GET HOST "X: a\rContent-Length: 5\r\n\r\nhello"), "400"},
    {"a bare CR in a field name", BYTES(GET HOST "X\rY: a\r\n\r\n"), "400"},
    {"two CRs at a line's end", BYTES(GET HOST "X: a\r\r\n\r\n"), "400"},
    {"a bare CR in the request line", BYTES("GET / HTTP/1.1\rX\r\n" HOST "\r\n"), "400"},
    {"a CR instead of a space in the request line", BYTES("GET\r/ HTTP/1.1\r\n" HOST "\r\n"),
     "400"},
    {"a line without a colon", BYTES(GET HOST "X\r\n\r\n"), "400"},
    {"an empty field name", BYTES(GET HOST ": y\r\n\r\n"), "400"},
    {"a space in a field name", BYTES(GET HOST "X Y: z\r\n\r\n"), "400"},
    {"a field name with parentheses", BYTES(GET HOST "X(Y): z\r\n\r\n"), "400"},
    {"a field name with a byte over 0x7f", BYTES(GET HOST "X\xfc: z\r\n\r\n"), "400"},
    {"a field name with a slash", BYTES(GET HOST "X/Y: z\r\n\r\n"), "400"},
    {"lines that end with LF", BYTES("GET / HTTP/1.1\nHost: x\n\n"), "400"},
    {"a request line that ends with LF", BYTES("GET / HTTP/1.1\n" HOST "\r\n"), "400"},
    {"a field that ends with LF", BYTES(GET "Host: x\n\r\n"), "400"},
    {"a second field that ends with LF", BYTES(GET HOST "X: y\nZ: z\r\n\r\n"), "400"},
    {"a head that ends with LF", BYTES(GET HOST "\n"), "400"},
    {"a blank line of LF before the request", BYTES("\nGET / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a bare CR before the request", BYTES("\rGET / HTTP/1.1\r\n" HOST "\r\n"), "400"},

    {"no Host", BYTES(GET "\r\n"), "400"},
    {"no Host among other fields", BYTES(GET "X-Host: x\r\nHosts: x\r\n\r\n"), "400"},
    {"no Host with an absolute target", BYTES("GET http://x/ HTTP/1.1\r\n\r\n"), "400"},
    {"no Host with an unknown method", BYTES("BREW / HTTP/1.1\r\n\r\n"), "400"},
    {"two Hosts", BYTES(GET "Host: a\r\nHost: b\r\n\r\n"), "400"},
    {"two equal Hosts", BYTES(GET HOST HOST "\r\n"), "400"},
    {"two Hosts in different case", BYTES(GET "Host: a\r\nX: y\r\nhOST: b\r\n\r\n"), "400"},
    {"a Host of two words", BYTES(GET "Host: a b\r\n\r\n"), "400"},
    {"a Host with a path", BYTES(GET "Host: a/b\r\n\r\n"), "400"},
    {"a Host with a user", BYTES(GET "Host: user@a\r\n\r\n"), "400"},
    {"a Host that is a URL", BYTES(GET "Host: http://a\r\n\r\n"), "400"},
    {"a Host whose port is no number", BYTES(GET "Host: a:http\r\n\r\n"), "400"},
    {"a Host with two ports", BYTES(GET "Host: a:80:80\r\n\r\n"), "400"},
    {"a Host with an open bracket", BYTES(GET "Host: [::1\r\n\r\n"), "400"},
    {"a Host with something behind the bracket", BYTES(GET "Host: [::1]x\r\n\r\n"), "400"},
    {"a Host with a query", BYTES(GET "Host: a?b\r\n\r\n"), "400"},
    {"a Host with angle brackets", BYTES(GET "Host: <a>\r\n\r\n"), "400"},
    {"a Host with a backslash", BYTES(GET "Host: a\\b\r\n\r\n"), "400"},

    {"two spaces behind the method", BYTES("GET  / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"two spaces behind the target", BYTES("GET /  HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a tab behind the method", BYTES("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a tab behind the target", BYTES("GET /\tHTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a space before the method", BYTES(" GET / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a space behind the version", BYTES("GET / HTTP/1.1 \r\n" HOST "\r\n"), "400"},
    {"a word behind the version", BYTES("GET / HTTP/1.1 x\r\n" HOST "\r\n"), "400"},
    {"a space in the target", BYTES("GET /a b HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a tab in the target", BYTES("GET /a\tb HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a control byte in the target", BYTES("GET /a\x01 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a DEL in the target", BYTES("GET /a\x7f HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a control byte in an absolute target", BYTES("GET http://x/\x02 HTTP/1.1\r\n" HOST "\r\n"),
     "400"},
    {"a target without a slash", BYTES("GET index.html HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a target that is only a query", BYTES("GET ?a HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a target of an authority", BYTES("GET example.com:80 HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"an asterisk for GET", BYTES("GET * HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"an asterisk with something behind it", BYTES("OPTIONS *x HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a target without its scheme", BYTES("GET ://x/ HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"no target", BYTES("GET HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"an empty target", BYTES("GET  HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"no version", BYTES("GET /\r\n" HOST "\r\n"), "400"},
    {"no version and nothing else", BYTES("GET /\r\n\r\n"), "400"},
    {"a version in small letters", BYTES("GET / http/1.1\r\n" HOST "\r\n"), "400"},
    {"another protocol's version", BYTES("GET / ICY/1.1\r\n" HOST "\r\n"), "400"},
    {"a version with a letter", BYTES("GET / HTTP/1.x\r\n" HOST "\r\n"), "400"},
    {"a version without a minor", BYTES("GET / HTTP/1\r\n" HOST "\r\n"), "400"},
    {"a version with an empty minor", BYTES("GET / HTTP/1.\r\n" HOST "\r\n"), "400"},
    {"a version of two digits", BYTES("GET / HTTP/1.11\r\n" HOST "\r\n"), "400"},
    {"a version with a leading zero", BYTES("GET / HTTP/01.1\r\n" HOST "\r\n"), "400"},
    {"a method with a parenthesis", BYTES("G(T / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a method with an at sign", BYTES("GET@ / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a method with a colon", BYTES("GET: / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a method with a byte over 0x7f", BYTES("G\xc9T / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"a method in quotes", BYTES("\"GET\" / HTTP/1.1\r\n" HOST "\r\n"), "400"},
    {"the beginning of TLS", BYTES("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n"), "400"},
    {"an answer instead of a request", BYTES("HTTP/1.1 200 OK\r\n" HOST "\r\n"), "400"},
    {"the preface of HTTP/2", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "400"},

    {"HTTP/2.0", BYTES("GET / HTTP/2.0\r\n" HOST "\r\n"), "505"},
    {"HTTP/3.0", BYTES("GET / HTTP/3.0\r\n" HOST "\r\n"), "505"},
    {"HTTP/9.9", BYTES("GET / HTTP/9.9\r\n" HOST "\r\n"), "505"},
    {"HTTP/2.0 with an unknown method", BYTES("BREW / HTTP/2.0\r\n" HOST "\r\n"), "505"},
};

/* Requests, each of which would be answered if the server went on reading behind what it refused.
 */
static struct bytes behind(void)
{
    static const char smuggled[] = "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    static char all[BEHIND];
    for (size_t used = 0; all[0] == '\0' && used < BEHIND; used += sizeof smuggled - 1) {
        size_t left = BEHIND - used;
        memcpy(all + used, smuggled, left < sizeof smuggled - 1 ? left : sizeof smuggled - 1);
    }
    return (struct bytes){all, BEHIND};
}

/* One answer of this status that says it closes, then the orderly end. */
static void expect_refusal(struct client *client, const char *status)
{
    struct reply reply;
    char number[8];
    if (!reply_next(client, false, &reply))
        return;
    snprintf(number, sizeof number, "%u", reply.status);
    if (!tap_check(strcmp(number, status) == 0, "status %s, not %s", number, status))
        return;
    tap_check(reply_has_token(&reply, "Connection", "close"), "does not say that it closes");
    reply_done(client, &reply);
    reply_expect_end(client);
}

static void alone(const struct refusal *row)
{
    struct client *client = client_open();
    if (client == NULL)
        return;
    tap_check(client_send(client, row->send), "alone: the connection breaks");
    expect_refusal(client, row->status);
    client_close(client, false);
}

static void byte_by_byte(const struct refusal *row)
{
    struct client *client = client_open();
    for (size_t i = 0; client != NULL && i < row->send.len; i++)
        if (!tap_check(client_send(client, (struct bytes){row->send.at + i, 1}),
                       "byte by byte: the connection breaks at byte %zu", i))
            return;
    if (client == NULL)
        return;
    expect_refusal(client, row->status);
    client_close(client, false);
}

/* Reads nothing until all has gone: an RST in between would eat the answer. */
static void with_much_behind_it(const struct refusal *row)
{
    struct client *client = client_open();
    if (client == NULL)
        return;
    client_send(client, row->send);
    size_t sent = client_push(client, behind(), patience_limit_ms());
    tap_check(sent == BEHIND, "the connection breaks %zu bytes behind it", sent);
    expect_refusal(client, row->status);
    client_close(client, false);
}

static void behind_a_good_one(const struct refusal *row)
{
    struct client *client = client_open();
    if (client == NULL)
        return;
    client_print(client, GET HOST "\r\n");
    client_send(client, row->send);
    if (reply_expect(client, "200"))
        expect_refusal(client, row->status);
    client_close(client, false);
}

static void is_refused(const void *argument)
{
    const struct refusal *row = argument;
    alone(row);
    byte_by_byte(row);
    with_much_behind_it(row);
    behind_a_good_one(row);
}

/* Heads that are too long, made of a repeated part. */
static const struct long_head {
    const char *name, *begin, *part;
} long_heads[] = {
    {"a field value beyond the head's limit", GET HOST "X: ", "x"},
    {"a field name beyond the head's limit", GET HOST, "x"},
    {"many fields beyond the head's limit", GET HOST, "X: y\r\n"},
    {"a target beyond the head's limit", "GET /", "x"},
    {"an absolute target beyond the head's limit", "GET http://", "x"},
    {"a method beyond the head's limit", "", "G"},
};

static bool push_parts(struct client *client, const char *part, size_t length)
{
    static char all[BEHIND + 16];
    size_t part_length = strlen(part);
    for (size_t used = 0; used < length; used += part_length)
        memcpy(all + used, part, part_length);
    return client_push(client, (struct bytes){all, length}, patience_limit_ms()) == length;
}

static void long_head_is_refused(const void *argument)
{
    const struct long_head *row = argument;
    static const size_t lengths[] = {LONG_HEAD, BEHIND};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct client *client = client_open();
        if (client == NULL)
            return;
        client_print(client, row->begin);
        tap_check(push_parts(client, row->part, lengths[i]), "the connection breaks");
        expect_refusal(client, "431");
        client_close(client, false);
    }
}

static void head_of_one_byte_more_is_refused(const void *unused)
{
    (void)unused;
    enum { HEAD = 8193 };
    static char head[HEAD];
    struct client *client = client_open();
    memset(head, 'x', HEAD);
    memcpy(head, GET HOST "X: ", sizeof(GET HOST "X: ") - 1);
    memcpy(head + HEAD - 4, "\r\n\r\n", 4);
    if (client == NULL || !client_send(client, (struct bytes){head, HEAD}))
        return;
    expect_refusal(client, "431");
}

static void head_request_refused_has_no_body(const void *unused)
{
    (void)unused;
    struct reply reply;
    struct client *client = client_open();
    if (client == NULL || !client_print(client, "HEAD / HTTP/1.1\r\nX : y\r\n" HOST "\r\n"))
        return;
    /* Whether the method counts in a request that is refused is not said: both are understood. */
    if (!reply_next(client, true, &reply))
        return;
    tap_check(reply.status == 400, "status %u", reply.status);
    tap_check(client_wait_end(client) && !client->reset, "no orderly end");
}

static void others_are_served_after_it(const void *unused)
{
    (void)unused;
    bystander_is_served();
}

static void shared(const char *name, void (*run)(const void *), const void *argument)
{
    suite_shared_case(name, run, argument, options);
}

void suite_http_bad(void)
{
    char name[NAME_SIZE];
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        snprintf(name, sizeof name, "refused with %s: %s", refusals[i].status, refusals[i].name);
        shared(name, is_refused, &refusals[i]);
    }
    for (size_t i = 0; i < sizeof long_heads / sizeof long_heads[0]; i++) {
        snprintf(name, sizeof name, "refused with 431: %s", long_heads[i].name);
        shared(name, long_head_is_refused, &long_heads[i]);
    }
    shared("refused with 431: a head of one byte over the limit", head_of_one_byte_more_is_refused,
           NULL);
    shared("a HEAD that is malformed is refused", head_request_refused_has_no_body, NULL);
    shared("after all these a good client is served", others_are_served_after_it, NULL);
    suite_shared_end();
}
