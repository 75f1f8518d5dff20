/* SPDX-License-Identifier: MIT */
/*
 * The generator, whole. Against our servers its counts must be theirs. Against one whose delays
 * are known, response times must be what those delays make of the arrivals.
 *
 * Each bound holds on a machine that is busy with other things: a delay is never shorter than it
 * was set, so lower bounds are exact; upper ones leave room, and are far from what a generator that
 * counts from the sending of a request (and not from when it was due) would find.
 */
#include "tests/load/drive.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { MS = 1000000 }; /* ns */

static const char *generator, *faulty, *servers; /* executables, and the folder of our servers */
static char **every_model;                       /* their names; NULL behind the last */

/* ---- Starting ---- */

static void start_faulty(struct drive_server *server, const char *how, const char *number,
                         const char *another)
{
    const char *words[] = {faulty, how, number, another, NULL};
    drive_start(server, words);
}

static void start_model(struct drive_server *server, const char *model, const char *protocol)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", servers, model);
    const char *words[] = {path, "--protocol", protocol, NULL};
    drive_start(server, words);
}

/* One run against a faulty server. */
static json_t *load_faulty(const char *how, const char *number, const char *another,
                           const char *options, int *status)
{
    struct drive_server server;
    start_faulty(&server, how, number, another);
    json_t *object = drive_load(generator, server.target, options, 0, status);
    drive_stop(&server);
    return object;
}

static void assert_between(const json_t *object, const char *path, int64_t least, int64_t most)
{
    int64_t number = drive_number(object, path);
    if (number < least || number > most)
        fail_msg("%s is %jd, not from %jd to %jd", path, (intmax_t)number, (intmax_t)least,
                 (intmax_t)most);
}

static bool has_reason(const json_t *object, const char *part)
{
    size_t index;
    const json_t *reason;
    json_array_foreach(json_object_get(object, "reasons"), index, reason)
    {
        if (strstr(json_string_value(reason), part))
            return true;
    }
    return false;
}

/* Every answer is some connection's, and the shares are in order. */
static void assert_shares_add_up(const json_t *object)
{
    size_t index;
    const json_t *share;
    json_int_t connections = 0, answers = 0, last = -1;
    json_array_foreach(json_object_get(json_object_get(object, "per_connection"), "shares"), index,
                       share)
    {
        json_int_t each = json_integer_value(json_array_get(share, 0));
        json_int_t so_many = json_integer_value(json_array_get(share, 1));
        assert_true(each > last && so_many > 0);
        last = each;
        connections += so_many;
        answers += each * so_many;
    }
    assert_between(object, "per_connection.connections", connections, connections);
    assert_between(object, "requests", answers, answers);
    assert_between(object, "per_connection.served_max", last, last);
}

/* ---- Agreement with our servers ---- */

/* Everything that the server answered is a right answer of the window, or came behind its end: at
 * most what was under way then, and once more what was sent for it. Without warm-up nothing comes
 * before. The verdict is asked for in closed loop only: a machine that has other things to do makes
 * an open loop late, and the generator says so. */
static void assert_counts_agree(const char *model, const char *protocol, const char *options,
                                int64_t under_way)
{
    struct drive_server server;
    int status;
    start_model(&server, model, protocol);
    json_t *object = drive_load(generator, server.target, options, 0, &status);
    int64_t answered = drive_stop(&server);
    if (status != 0 && !strstr(options, "--rate"))
        fail_msg("%s %s %s: %s", model, protocol, options,
                 json_dumps(json_object_get(object, "reasons"), 0));
    assert_between(object, "requests", 100, INT64_MAX);
    if (under_way >= 0)
        assert_between(object, "answered", answered - 2 * under_way, answered);
    assert_between(object, "errors.body", 0, 0);
    assert_shares_add_up(object);
    json_decref(object);
}

static void counts_agree_with_the_server(void **state)
{
    (void)state;
    static const char *const models[] = {"epoll-lt", "poll", "thread"};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        assert_counts_agree(models[i], "http", "-c 8 --warm-up 0 --time 0.3", 8);
        assert_counts_agree(models[i], "http", "-c 4 --warm-up 0 --time 0.3 --churn", 4);
        assert_counts_agree(models[i], "http", "-c 4 --pipeline 16 --warm-up 0 --time 0.3", 64);
        assert_counts_agree(models[i], "echo", "--protocol echo -c 8 --warm-up 0 --time 0.3", 8);
        assert_counts_agree(models[i], "http",
                            "-c 16 --rate 2000 --warm-up 0 --time 0.5 --timeout 5", 16);
    }
}

/* One client, since some serve no more at a time. */
static void every_model_answers_in_both_protocols(void **state)
{
    (void)state;
    for (char **model = every_model; *model; model++) {
        assert_counts_agree(*model, "http", "-c 1 --warm-up 0 --time 0.3", 1);
        assert_counts_agree(*model, "echo", "--protocol echo -c 1 --warm-up 0 --time 0.3", 1);
    }
}

static void long_echoes_pipelines_and_threads_come_back_whole(void **state)
{
    (void)state;
    /* a long message is answered in pieces, each of which the server counts */
    assert_counts_agree("epoll-lt", "echo",
                        "--protocol echo --size 1048576 -c 4 --warm-up 0.1 --time 1", -1);
    assert_counts_agree("epoll-lt", "echo",
                        "--protocol echo --size 3000 --pipeline 7 -c 3 "
                        "--warm-up 0.1 --time 0.3",
                        -1);
    assert_counts_agree("epoll-lt", "http", "-c 10 -t 3 --warm-up 0 --time 0.3", 10);
}

static void open_loop_churn_opens_connections_as_they_are_needed(void **state)
{
    (void)state;
    assert_counts_agree("epoll-lt", "http", "-c 64 --churn --rate 500 --warm-up 0 --time 0.5", 64);
}

static void ipv6_and_names_are_reached(void **state)
{
    (void)state;
    struct drive_server server;
    char path[512], target[80];
    int status;
    snprintf(path, sizeof path, "%s/epoll-lt", servers);
    const char *words[] = {path, "--host", "::1", NULL};
    if (access("/proc/net/if_inet6", R_OK) != 0)
        skip();
    drive_start(&server, words);
    json_t *object =
        drive_load(generator, server.target, "-c 2 --warm-up 0.1 --time 0.1", 0, &status);
    assert_int_equal(status, 0);
    json_decref(object);
    drive_stop(&server);
    start_model(&server, "epoll-lt", "http");
    snprintf(target, sizeof target, "localhost%s", strrchr(server.target, ':'));
    object = drive_load(generator, target, "-c 2 --warm-up 0.1 --time 0.1", 0, &status);
    drive_stop(&server);
    json_decref(object);
    assert_int_equal(status, 0); /* whatever other addresses it has */
}

/* ---- Delays ---- */

static void a_constant_delay_is_found(void **state)
{
    (void)state;
    int status;
    json_t *object =
        load_faulty("delay", "2000", NULL, "-c 200 --rate 500 --warm-up 0.2 --time 1.5", &status);
    assert_between(object, "service.min_ns", 2 * MS, 20 * MS);
    assert_between(object, "response.p50_ns", 2 * MS, 20 * MS);
    assert_between(object, "offered", 600, 900);
    json_decref(object);
}

/* Whoever knocked in vain knocks again after a second, and is answered at once then: the second is
 * all in the opening, and the client has waited for it. */
static void opening_a_connection_is_part_of_the_latency_under_churn(void **state)
{
    (void)state;
    int status;
    json_t *object = load_faulty("shut", "300", NULL, "-c 4 --churn --warm-up 0 --time 2", &status);
    assert_between(object, "connect.max_ns", 900 * MS, 2000 * MS);
    assert_between(object, "response.max_ns", 900 * MS, 2000 * MS);
    json_decref(object);
}

/* With mean m the median is m ln 2 and the 90th percentile m ln 10. */
static void an_exponential_delay_is_found(void **state)
{
    (void)state;
    int status;
    /* as many connections as can be needed, so that nobody waits for one */
    json_t *object = load_faulty("exponential", "20000", NULL,
                                 "-c 400 --rate 1000 --warm-up 0.3 --time 2", &status);
    assert_between(object, "response.mean_ns", 17 * MS, 60 * MS);
    assert_between(object, "response.p50_ns", 12 * MS, 40 * MS);
    assert_between(object, "response.p90_ns", 40 * MS, 120 * MS);
    assert_between(object, "response.min_ns", 0, 1 * MS);
    json_decref(object);
}

/*
 * One connection that is served in 20 ms, and a request every 10: the i-th is due at 10 i and
 * answered at 20 (i + 1), so the first hundred wait 20 ms to 1 s. The others have no answer when
 * the window of 2 s ends and are recorded at their age, 1 s to 10 ms. The mean is half a second. A
 * generator that counts from sending finds 20 ms in the first half.
 */
static void response_counts_from_when_a_request_was_due(void **state)
{
    (void)state;
    int status;
    json_t *object = load_faulty(
        "delay", "20000", NULL, "-c 1 --rate 100 --arrivals uniform --warm-up 0 --time 2", &status);
    assert_between(object, "offered", 200, 200);
    assert_between(object, "response.count", 200, 200);
    assert_between(object, "response.mean_ns", 450 * MS, 800 * MS);
    assert_between(object, "service.mean_ns", 20 * MS, 40 * MS);
    assert_between(object, "longest_wait_ns", 900 * MS, 1600 * MS);
    assert_between(object, "errors.unfinished", 95, 170);
    assert_int_equal(status, 1);
    assert_true(has_reason(object, "offered"));
    json_decref(object);
}

/* The same with connections as they are needed: nobody waits for one. */
static void unbounded_connections_leave_nobody_waiting(void **state)
{
    (void)state;
    int status;
    json_t *object = load_faulty(
        "delay", "20000", NULL,
        "-c 1 --unbounded=100 --rate 100 --arrivals uniform --warm-up 0 --time 2", &status);
    assert_between(object, "response.p50_ns", 20 * MS, 60 * MS);
    assert_between(object, "per_connection.connections", 2, 100);
    json_decref(object);
}

/*
 * Nothing happens for 100 ms of each second. In open loop a tenth of the requests is due then, and
 * the 99th percentile is 90 ms. In closed loop one request in a second meets the stall: too few
 * for the 99th percentile to know.
 */
static void a_stall_shows_in_open_loop_and_hides_in_closed(void **state)
{
    (void)state;
    int status;
    json_t *open =
        load_faulty("stall", "100", "500",
                    "-c 300 --rate 5000 --arrivals uniform --warm-up 0.1 --time 3", &status);
    json_t *closed = load_faulty("stall", "100", "100", "-c 4 --warm-up 0.1 --time 4", &status);
    assert_between(open, "response.p99_ns", 80 * MS, 900 * MS);
    assert_between(closed, "response.p99_ns", 0, 40 * MS);
    assert_between(closed, "response.max_ns", 80 * MS, 1000 * MS);
    json_decref(open);
    json_decref(closed);
}

/* ---- Bad answers ---- */

/* `least` faults of the kind, and none of another; `most` is the same where one fault ends it. */
static void assert_fault(const char *how, const char *options, const char *kind)
{
    int status;
    json_t *object = load_faulty(how, "10", NULL, options, &status);
    const json_t *errors = json_object_get(object, "errors");
    const char *name;
    const json_t *count;
    assert_int_equal(status, 1);
    assert_true(has_reason(object, "errors"));
    json_object_foreach((json_t *)(uintptr_t)errors, name, count)
    {
        bool wanted = strcmp(name, kind) == 0;
        if (strcmp(name, "unfinished") != 0 && (json_integer_value(count) > 0) != wanted)
            fail_msg("%s: %jd of %s", how, (intmax_t)json_integer_value(count), name);
    }
    assert_between(object, "requests", 10, INT64_MAX);
    json_decref(object);
}

static void bad_answers_are_counted_under_their_kind(void **state)
{
    (void)state;
    assert_fault("status", "-c 4 --warm-up 0.1 --time 0.3", "status");
    assert_fault("short", "-c 4 --warm-up 0.1 --time 0.3", "body");
    assert_fault("body", "-c 4 --warm-up 0.1 --time 0.3", "body");
    assert_fault("trailing", "-c 4 --warm-up 0.1 --time 0.3", "body");
    assert_fault("close", "-c 4 --warm-up 0.1 --time 0.3", "closed");
    assert_fault("reset", "-c 4 --warm-up 0.1 --time 0.3", "read");
    assert_fault("hang", "-c 4 --time 0.6 --warm-up 0.1 --timeout 0.1", "timeout");
    assert_fault("status", "-c 8 --rate 500 --warm-up 0.1 --time 0.5", "status");
    assert_fault("hang", "-c 100 --rate 200 --warm-up 0.1 --time 1 --timeout 0.2", "timeout");
}

/* A request that is given up counts with its age: no hole in the histogram. */
static void timeouts_are_in_the_histogram_at_their_age(void **state)
{
    (void)state;
    int status;
    json_t *object = load_faulty("hang", "1", NULL,
                                 "-c 50 --rate 100 --warm-up 0.1 --time 1 --timeout 0.2", &status);
    int64_t timeouts = drive_number(object, "errors.timeout");
    assert_true(timeouts > 30);
    assert_between(object, "requests", 0, 0);
    assert_between(object, "response.count", timeouts + drive_number(object, "errors.unfinished"),
                   drive_number(object, "offered"));
    assert_between(object, "response.max_ns", 200 * MS, 1000 * MS);
    json_decref(object);
}

static void a_server_that_serves_one_client_only_is_not_to_be_used(void **state)
{
    (void)state;
    struct drive_server server;
    int status;
    start_model(&server, "iterative", "http");
    json_t *object =
        drive_load(generator, server.target, "-c 4 --warm-up 0.1 --time 0.3", 0, &status);
    drive_stop(&server);
    assert_int_equal(status, 1);
    assert_true(has_reason(object, "3 of 4 connections had no answer"));
    assert_between(object, "per_connection.served", 1, 1);
    assert_between(object, "per_connection.jain_ppm", 249999, 250001);
    assert_between(object, "per_connection.slowest.requests", 0, 0);
    assert_between(object, "per_connection.served_min", 0, 0);
    assert_shares_add_up(object);
    json_decref(object);
}

/* A thread whose clients all wait hears of nothing but the clock. */
static void threads_that_nobody_answers_end_with_the_window(void **state)
{
    (void)state;
    struct drive_server server;
    int status;
    start_model(&server, "iterative", "http");
    time_t begun = time(NULL);
    json_t *object = drive_load(generator, server.target,
                                "--connections 8 --threads 4 --time 0.2 --warm-up 0", 0, &status);
    assert_in_range(time(NULL) - begun, 0, 20);
    assert_int_equal(status, 1);
    assert_between(object, "per_connection.served", 1, 1);
    json_decref(object);
    drive_stop(&server);
}

static void nobody_there_is_a_connect_error(void **state)
{
    (void)state;
    int status;
    struct drive_server server;
    char target[sizeof server.target];
    start_faulty(&server, "delay", "1", NULL);
    snprintf(target, sizeof target, "%s", server.target);
    drive_stop(&server);
    json_t *object = drive_load(generator, target, "-c 4 --time 0.3 --warm-up 0", 0, &status);
    assert_int_equal(status, 1);
    assert_between(object, "requests", 0, 0);
    assert_between(object, "errors.connect", 4, 40); /* tried again now and then, no storm */
    json_decref(object);
    object =
        drive_load(generator, target, "-c 2 --churn --rate 200 --warm-up 0 --time 0.5", 0, &status);
    assert_between(object, "errors.connect", 50, 200); /* each arrival is one */
    json_decref(object);
}

/* ---- Beside the load ---- */

static void idle_and_hostile_clients_are_there_and_counted_apart(void **state)
{
    (void)state;
    struct drive_server server;
    int status;
    start_model(&server, "epoll-lt", "http");
    json_t *object =
        drive_load(generator, server.target,
                   "-c 4 --warm-up 0.1 --time 1 --idle 200 --hostile slow-header:2 --hostile "
                   "slow-reader --hostile fire-hose --hostile reset --hostile silent:3",
                   0, &status);
    drive_stop(&server);
    assert_int_equal(status, 0);
    assert_between(object, "beside.idle.opened", 200, 200);
    assert_between(object, "beside.idle.closed", 0, 0);
    assert_between(object, "beside.silent.opened", 3, 3);
    assert_between(object, "beside.slow-header.bytes_sent", 2, 60);
    assert_between(object, "beside.slow-header.bytes_read", 0, 0);
    assert_between(object, "beside.slow-reader.bytes_read", 16, 16 * 40);
    assert_between(object, "beside.slow-reader.bytes_sent", 10000, INT64_MAX);
    assert_between(object, "beside.fire-hose.bytes_read", 100000, INT64_MAX);
    assert_between(object, "beside.reset.resets", 3, 1000);
    json_decref(object);
}

static void those_beside_the_load_can_do_without_it(void **state)
{
    (void)state;
    struct drive_server server;
    int status;
    start_model(&server, "epoll-lt", "http");
    json_t *object =
        drive_load(generator, server.target,
                   "-c 0 --warm-up 0 --time 0.5 --idle 50 --hostile fire-hose:2", 0, &status);
    drive_stop(&server);
    assert_int_equal(status, 0);
    assert_between(object, "window_us", 500000, 500000);
    assert_between(object, "requests", 0, 0);
    assert_between(object, "per_connection.connections", 0, 0);
    assert_between(object, "beside.idle.opened", 50, 50);
    assert_between(object, "beside.fire-hose.opened", 2, 2);
    assert_between(object, "beside.fire-hose.bytes_read", 100000, INT64_MAX);
    json_decref(object);
}

static void bad_clients_that_nobody_lets_in_are_told(void **state)
{
    (void)state;
    struct drive_server server;
    int status;
    char target[sizeof server.target];
    start_faulty(&server, "delay", "1", NULL);
    snprintf(target, sizeof target, "%s", server.target);
    drive_stop(&server);
    json_t *object =
        drive_load(generator, target, "-c 0 --warm-up 0 --time 0.2 --hostile silent", 0, &status);
    assert_int_equal(status, 1);
    assert_int_equal(json_array_size(json_object_get(object, "reasons")), 1);
    assert_between(object, "beside.silent.opened", 0, 0);
    json_decref(object);
}

/* ---- Files ---- */

static FILE *open_text(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot open %s", path);
    return file;
}

/* How many answers a file of `latency_ns,count` lines has. */
static int64_t answers_in(const char *folder, const char *name)
{
    FILE *file = open_text(folder, name);
    int64_t latency_ns, last_ns = -1, count, sum = 0;
    assert_int_equal(fscanf(file, "latency_ns,count "), 0);
    while (fscanf(file, "%" SCNd64 ",%" SCNd64 " ", &latency_ns, &count) == 2) {
        assert_true(latency_ns > last_ns && count > 0);
        last_ns = latency_ns;
        sum += count;
    }
    assert_true(feof(file));
    fclose(file);
    return sum;
}

/* The number at the end of what was written for HdrHistogram's plotters. */
static int64_t total_of_percentiles(const char *folder, const char *name)
{
    FILE *file = open_text(folder, name);
    char line[256];
    int64_t total = -1;
    while (fgets(line, sizeof line, file)) {
        const char *found = strstr(line, "Total count    =");
        if (found)
            total = strtoll(strchr(found, '=') + 1, NULL, 10);
    }
    fclose(file);
    return total;
}

/* Writes STEM.csv and STEM.hgrm; returns how many answers there were. */
static int64_t load_into_files(const char *target, const char *folder, const char *stem)
{
    char options[256], name[32];
    int status;
    snprintf(options, sizeof options,
             "-c 4 --warm-up 0 --time 0.2 --histogram %s/%s.csv --hdr %s/%s.hgrm", folder, stem,
             folder, stem);
    json_t *object = drive_load(generator, target, options, 0, &status);
    int64_t count = drive_number(object, "response.count");
    json_decref(object);
    assert_int_equal(status, 0);
    snprintf(name, sizeof name, "%s.csv", stem);
    assert_int_equal(answers_in(folder, name), count);
    snprintf(name, sizeof name, "%s.hgrm", stem);
    assert_int_equal(total_of_percentiles(folder, name), count);
    return count;
}

static void merging_two_files_loses_no_answer(void **state)
{
    (void)state;
    char folder[] = "/tmp/generator-XXXXXX", command[1024];
    struct drive_server server;
    assert_non_null(mkdtemp(folder));
    start_model(&server, "epoll-lt", "http");
    int64_t count = load_into_files(server.target, folder, "one");
    count += load_into_files(server.target, folder, "other");
    drive_stop(&server);
    snprintf(command, sizeof command, "%s merge %s/one.csv %s/other.csv >%s/both.csv", generator,
             folder, folder, folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(answers_in(folder, "both.csv"), count);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* ---- Ends ---- */

static void the_window_ends_where_nobody_answers(void **state)
{
    (void)state;
    struct drive_server server;
    int status;
    start_model(&server, "iterative", "http");
    json_t *object =
        drive_load(generator, server.target, "-c 2 --idle 1 --warm-up 0.1 --time 0.2", 0, &status);
    drive_stop(&server);
    assert_int_equal(status, 1);
    assert_between(object, "requests", 0, 0);
    assert_between(object, "window_us", 200000, 200000);
    json_decref(object);
}

static void connections_that_wait_all_through_an_open_loop_are_counted(void **state)
{
    (void)state;
    struct drive_server server;
    int status;
    start_model(&server, "iterative", "http");
    json_t *object = drive_load(generator, server.target,
                                "-c 8 --rate 2000 --warm-up 0.2 --time 0.3", 0, &status);
    drive_stop(&server);
    assert_int_equal(status, 1);
    assert_between(object, "per_connection.starved", 7, 7);
    assert_true(has_reason(object, "7 connections waited"));
    json_decref(object);
}

static void an_interrupt_ends_the_window_and_prints(void **state)
{
    (void)state;
    struct drive_server server;
    int status;
    start_model(&server, "epoll-lt", "http");
    json_t *object =
        drive_load(generator, server.target, "-c 4 --time 600 --warm-up 0.1", SIGINT, &status);
    drive_stop(&server);
    assert_int_equal(status, 0);
    assert_between(object, "window_us", 1, 60 * 1000000);
    assert_between(object, "requests", 1, INT64_MAX);
    json_decref(object);
}

static void wrong_usage_is_64_and_one_may_not_write_is_1(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        int status;
    } rows[] = {
        {"--connections 0 127.0.0.1:1", 64},
        {"--connections 0 --idle 1 --rate 10 127.0.0.1:1", 64},
        {"--connections 0 --idle 1 --threads 2 127.0.0.1:1", 64},
        {"--connections 0 --idle 1 --histogram /dev/null 127.0.0.1:1", 64},
        {"--time x 127.0.0.1:1", 64},
        {"--churn --protocol echo 127.0.0.1:1", 64},
        {"--rate 10 --pipeline 2 127.0.0.1:1", 64},
        {"--hostile nobody 127.0.0.1:1", 64},
        {"--threads 2 --connections 1 127.0.0.1:1", 64},
        {"127.0.0.1", 64},
        {"::1:80", 64},
        {"", 64},
        {"merge", 64},
        {"merge /nonexistent", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char command[1024];
        snprintf(command, sizeof command, "%s %s 2>/dev/null", generator, rows[i].options);
        int status = system(command);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != rows[i].status)
            fail_msg("'%s': status %d", rows[i].options, status);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_agree_with_the_server),
        cmocka_unit_test(every_model_answers_in_both_protocols),
        cmocka_unit_test(long_echoes_pipelines_and_threads_come_back_whole),
        cmocka_unit_test(open_loop_churn_opens_connections_as_they_are_needed),
        cmocka_unit_test(ipv6_and_names_are_reached),
        cmocka_unit_test(a_constant_delay_is_found),
        cmocka_unit_test(opening_a_connection_is_part_of_the_latency_under_churn),
        cmocka_unit_test(an_exponential_delay_is_found),
        cmocka_unit_test(response_counts_from_when_a_request_was_due),
        cmocka_unit_test(unbounded_connections_leave_nobody_waiting),
        cmocka_unit_test(a_stall_shows_in_open_loop_and_hides_in_closed),
        cmocka_unit_test(bad_answers_are_counted_under_their_kind),
        cmocka_unit_test(timeouts_are_in_the_histogram_at_their_age),
        cmocka_unit_test(a_server_that_serves_one_client_only_is_not_to_be_used),
        cmocka_unit_test(threads_that_nobody_answers_end_with_the_window),
        cmocka_unit_test(nobody_there_is_a_connect_error),
        cmocka_unit_test(idle_and_hostile_clients_are_there_and_counted_apart),
        cmocka_unit_test(those_beside_the_load_can_do_without_it),
        cmocka_unit_test(bad_clients_that_nobody_lets_in_are_told),
        cmocka_unit_test(merging_two_files_loses_no_answer),
        cmocka_unit_test(the_window_ends_where_nobody_answers),
        cmocka_unit_test(connections_that_wait_all_through_an_open_loop_are_counted),
        cmocka_unit_test(an_interrupt_ends_the_window_and_prints),
        cmocka_unit_test(wrong_usage_is_64_and_one_may_not_write_is_1),
    };
    if (argc < 5) {
        fputs("usage: test-load-generator GENERATOR FAULTY SERVERS MODEL...\n", stderr);
        return 64;
    }
    generator = argv[1], faulty = argv[2], servers = argv[3], every_model = argv + 4;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
