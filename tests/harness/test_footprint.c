/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/machine/cgroup.h"
#include "bench/machine/footprint.h"
#include "bench/base/loop.h"
#include "bench/machine/sockdiag.h"
#include "bench/base/text.h"

static void put(const char *folder, const char *name, const char *content)
{
    char *path = text_format("%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
    free(path);
}

static char *make_folder(void)
{
    char *folder = text_copy("/tmp/footprint-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

static void drop_folder(char *folder)
{
    static const char *const names[] = {"memory.stat", "memory.kmem.usage_in_bytes",
                                        "memory.kmem.tcp.usage_in_bytes"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = text_format("%s/%s", folder, names[i]);
        unlink(path);
        free(path);
    }
    assert_int_equal(rmdir(folder), 0);
    free(folder);
}

static void assert_kernel(const char *folder, int64_t bytes, const char *source)
{
    const char *found;
    assert_int_equal(footprint_kernel_of(folder, &found), bytes);
    assert_string_equal(found, source);
}

static void version_1_has_a_counter_of_its_own_for_tcp(void **state)
{
    (void)state;
    char *folder = make_folder();
    put(folder, "memory.kmem.usage_in_bytes", "409600\n");
    put(folder, "memory.stat", "cache 0\nrss 8192\n");
    assert_kernel(folder, 409600, "cgroup1");
    put(folder, "memory.kmem.tcp.usage_in_bytes", "8192\n");
    assert_kernel(folder, 417792, "cgroup1");
    drop_folder(folder);
}

static void version_2_tells_kernel_and_sockets_in_one_file(void **state)
{
    (void)state;
    char *folder = make_folder();
    put(folder, "memory.stat",
        "anon 1048576\nfile 4096\nkernel 300000\nkernel_stack 16384\npagetables "
        "90000\nsec_pagetables "
        "0\npercpu 720\nsock 4096\nslab 190000\n");
    assert_kernel(folder, 304096, "cgroup2");
    put(folder, "memory.stat",
        "anon 1048576\nkernel_stack 16384\npagetables 90000\npercpu 720\nsock 4096\nslab 190000\n");
    assert_kernel(folder, 16384 + 90000 + 720 + 190000 + 4096, "cgroup2");
    drop_folder(folder);
}

static void a_group_without_the_controller_tells_nothing(void **state)
{
    (void)state;
    const char *source;
    char *folder = make_folder();
    assert_int_equal(footprint_kernel_of(folder, &source), -1);
    drop_folder(folder);
}

/* Readings one after the other; the last one again and again. */
struct script {
    const struct footprint *readings;
    size_t count;
    size_t *at;
};

static struct footprint next_reading(const void *argument)
{
    const struct script *script = argument;
    size_t at = *script->at < script->count ? *script->at : script->count - 1;
    (*script->at)++;
    return script->readings[at];
}

static void memory_is_at_rest_when_two_readings_agree(void **state)
{
    (void)state;
    static const struct footprint readings[] = {
        {1000000, 500000, 1, 0, NULL}, {1400000, 500000, 1, 0, NULL},
        {1400000, 620000, 1, 0, NULL}, {1400000, 620000, 2, 0, NULL},
        {1404000, 618000, 2, 0, NULL}, {9999999, 999999, 2, 0, NULL}};
    size_t at = 0;
    struct script script = {readings, 6, &at};
    struct footprint settled;
    assert_true(footprint_settle(next_reading, &script, 10000, &settled));
    assert_int_equal(at, 5);
    assert_int_equal(settled.user_bytes, 1404000);
    assert_int_equal(settled.kernel_bytes, 618000);
}

/* A server that had no CPU for a while looks as if it were at rest. */
static void it_is_not_at_rest_before_all_connections_are_accepted(void **state)
{
    (void)state;
    static const struct footprint readings[] = {{1000000, 500000, 1, 7, NULL},
                                                {1000000, 500000, 1, 7, NULL},
                                                {1000000, 500000, 1, 0, NULL}};
    size_t at = 0;
    struct script script = {readings, 3, &at};
    struct footprint settled;
    assert_true(footprint_settle(next_reading, &script, 10000, &settled));
    assert_int_equal(at, 3);
}

static struct footprint ever_more(const void *argument)
{
    size_t *at = *(size_t *const *)argument;
    return (struct footprint){.user_bytes = 100000 * (int64_t)(*at)++, .processes = 1};
}

static void memory_that_grows_and_grows_is_not_waited_for(void **state)
{
    (void)state;
    size_t at = 0;
    size_t *counter = &at;
    struct footprint settled;
    assert_false(footprint_settle(ever_more, &counter, 50, &settled));
    assert_int_equal(settled.user_bytes, 100000 * (int64_t)(at - 1));
}

struct ends {
    int listener, client, server;
    uint16_t port;
};

static struct ends connect_ends(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct ends ends = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                        .client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(ends.listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(ends.listener, 1), 0);
    assert_int_equal(getsockname(ends.listener, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(connect(ends.client, (struct sockaddr *)&address, length), 0);
    ends.server = accept(ends.listener, NULL, NULL);
    assert_true(ends.server >= 0);
    ends.port = ntohs(address.sin_port);
    return ends;
}

static void a_connection_that_waits_for_accept_is_pending(void **state)
{
    (void)state;
    struct ends ends = connect_ends();
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(ends.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockdiag_memory seen;
    int second = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(second, (struct sockaddr *)&address, sizeof address), 0);
    assert_true(sockdiag_weigh(ends.port, &seen));
    assert_int_equal(seen.sockets, 2);
    assert_int_equal(seen.pending, 1);
    close(second);
    close(ends.server);
    close(ends.client);
    close(ends.listener);
}

static void sockets_weigh_what_waits_in_them(void **state)
{
    (void)state;
    struct ends ends = connect_ends();
    struct sockdiag_memory empty, full;
    static char bytes[20000];
    assert_true(sockdiag_weigh(ends.port, &empty));
    assert_int_equal(empty.sockets, 1);
    assert_int_equal(empty.pending, 0);
    assert_int_equal(send(ends.client, bytes, sizeof bytes, 0), sizeof bytes);
    char first;
    assert_int_equal(recv(ends.server, &first, 1, 0), 1);
    assert_true(sockdiag_weigh(ends.port, &full));
    assert_true(full.bytes > empty.bytes + 10000);
    close(ends.server);
    close(ends.client);
    close(ends.listener);
}

static void without_a_group_proc_tells_of_the_process(void **state)
{
    (void)state;
    struct ends ends = connect_ends();
    struct footprint_place place = {.meter = {.pid = getpid()}, .port = ends.port};
    struct footprint with = footprint_read(&place);
    place.port = 1;
    struct footprint without = footprint_read(&place);
    assert_string_equal(with.source, "proc");
    assert_int_equal(with.processes, 1);
    assert_true(with.user_bytes > 100000);
    assert_true(without.kernel_bytes >= 16384 + 4096);
    assert_true(with.kernel_bytes > without.kernel_bytes + 1000); /* a TCP socket */
    close(ends.server);
    close(ends.client);
    close(ends.listener);
}

static void enter(const char *group)
{
    char *path = text_format("%s/cgroup.procs", group);
    if (!text_write(path, "0"))
        _exit(1);
    free(path);
}

/* In a process of its own: enters, opens so many pairs of sockets, says so, and stays. */
static pid_t start_holder(const char *group, int pairs)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int ends[2];
        alarm(10); /* its end, should nobody else end it */
        enter(group);
        for (int i = 0; i < pairs; i++)
            if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
                _exit(1);
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static char *memory_group_or_skip(void)
{
    cgroup_init();
    char *group = cgroup_make_memory("server");
    if (!group) {
        cgroup_finish();
        print_message("no version 1 memory controller, or not ours to use\n");
        skip();
    }
    return group;
}

static void a_memory_group_counts_the_kernels_objects(void **state)
{
    (void)state;
    char *group = memory_group_or_skip();
    const char *source;
    assert_true(footprint_kernel_of(group, &source) >= 0);
    pid_t pid = start_holder(group, 400);
    int64_t bytes = footprint_kernel_of(group, &source);
    assert_true(bytes > 400 * 2 * 1000);
    assert_true(bytes < 400 * 2 * 10000);
    char *path = text_copy(group);
    cgroup_remove(group); /* and with it who is inside */
    cgroup_finish();
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_not_equal(access(path, F_OK), 0);
    free(path);
}

/* The harness is killed outright; the next one cleans up behind it. */
static void what_a_killed_harness_left_is_removed(void **state)
{
    (void)state;
    int left[2];
    char *own = memory_group_or_skip();
    cgroup_remove(own);
    cgroup_finish();
    assert_int_equal(pipe(left), 0);
    pid_t harness = fork();
    if (harness == 0) {
        char path[256] = "";
        cgroup_init();
        char *group = cgroup_make_memory("server");
        snprintf(path, sizeof path, "%s", group);
        start_holder(group, 1);
        if (write(left[1], path, sizeof path) > 0)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    char path[256];
    assert_int_equal(read(left[0], path, sizeof path), sizeof path);
    assert_int_equal(waitpid(harness, NULL, 0), harness);
    cgroup_init();
    assert_int_not_equal(access(path, F_OK), 0);
    cgroup_finish();
    close(left[0]);
    close(left[1]);
}

static void two_groups_are_parted_by_a_comma(void **state)
{
    (void)state;
    char *both = cgroup_join("/a", "/b"), *second = cgroup_join(NULL, "/b");
    assert_string_equal(both, "/a,/b");
    assert_string_equal(second, "/b");
    assert_null(cgroup_join(NULL, NULL));
    free(second);
    free(both);
}

int main(void)
{
    loop_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_has_a_counter_of_its_own_for_tcp),
        cmocka_unit_test(version_2_tells_kernel_and_sockets_in_one_file),
        cmocka_unit_test(a_group_without_the_controller_tells_nothing),
        cmocka_unit_test(memory_is_at_rest_when_two_readings_agree),
        cmocka_unit_test(it_is_not_at_rest_before_all_connections_are_accepted),
        cmocka_unit_test(memory_that_grows_and_grows_is_not_waited_for),
        cmocka_unit_test(a_connection_that_waits_for_accept_is_pending),
        cmocka_unit_test(sockets_weigh_what_waits_in_them),
        cmocka_unit_test(without_a_group_proc_tells_of_the_process),
        cmocka_unit_test(a_memory_group_counts_the_kernels_objects),
        cmocka_unit_test(what_a_killed_harness_left_is_removed),
        cmocka_unit_test(two_groups_are_parted_by_a_comma),
    };
    return cmocka_run_group_tests_name("footprint", tests, NULL, NULL);
}
