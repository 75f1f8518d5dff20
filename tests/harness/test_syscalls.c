/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/judge/syscalls.h"
#include "bench/base/text.h"

enum { TRIALS = 4 };

static void put(const char *folder, const struct trial *trial, const char *content)
{
    char *stem = record_stem(trial);
    char *path = text_format("%s/raw/%s.syscalls.json", folder, stem);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
    free(path);
    free(stem);
}

static char *write_csv(const char *folder, struct trial *trials)
{
    static const char *const models[] = {"ant"};
    struct histogram none[TRIALS] = {{0}};
    struct record record = {.trials = trials, .histograms = none, .count = TRIALS};
    struct summary summary;
    char *text;
    size_t size;
    summary_build(&summary, trials, none, TRIALS, models, 1);
    FILE *csv = open_memstream(&text, &size);
    syscalls_write(folder, &record, &summary, csv);
    fclose(csv);
    summary_finish(&summary);
    return text;
}

static void a_call_is_the_mean_over_the_trials_the_most_frequent_first(void **state)
{
    (void)state;
    char *folder = text_copy("/tmp/syscalls-XXXXXX");
    assert_non_null(mkdtemp(folder));
    char *raw = text_format("%s/raw", folder);
    assert_int_equal(mkdir(raw, 0755), 0);
    struct trial trials[TRIALS];
    for (int i = 0; i < TRIALS; i++) {
        trial_init(&trials[i]);
        snprintf(trials[i].model, sizeof trials[i].model, "ant");
        snprintf(trials[i].workload, sizeof trials[i].workload, "syscalls");
        trials[i].number = i + 1;
        trials[i].attempt = 1;
        trials[i].level = 50;
    }
    put(folder, &trials[0],
        "{\"requests\": 100, \"total\": 230, \"names\": "
        "{\"epoll_wait\": 20, \"recvfrom\": 105, \"sendto\": 105}}");
    put(folder, &trials[1],
        "{\"requests\": 200, \"total\": 430, \"names\": "
        "{\"epoll_wait\": 20, \"recvfrom\": 200, \"sendto\": 200, \"other\": 10}}");
    put(folder, &trials[2], "{\"requests\": 10, \"total\": 90, \"names\": {\"write\": 90}}");
    trials[2].replaced = true;
    trial_fail(&trials[3], "server not ready");
    char *csv = write_csv(folder, trials);
    assert_string_equal(csv, "workload,level,model,name,per_request\n"
                             "syscalls,50,ant,recvfrom,1.025\n"
                             "syscalls,50,ant,sendto,1.025\n"
                             "syscalls,50,ant,epoll_wait,0.15\n"
                             "syscalls,50,ant,other,0.025\n");
    free(csv);
    char *command = text_format("rm -r '%s'", folder);
    assert_int_equal(system(command), 0);
    free(command);
    free(raw);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_the_mean_over_the_trials_the_most_frequent_first),
    };
    return cmocka_run_group_tests_name("syscalls", tests, NULL, NULL);
}
