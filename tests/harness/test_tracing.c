/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/machine/cgroup.h"
#include "bench/base/loop.h"
#include "bench/base/text.h"
#include "bench/machine/tracing.h"

/* A process in the group that works each time it is told to, and says when it is done. */
struct worker {
    pid_t pid;
    int orders, answers;
};

static struct worker start_worker(const char *group, void (*work)(void))
{
    int orders[2], answers[2];
    char byte = 'x';
    assert_int_equal(pipe(orders), 0);
    assert_int_equal(pipe(answers), 0);
    struct worker worker = {fork(), orders[1], answers[0]};
    if (worker.pid == 0) {
        char *path = text_format("%s/cgroup.procs", group);
        close(orders[1]);
        close(answers[0]);
        if (!text_write(path, "0") || write(answers[1], &byte, 1) != 1)
            _exit(1);
        while (read(orders[0], &byte, 1) == 1) {
            work();
            if (write(answers[1], &byte, 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    close(orders[0]);
    close(answers[1]);
    assert_int_equal(read(worker.answers, &byte, 1), 1); /* it is in the group, and will read */
    return worker;
}

static void let_work(const struct worker *worker)
{
    char byte = 'x';
    assert_int_equal(write(worker->orders, &byte, 1), 1);
    assert_int_equal(read(worker->answers, &byte, 1), 1);
}

static int64_t count_of(const struct tracing *tracing, const char *name)
{
    json_t *names = tracing_names(tracing);
    int64_t count = json_integer_value(json_object_get(names, name));
    json_decref(names);
    return count;
}

struct bench {
    char *group;
    struct tracing *tracing;
    struct worker worker;
};

/* Skips the test where the kernel does not let us. */
static struct bench set_up(void (*work)(void))
{
    struct bench bench = {0};
    char *trouble = NULL;
    cgroup_init();
    bench.group = cgroup_make("server");
    bench.tracing = tracing_open(bench.group, &trouble);
    if (!bench.tracing) {
        print_message("%s\n", trouble);
        free(trouble);
        cgroup_remove(bench.group);
        cgroup_finish();
        skip();
    }
    bench.worker = start_worker(bench.group, work);
    return bench;
}

static void tear_down(struct bench *bench)
{
    tracing_close(bench->tracing);
    close(bench->worker.orders);
    close(bench->worker.answers);
    waitpid(bench->worker.pid, NULL, 0);
    cgroup_remove(bench->group);
    cgroup_finish();
}

enum { WRITES = 1000, YIELDS = 30, OTHERS = 7 };

static void call_a_few(void)
{
    int null = 2; /* standard error: nothing is written, the count is what matters */
    for (int i = 0; i < WRITES; i++)
        if (write(null, "", 0) < 0)
            _exit(1);
    for (int i = 0; i < YIELDS; i++)
        sched_yield();
    for (int i = 0; i < OTHERS; i++)
        syscall(SYS_getppid);
}

static void calls_are_counted_by_name(void **state)
{
    (void)state;
    struct bench bench = set_up(call_a_few);
    tracing_start(bench.tracing);
    let_work(&bench.worker);
    tracing_stop(bench.tracing);
    int64_t reads = count_of(bench.tracing, "read"); /* it waits for its next order, or will soon */
    assert_in_range(reads, 0, 2);
    assert_int_equal(count_of(bench.tracing, "write"), WRITES + 1);
    assert_int_equal(count_of(bench.tracing, "sched_yield"), YIELDS);
    assert_int_equal(count_of(bench.tracing, "other"), OTHERS);
    assert_int_equal(tracing_total(bench.tracing), WRITES + 1 + YIELDS + OTHERS + reads);
    tear_down(&bench);
}

static void what_is_called_while_it_is_stopped_does_not_count(void **state)
{
    (void)state;
    struct bench bench = set_up(call_a_few);
    let_work(&bench.worker);
    assert_int_equal(tracing_total(bench.tracing), 0);
    tracing_start(bench.tracing);
    let_work(&bench.worker);
    tracing_stop(bench.tracing);
    let_work(&bench.worker);
    assert_int_equal(count_of(bench.tracing, "write"), WRITES + 1);
    tear_down(&bench);
}

/* As a forking server does: children that come and go while it counts. */
static void fork_some(void)
{
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            call_a_few();
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
}

static void children_that_come_and_go_are_counted(void **state)
{
    (void)state;
    struct bench bench = set_up(fork_some);
    tracing_start(bench.tracing);
    let_work(&bench.worker);
    tracing_stop(bench.tracing);
    assert_int_equal(count_of(bench.tracing, "sched_yield"), 5 * YIELDS);
    assert_int_equal(count_of(bench.tracing, "wait4"), 5);
    assert_int_equal(count_of(bench.tracing, "exit_group"), 5);
    tear_down(&bench);
}

static void calls_of_others_do_not_count(void **state)
{
    (void)state;
    struct bench bench = set_up(call_a_few);
    tracing_start(bench.tracing);
    call_a_few();
    tracing_stop(bench.tracing);
    int64_t reads = count_of(bench.tracing, "read"); /* as above: the worker waits, or will soon */
    assert_in_range(reads, 0, 1);
    assert_int_equal(tracing_total(bench.tracing), reads);
    tear_down(&bench);
}

static void without_a_group_there_is_a_reason_and_no_count(void **state)
{
    (void)state;
    static const char *const groups[] = {NULL, "/nowhere"};
    for (size_t i = 0; i < 2; i++) {
        char *trouble = NULL;
        assert_null(tracing_open(groups[i], &trouble));
        assert_non_null(trouble);
        assert_non_null(strstr(trouble, "system calls cannot be counted"));
        free(trouble);
    }
}

int main(void)
{
    loop_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_counted_by_name),
        cmocka_unit_test(what_is_called_while_it_is_stopped_does_not_count),
        cmocka_unit_test(children_that_come_and_go_are_counted),
        cmocka_unit_test(calls_of_others_do_not_count),
        cmocka_unit_test(without_a_group_there_is_a_reason_and_no_count),
    };
    return cmocka_run_group_tests_name("tracing", tests, NULL, NULL);
}
