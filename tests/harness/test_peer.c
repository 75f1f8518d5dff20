/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/run/catalogue.h"
#include "bench/base/child.h"
#include "bench/run/peer.h"
#include "bench/base/text.h"

static struct {
    char folder[64];
    char *file; /* the peer.json of the test at hand */
} self;

static int make_folder(void **state)
{
    (void)state;
    loop_init();
    snprintf(self.folder, sizeof self.folder, "/tmp/c10kit-test-peer-XXXXXX");
    if (!mkdtemp(self.folder))
        return -1;
    self.file = text_format("%s/peer.json", self.folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    struct peer_place place = {.folder = text_copy(self.folder)};
    peer_leave(&place);
    free(self.file);
    return access(self.folder, F_OK) == 0 ? -1 : 0;
}

/* Reads a peer.json of this content, by its path. */
static bool read_text(struct peer *peer, const char *content)
{
    assert_true(text_write(self.file, content));
    return peer_read(peer, self.file);
}

static void refuse(const char *content)
{
    struct peer peer;
    assert_false(read_text(&peer, content));
    peer_finish(&peer);
}

static void placeholders_are_filled_and_other_braces_stay(void **state)
{
    (void)state;
    struct peer_place place = {.folder = (char *)"/f", .dir = "/d", .port = 8080};
    char *filled = peer_fill("{ listen {port}; root {folder}{dir}; {portal} ${x} {", &place);
    assert_string_equal(filled, "{ listen 8080; root /f/d; {portal} ${x} {");
    free(filled);
}

static void files_and_templates_are_written_filled_in(void **state)
{
    (void)state;
    struct peer peer;
    struct peer_place place;
    char *template = text_format("%s/a.conf", self.folder);
    assert_true(text_write(template, "port={port}"));
    assert_true(read_text(&peer, "{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\","
                                 "\"templates\": [\"a.conf\"], \"files\": {\"b\": \"in {dir}\"}}"));
    assert_true(peer_settle(&peer, &place));
    char *wanted[] = {text_format("port=%u", (unsigned)place.port),
                      text_format("in %s", self.folder)};
    const char *names[] = {"a.conf", "b"};
    for (size_t i = 0; i < 2; i++) {
        char *path = text_format("%s/%s", place.folder, names[i]);
        char *content = text_read(path);
        assert_string_equal(content, wanted[i]);
        free(content);
        free(path);
        free(wanted[i]);
    }
    char *folder = text_copy(place.folder);
    peer_leave(&place);
    assert_int_not_equal(access(folder, F_OK), 0);
    free(folder);
    free(template);
    peer_finish(&peer);
}

static void a_template_that_is_missing_is_an_error(void **state)
{
    (void)state;
    struct peer peer;
    struct peer_place place;
    assert_true(read_text(&peer, "{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\","
                                 "\"templates\": [\"nowhere.conf\"]}"));
    assert_false(peer_settle(&peer, &place));
    peer_leave(&place);
    peer_finish(&peer);
}

static void descriptions_that_cannot_be_right_are_refused(void **state)
{
    (void)state;
    struct peer peer;
    assert_true(read_text(&peer, "{\"name\": \"a\", \"start\": [\"sh\"], \"body_bytes\": 1}"));
    peer_finish(&peer);
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\"");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\", \"reddy_line\": \"up\"}");
    refuse("{\"name\": \"a/b\", \"start\": [\"sh\"], \"body\": \"x\"}");
    refuse("{\"name\": \"a\", \"start\": \"sh\", \"body\": \"x\"}");
    refuse("{\"name\": \"a\", \"start\": [], \"body\": \"x\"}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\", 1], \"body\": \"x\"}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"]}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body_bytes\": 5000}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\", \"path\": \"hello\"}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\", \"path\": \"/h llo\"}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\", \"path\": \"/h\\tllo\"}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\", \"path\": \"/h\u00e4llo\"}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\", \"path\": \"/h\\u007fllo\"}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\", \"stop\": \"SOON\"}");
    refuse("{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\", \"files\": {\"b\": 1}}");
}

static void what_is_not_installed_is_left_out(void **state)
{
    (void)state;
    struct catalogue catalogue = {0};
    assert_true(text_write(self.file, "{\"name\": \"a\", \"start\": [\"no-such-server\"],"
                                      "\"package\": \"none\", \"body\": \"x\"}"));
    catalogue_add_peers(&catalogue, self.file);
    assert_true(text_write(self.file, "{\"name\": \"a\", \"start\": [\"no-such-server\"],"
                                      "\"build\": \"make\", \"body\": \"x\"}"));
    catalogue_add_peers(&catalogue, self.file);
    catalogue_add_peers(&catalogue, "no-such-peer");
    assert_int_equal(catalogue.count, 0);
    catalogue_finish(&catalogue);
}

static void a_name_can_be_taken_once(void **state)
{
    (void)state;
    struct catalogue catalogue = {0};
    assert_true(text_write(self.file, "{\"name\": \"a\", \"start\": [\"sh\"], \"body\": \"x\"}"));
    char *twice = text_format("%s,%s", self.file, self.file);
    catalogue_add_peers(&catalogue, twice);
    assert_int_equal(catalogue.count, 1);
    assert_int_equal(catalogue.peers, 1);
    free(twice);
    catalogue_finish(&catalogue);
}

static void each_peer_has_a_place_of_its_own(void **state)
{
    (void)state;
    static const char *const names[] = {"mine", "h2o", "yours", "haproxy", "lighttpd", "nginx"};
    enum { NAMES = sizeof names / sizeof *names };
    size_t slots[NAMES];
    for (size_t i = 0; i < NAMES; i++) {
        slots[i] = peer_slot(names[i]);
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(slots[i], slots[j]);
    }
    for (size_t i = 0; i < NAMES; i++)
        assert_int_equal(slots[i], peer_slot(names[i]));
}

static void only_the_body_that_was_promised_is_right(void **state)
{
    (void)state;
    struct probe probe;
    probe.length = (size_t)snprintf(probe.bytes, sizeof probe.bytes,
                                    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour");
    assert_true(probe_is_right(&probe, &(struct probe_question){"/", "four", 4}));
    assert_true(probe_is_right(&probe, &(struct probe_question){"/", NULL, 4}));
    assert_false(probe_is_right(&probe, &(struct probe_question){"/", "five", 4}));
    assert_false(probe_is_right(&probe, &(struct probe_question){"/", "our", 3}));
    assert_false(probe_is_right(&probe, &(struct probe_question){"/", NULL, 5}));
}

static void asks_and_stops(const struct peer *peer, const struct peer_place *place,
                           struct child *child)
{
    struct probe probe;
    const char *reason = NULL;
    bool ready = peer_wait_ready(peer, place, child);
    bool kept =
        ready && probe_ask(place->port, WORKLOAD_KEEP_ALIVE, &peer->question, &probe, &reason);
    bool right = kept && probe_is_right(&probe, &peer->question);
    bool closed = ready && probe_ask(place->port, WORKLOAD_CHURN, &peer->question, &probe, &reason);
    child_finish(child);
    assert_true(ready);
    assert_null(reason);
    assert_true(right);
    assert_true(closed);
}

/* A whole server, with its ready line, path and file, in one peer.json. */
static void one_file_is_enough_for_a_server_of_ones_own(void **state)
{
    (void)state;
    static const char *const ready[] = {"\"ready_line\": \"Serving HTTP\",", ""};
    char *python = text_find_program("python3");
    if (!python)
        skip();
    free(python);
    for (size_t i = 0; i < 2; i++) {
        struct peer peer;
        struct peer_place place;
        struct child child;
        char *description = text_format(
            "{\"name\": \"python\", \"start\": [\"python3\", \"-u\", \"-m\", \"http.server\","
            "\"--bind\", \"127.0.0.1\", \"--protocol\", \"HTTP/1.1\", \"--directory\","
            "\"{folder}\", \"{port}\"], %s \"files\": {\"hello.txt\": \"Hello, world!\"},"
            "\"path\": \"/hello.txt\", \"body\": \"Hello, world!\"}",
            ready[i]);
        assert_true(read_text(&peer, description));
        assert_true(peer_settle(&peer, &place));
        char **command = peer_command(&peer, &place);
        assert_int_equal(child_start(&child, command), 0);
        asks_and_stops(&peer, &place, &child);
        peer_free_command(command);
        peer_leave(&place);
        peer_finish(&peer);
        free(description);
    }
}

static void a_server_that_ends_is_not_waited_for(void **state)
{
    (void)state;
    struct peer peer;
    struct peer_place place;
    struct child child;
    assert_true(read_text(&peer, "{\"name\": \"a\", \"start\": [\"sh\", \"-c\", \"exit 3\"],"
                                 "\"body\": \"x\"}"));
    assert_true(peer_settle(&peer, &place));
    char **command = peer_command(&peer, &place);
    assert_int_equal(child_start(&child, command), 0);
    assert_false(peer_wait_ready(&peer, &place, &child));
    assert_int_equal(child.exit_status, 3);
    child_finish(&child);
    peer_free_command(command);
    peer_leave(&place);
    peer_finish(&peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_filled_and_other_braces_stay),
        cmocka_unit_test(files_and_templates_are_written_filled_in),
        cmocka_unit_test(a_template_that_is_missing_is_an_error),
        cmocka_unit_test(descriptions_that_cannot_be_right_are_refused),
        cmocka_unit_test(what_is_not_installed_is_left_out),
        cmocka_unit_test(a_name_can_be_taken_once),
        cmocka_unit_test(each_peer_has_a_place_of_its_own),
        cmocka_unit_test(only_the_body_that_was_promised_is_right),
        cmocka_unit_test(one_file_is_enough_for_a_server_of_ones_own),
        cmocka_unit_test(a_server_that_ends_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("peer", tests, make_folder, remove_folder);
}
