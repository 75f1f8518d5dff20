/* SPDX-License-Identifier: MIT */
#include "tests/contract/suite.h"

#include "tests/contract/bystander.h"
#include "tests/contract/client.h"
#include "tests/contract/model.h"
#include "tests/contract/patience.h"
#include "tests/contract/reply.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT = 1, USAGE = 64, DEFAULT_BACKLOG = 4096, TEXT_SIZE = 512 };

static const char *const no_options[] = {NULL};

static bool is_one_line(const char *text)
{
    const char *newline = strchr(text, '\n');
    return newline != NULL && newline != text && newline[1] == '\0';
}

/* Runs it to its end, which must be this exit status. */
static bool check_exit(struct server_run *run, const char *const options[], int status)
{
    const char *first = options[0] != NULL ? options[0] : "";
    return tap_check(server_run(run, options), "does not end with %s", first) &&
           tap_check(WIFEXITED(run->status) && WEXITSTATUS(run->status) == status,
                     "%s %s ends with wait status 0x%x, not exit %d; standard error: %s", first,
                     options[0] != NULL && options[1] != NULL ? options[1] : "",
                     (unsigned)run->status, status, run->err);
}

/* ... after exactly one line on standard error, which begins with its name. */
static bool check_complaint(struct server_run *run, const char *const options[], int status)
{
    char prefix[MODEL_NAME_SIZE + 2];
    snprintf(prefix, sizeof prefix, "%s: ", model()->name);
    return check_exit(run, options, status) &&
           tap_check(is_one_line(run->err), "not exactly one line on standard error: %s",
                     run->err) &&
           tap_check(strncmp(run->err, prefix, strlen(prefix)) == 0, "does not begin with %s: %s",
                     prefix, run->err) &&
           tap_check(run->out[0] == '\0', "something on standard output: %s", run->out);
}

static void says_ready_and_nothing_else(const void *unused)
{
    (void)unused;
    char expected[TEXT_SIZE];
    char late[TEXT_SIZE];
    char errors[TEXT_SIZE];
    if (!server_start(no_options))
        return;
    snprintf(expected, sizeof expected, "ready 127.0.0.1:%u\n", server_port());
    tap_check(strcmp(server_ready_line(), expected) == 0 && server_port() != 0,
              "ready line is \"%s\"", server_ready_line());
    bystander_is_served();
    server_errors(errors, sizeof errors);
    tap_check(errors[0] == '\0', "standard error is not empty: %s", errors);
    server_late_output(late, sizeof late);
    tap_check(late[0] == '\0', "more on standard output: %s", late);
    server_stop(NULL);
}

static void listens_on_the_loopback_only(const void *unused)
{
    (void)unused;
    if (!server_start(no_options))
        return;
    /* All of 127/8 is this machine: a server bound to any address would answer on 127.0.0.2. */
    struct sockaddr_in other = {.sin_family = AF_INET, .sin_port = htons((uint16_t)server_port())};
    inet_pton(AF_INET, "127.0.0.2", &other.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result = connect(fd, (struct sockaddr *)&other, sizeof other);
    tap_check(result != 0 && errno == ECONNREFUSED, "listens on other addresses too");
    close(fd);
    server_stop(NULL);
}

/* The listening socket's own word: TCP_INFO of a listener counts its queue. */
static unsigned backlog_of(pid_t pid)
{
    unsigned backlog = 0;
    int process = pidfd_open(pid, 0);
    for (int i = 0; i < 64 && process >= 0; i++) {
        struct tcp_info info = {0};
        socklen_t size = sizeof info;
        int fd = pidfd_getfd(process, i, 0);
        if (fd < 0)
            continue;
        if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
            info.tcpi_state == TCP_LISTEN)
            backlog = info.tcpi_sacked;
        close(fd);
    }
    close(process);
    return backlog;
}

static unsigned kernels_largest_backlog(void)
{
    unsigned largest = 0;
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%u", &largest) != 1)
        largest = 0;
    fclose(file);
    return largest;
}

static void check_backlog(const char *const options[], unsigned expected)
{
    unsigned largest = kernels_largest_backlog();
    if (expected > largest)
        expected = largest;
    if (!server_start(options))
        return;
    unsigned backlog = backlog_of(server_pid());
    if (backlog == 0)
        tap_skip("the kernel does not let this process look at the server's sockets");
    else
        tap_check(backlog == expected, "backlog is %u, not %u", backlog, expected);
    server_stop(NULL);
}

static void backlog_is_4096(const void *unused)
{
    (void)unused;
    check_backlog(no_options, DEFAULT_BACKLOG);
}

static void backlog_is_as_asked(const void *unused)
{
    (void)unused;
    check_backlog((const char *const[]){"--backlog", "7", NULL}, 7);
}

/* A listener of our own on a port that the kernel chose. `shared`: it would let others join it. */
static int take_port(unsigned *port, bool shared)
{
    const int share = shared;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &share, sizeof share) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0)
        tap_bail_out("cannot listen on the loopback");
    getsockname(fd, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return fd;
}

static void port_and_host_are_as_asked(const void *unused)
{
    (void)unused;
    unsigned port;
    char number[16];
    char expected[TEXT_SIZE];
    close(take_port(&port, false));
    snprintf(number, sizeof number, "%u", port);
    snprintf(expected, sizeof expected, "ready 127.0.0.3:%u\n", port);
    if (!server_start((const char *const[]){"--host", "127.0.0.3", "--port", number, NULL}))
        return;
    tap_check(strcmp(server_ready_line(), expected) == 0, "ready line is \"%s\"",
              server_ready_line());
    server_stop(NULL);
}

static void port_in_use(const void *argument)
{
    const bool *shared = argument;
    static struct server_run run;
    unsigned port;
    char number[16];
    char expected[TEXT_SIZE];
    int taken = take_port(&port, *shared);
    snprintf(number, sizeof number, "%u", port);
    snprintf(expected, sizeof expected,
             "%s: cannot listen on 127.0.0.1:%u: Address already in use\n", model()->name, port);
    if (check_complaint(&run, (const char *const[]){"--port", number, NULL}, CANNOT))
        tap_check(strcmp(run.err, expected) == 0, "says: %s", run.err);
    close(taken);
}

/* A server that is started again at once gets its port although old connections linger there. */
static void port_can_be_taken_again(const void *unused)
{
    (void)unused;
    char number[16];
    if (!server_start(no_options))
        return;
    snprintf(number, sizeof number, "%u", server_port());
    struct client *client = client_open();
    if (client == NULL || !client_print(client, "GET / HTTP/1.0\r\n\r\n"))
        return;
    reply_expect(client, "200");
    reply_expect_end(client);
    server_stop(NULL);
    if (server_start((const char *const[]){"--port", number, NULL}))
        server_stop(NULL);
}

static unsigned first_free_for_all_port(void)
{
    unsigned first = 1024;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "re");
    if (file == NULL)
        return first;
    if (fscanf(file, "%u", &first) != 1)
        first = 0;
    fclose(file);
    return first;
}

static void no_privilege(const void *unused)
{
    (void)unused;
    static struct server_run run;
    if (first_free_for_all_port() <= 80) {
        tap_skip("this kernel lets anybody listen on port 80");
        return;
    }
    if (geteuid() == 0)
        server_next_unprivileged();
    if (check_complaint(&run, (const char *const[]){"--port", "80", NULL}, CANNOT))
        tap_check(strstr(run.err, ": cannot listen on 127.0.0.1:80: Permission denied\n") != NULL,
                  "says: %s", run.err);
}

static void foreign_address(const void *unused)
{
    (void)unused;
    static struct server_run run;
    /* 192.0.2.0/24 is for documentation: no machine has it. */
    if (check_complaint(&run, (const char *const[]){"--host", "192.0.2.1", NULL}, CANNOT))
        tap_check(strstr(run.err, ": cannot listen on 192.0.2.1:") != NULL, "says: %s", run.err);
}

static const struct wrong {
    const char *name;
    const char *options[4];
} wrong[] = {
    {"an unknown option", {"--no-such-option"}},
    {"an unknown short option", {"-Z"}},
    {"an argument", {"argument"}},
    {"an option without its value", {"--port"}},
    {"a port that is no number", {"--port", "http"}},
    {"a port with something behind it", {"--port", "80x"}},
    {"a port beyond 65535", {"--port", "65536"}},
    {"a negative port", {"--port", "-1"}},
    {"an empty port", {"--port", ""}},
    {"a port beyond any integer", {"--port", "99999999999999999999"}},
    {"an unknown protocol", {"--protocol", "gopher"}},
    {"an empty protocol", {"--protocol", ""}},
    {"a backlog that is no number", {"--backlog", "many"}},
    {"a negative backlog", {"--backlog", "-5"}},
    {"an idle timeout that is no number", {"--idle-timeout", "soon"}},
    {"a negative idle timeout", {"--idle-timeout", "-1"}},
    {"an idle timeout that is not a number", {"--idle-timeout", "nan"}},
    {"a header timeout that is no number", {"--header-timeout", "1s"}},
    {"a negative header timeout", {"--header-timeout", "-0.5"}},
    {"a drain timeout that is no number", {"--drain-timeout", ""}},
    {"a negative drain timeout", {"--drain-timeout", "-2"}},
    {"a head limit that is no number", {"--max-header", "8KiB"}},
    {"a negative head limit", {"--max-header", "-1"}},
    {"a body size that is no number", {"--body-size", "big"}},
    {"a negative body size", {"--body-size", "-1"}},
};

static void is_a_usage_error(const void *argument)
{
    static struct server_run run;
    const struct wrong *row = argument;
    check_complaint(&run, row->options, USAGE);
}

/* Whether a word that is no address is a wrong value or one that cannot be had is left open. */
static void host_is_no_address(const void *unused)
{
    (void)unused;
    static struct server_run run;
    const char *const options[] = {"--host", "not an address", NULL};
    if (!tap_check(server_run(&run, options), "does not end"))
        return;
    int status = WIFEXITED(run.status) ? WEXITSTATUS(run.status) : -1;
    tap_check(status == CANNOT || status == USAGE, "ends with %d", status);
    tap_check(is_one_line(run.err), "not exactly one line: %s", run.err);
}

static bool is_string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return tap_check(value != NULL && value[0] != '\0', "%s is no string with something in it",
                     key);
}

/* A knob as it stands on the command line. */
static const char *knob_option(const json_t *knob, char *option, size_t size)
{
    snprintf(option, size, "--%s", json_string_value(json_object_get(knob, "name")));
    return option;
}

static void describes_itself(const void *unused)
{
    (void)unused;
    static struct server_run run;
    json_error_t error;
    if (!check_exit(&run, (const char *const[]){"--describe", NULL}, 0))
        return;
    tap_check(run.err[0] == '\0', "standard error is not empty: %s", run.err);
    json_t *description = json_loads(run.out, JSON_REJECT_DUPLICATES, &error);
    if (!tap_check(json_is_object(description), "no JSON object: %s", error.text))
        return;
    is_string(description, "name");
    is_string(description, "title");
    is_string(description, "family");
    tap_check(json_is_integer(json_object_get(description, "clients_at_once")),
              "no clients_at_once");
    tap_check(json_is_integer(json_object_get(description, "max_descriptors")),
              "no max_descriptors");
    const json_t *knobs = json_object_get(description, "knobs");
    tap_check(json_is_array(knobs), "no list of knobs");
    for (size_t i = 0; i < json_array_size(knobs); i++) {
        const json_t *knob = json_array_get(knobs, i);
        tap_check(is_string(knob, "name") && is_string(knob, "default") &&
                      is_string(knob, "values") && is_string(knob, "help") &&
                      json_is_array(json_object_get(knob, "sweep")),
                  "knob %zu is not described", i);
    }
    json_decref(description);
}

static void check_value_serves(const char *option, const char *value)
{
    const char *const options[] = {option, value, NULL};
    tap_note("%s %s", option, value);
    if (!server_start(options))
        return;
    bystander_is_served();
    /* Not stopped: the value may be a fault on purpose, such as leaving zombies. */
    server_end();
}

static void check_each_choice(const char *option, const char *values)
{
    char copy[TEXT_SIZE];
    char *rest = copy;
    snprintf(copy, sizeof copy, "%s", values);
    for (char *value; (value = strsep(&rest, "|")) != NULL;)
        check_value_serves(option, value);
}

/* The values that the benchmark is told to try: other than the default, and no faults. */
static void check_sweep(const char *option, const json_t *knob)
{
    char errors[TEXT_SIZE];
    const json_t *sweep = json_object_get(knob, "sweep");
    const char *by_default = json_string_value(json_object_get(knob, "default"));
    for (size_t i = 0; i < json_array_size(sweep); i++) {
        const char *value = json_string_value(json_array_get(sweep, i));
        tap_check(value != NULL && strcmp(value, by_default) != 0, "%s: value %zu", option, i);
        if (value == NULL || !server_start((const char *const[]){option, value, NULL}))
            continue;
        bystander_is_served();
        server_errors(errors, sizeof errors);
        tap_check(errors[0] == '\0', "%s %s: %s", option, value, errors);
        server_end();
    }
}

static void knobs_work(const void *unused)
{
    (void)unused;
    static struct server_run run;
    char option[TEXT_SIZE];
    const json_t *knobs = json_object_get(model()->description, "knobs");
    for (size_t i = 0; i < json_array_size(knobs); i++) {
        const json_t *knob = json_array_get(knobs, i);
        const char *values = json_string_value(json_object_get(knob, "values"));
        const char *by_default = json_string_value(json_object_get(knob, "default"));
        knob_option(knob, option, sizeof option);
        check_complaint(&run, (const char *const[]){option, "bogus", NULL}, USAGE);
        if (strchr(values, '|') != NULL)
            check_each_choice(option, values);
        else
            check_value_serves(option, by_default);
        check_sweep(option, knob);
    }
}

static void help(const void *unused)
{
    (void)unused;
    static struct server_run run;
    static const char *const promised[] = {
        "--host",           "--port",          "--protocol",   "--backlog", "--idle-timeout",
        "--header-timeout", "--drain-timeout", "--max-header", "--trace",   "--describe",
        "--help",           "--version",       "--body-size",
    };
    char option[TEXT_SIZE];
    if (!check_exit(&run, (const char *const[]){"--help", NULL}, 0))
        return;
    for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++)
        tap_check(strstr(run.out, promised[i]) != NULL, "--help lacks %s", promised[i]);
    const json_t *knobs = json_object_get(model()->description, "knobs");
    for (size_t i = 0; i < json_array_size(knobs); i++) {
        knob_option(json_array_get(knobs, i), option, sizeof option);
        tap_check(strstr(run.out, option) != NULL, "--help lacks %s", option);
    }
}

static void version(const void *unused)
{
    (void)unused;
    static struct server_run run;
    if (!check_exit(&run, (const char *const[]){"--version", NULL}, 0))
        return;
    tap_check(is_one_line(run.out), "not one line: %s", run.out);
    tap_check(strpbrk(run.out, "0123456789") != NULL, "no version: %s", run.out);
}

static bool trace_shows_the_end(void *unused)
{
    (void)unused;
    char errors[SERVER_OUTPUT_SIZE];
    server_errors(errors, sizeof errors);
    return strstr(errors, "closed") != NULL;
}

static void traces(const void *unused)
{
    (void)unused;
    static const char *const states[] = {"head", "body", "answering", "idle", "closed"};
    char errors[SERVER_OUTPUT_SIZE];
    if (!server_start((const char *const[]){"--trace", NULL}))
        return;
    struct client *client = client_open();
    if (client == NULL)
        return;
    /* In pieces, so that each state lasts. */
    if (!client_print(client, "PUT / HTTP/1.1\r\nHost: x\r\n") || !client_is_read(client) ||
        !client_print(client, "Content-Length: 2\r\n\r\na") || !client_is_read(client) ||
        !client_print(client, "b") || !reply_expect(client, "405"))
        return;
    client_close(client, false);
    patience_until(trace_shows_the_end, NULL);
    server_errors(errors, sizeof errors);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        tap_check(strstr(errors, states[i]) != NULL, "%s is not in the trace: %s", states[i],
                  errors);
    server_stop(NULL);
}

static void refusals(void)
{
    static const bool alone = false, shared = true;
    char name[TEXT_SIZE];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(name, sizeof name, "%s is a usage error, told in one line", wrong[i].name);
        suite_case(name, is_a_usage_error, &wrong[i]);
    }
    suite_case("a host that is no address is refused in one line", host_is_no_address, NULL);
    suite_case("a port in use is told in one line", port_in_use, &alone);
    suite_case("a port that its user would share is in use all the same", port_in_use, &shared);
    suite_case("a lack of privilege is told in one line", no_privilege, NULL);
    suite_case("an address of another machine is told in one line", foreign_address, NULL);
}

void suite_cli(void)
{
    suite_case("the ready line is all that it says without being asked",
               says_ready_and_nothing_else, NULL);
    suite_case("by default it listens on 127.0.0.1 and nowhere else", listens_on_the_loopback_only,
               NULL);
    suite_case("by default its backlog is 4096", backlog_is_4096, NULL);
    suite_case("--backlog is passed to the kernel", backlog_is_as_asked, NULL);
    suite_case("--host and --port are what the ready line says", port_and_host_are_as_asked, NULL);
    suite_case("a port is free again as soon as its server has ended", port_can_be_taken_again,
               NULL);
    suite_case("--describe prints one JSON object with all its fields", describes_itself, NULL);
    suite_case("--help names every option and knob", help, NULL);
    suite_case("--version prints one line", version, NULL);
    suite_case("--trace shows the states of a conversation", traces, NULL);
    suite_case("each knob takes each of its values and nothing else", knobs_work, NULL);
    refusals();
}
