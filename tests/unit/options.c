/* SPDX-License-Identifier: MIT */
#include "lib/options.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARGUMENTS_MOST = 12, SAID = 8192 };

static long pace = 100, manner = 0;

static const struct knob knobs[] = {
    {.name = "pace", .help = "Steps", .value = &pace, .min = 0, .max = 1000, .sweep = "0|100|7"},
    {.name = "manner", .help = "How", .value = &manner, .choices = "kind|plain|!rude"},
    {0},
};

static const struct model model = {
    .name = "mule",
    .title = "one at a time",
    .family = "blocking",
    .clients_at_once = 1,
    .max_descriptors = 1024,
    .knobs = knobs,
};

/* What a command line came to. */
struct outcome {
    int status;
    char out[SAID], err[SAID];
};

/* ---- The program, in a process of its own ---- */

static void print_ms(const char *name, int64_t ms)
{
    if (ms == NEVER_MS)
        printf(" %s=never", name);
    else
        printf(" %s=%" PRId64, name, ms);
}

static _Noreturn void read_and_print(char **arguments)
{
    struct options options;
    int count = 0;

    program_invocation_short_name = arguments[0];
    while (arguments[count])
        count++;
    options_read(&options, &model, count, arguments);
    printf("host=%s port=%d protocol=%s backlog=%d", options.host, options.port,
           options.protocol->name, options.backlog);
    print_ms("idle", options.timeout_ms[TIMER_IDLE]);
    print_ms("header", options.timeout_ms[TIMER_HEADER]);
    print_ms("drain", options.timeout_ms[TIMER_DRAIN]);
    printf(" head=%zu body=%" PRIu64 " trace=%d pace=%ld manner=%ld", options.settings.max_head,
           options.settings.body_size, options.trace, pace, manner);
    exit(EXIT_SUCCESS);
}

static void read_back(int fd, char said[SAID])
{
    ssize_t len = pread(fd, said, SAID - 1, 0);

    assert(len >= 0);
    said[len] = '\0';
    close(fd);
}

static struct outcome outcome_of(const char *const *options)
{
    char *arguments[ARGUMENTS_MOST + 2] = {(char *)(uintptr_t)model.name};
    int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
    struct outcome outcome;
    int status = 0;
    pid_t child;

    for (int i = 0; i < ARGUMENTS_MOST && options[i]; i++)
        arguments[i + 1] = (char *)(uintptr_t)options[i];
    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        read_and_print(arguments);
    }
    assert(child > 0 && out >= 0 && err >= 0);
    child = waitpid(child, &status, 0);
    assert(child > 0 && WIFEXITED(status));
    outcome.status = WEXITSTATUS(status);
    read_back(out, outcome.out);
    read_back(err, outcome.err);
    return outcome;
}

/* ---- Good ones ---- */

static const char DEFAULTS[] = "host=127.0.0.1 port=0 protocol=http backlog=4096 idle=60000 "
                               "header=10000 drain=5000 head=8192 body=13 trace=0 pace=100 "
                               "manner=0";

static const struct good {
    const char *name;
    const char *arguments[ARGUMENTS_MOST];
    const char *became; /* found among what was read */
} goods[] = {
    {"the defaults", {NULL}, DEFAULTS},
    {"another address", {"--host", "::1"}, "host=::1 "},
    {"the greatest port", {"--port", "65535"}, " port=65535 "},
    {"a value behind an equals sign", {"--port=80"}, " port=80 "},
    {"echo", {"--protocol", "echo"}, " protocol=echo "},
    {"http by its name", {"--protocol=echo", "--protocol=http"}, " protocol=http "},
    {"the least backlog", {"--backlog", "1"}, " backlog=1 "},
    {"the greatest backlog", {"--backlog", "2147483647"}, " backlog=2147483647 "},
    {"a timeout in seconds", {"--idle-timeout", "7"}, " idle=7000 "},
    {"a part of a second", {"--header-timeout", "0.25"}, " header=250 "},
    {"less than a millisecond is not nothing", {"--drain-timeout", "0.0001"}, " drain=1 "},
    {"a day", {"--idle-timeout", "86400"}, " idle=86400000 "},
    {"no idle timeout", {"--idle-timeout", "0"}, " idle=never "},
    {"no header timeout", {"--header-timeout", "0"}, " header=never "},
    {"no time to drain", {"--drain-timeout", "0"}, " drain=0 "},
    {"the least head", {"--max-header", "64"}, " head=64 "},
    {"the greatest head", {"--max-header", "16381"}, " head=16381 "},
    {"no body", {"--body-size", "0"}, " body=0 "},
    {"a large body", {"--body-size", "1099511627776"}, " body=1099511627776 "},
    {"a trace", {"--trace"}, " trace=1 "},
    {"a knob's number", {"--pace", "1000"}, " pace=1000 "},
    {"a knob's choice", {"--manner", "plain"}, " manner=1"},
    {"the last of two holds", {"--pace=1", "--pace=2"}, " pace=2 "},
};

static void is_read(void **state)
{
    const struct good *good = *state;
    struct outcome outcome = outcome_of(good->arguments);

    assert_string_equal(outcome.err, "");
    assert_int_equal(outcome.status, EXIT_SUCCESS);
    assert_non_null(strstr(outcome.out, good->became));
}

static void a_fault_on_purpose_is_warned_of(void **state)
{
    static const char *const ARGUMENTS[] = {"--manner", "rude", NULL};
    struct outcome outcome = outcome_of(ARGUMENTS);

    (void)state;
    assert_int_equal(outcome.status, EXIT_SUCCESS);
    assert_non_null(strstr(outcome.out, " manner=2"));
    assert_memory_equal(outcome.err, "mule: ", 6);
    assert_non_null(strstr(outcome.err, "--manner rude"));
}

/* ---- Wrong ones: one line, that begins with the program's name and has this, and 64 ---- */

static const struct wrong {
    const char *name;
    const char *arguments[ARGUMENTS_MOST];
    const char *said;
} wrongs[] = {
    {"an option that is none", {"--port", "80", "--sport"}, "--sport"},
    {"an argument", {"80"}, "'80'"},
    {"an argument behind the options", {"--port", "0", "80"}, "'80'"},
    {"a value that is missing", {"--port"}, "--port"},
    {"a value that is not taken", {"--trace=1"}, "--trace"},
    {"a port of words", {"--port", "http"}, "'http'"},
    {"an empty port", {"--port", ""}, "--port"},
    {"a port that is too great", {"--port", "65536"}, "65535"},
    {"a negative port", {"--port", "-1"}, "'-1'"},
    {"a port and more", {"--port", "80x"}, "'80x'"},
    {"a port with a fraction", {"--port", "80.5"}, "'80.5'"},
    {"a hexadecimal port", {"--port", "0x50"}, "'0x50'"},
    {"no backlog", {"--backlog", "0"}, "'0'"},
    {"a backlog beyond an int", {"--backlog", "2147483648"}, "2147483647"},
    {"another protocol", {"--protocol", "gopher"}, "'gopher'"},
    {"a protocol in capitals", {"--protocol", "HTTP"}, "'HTTP'"},
    {"a negative timeout", {"--idle-timeout", "-1"}, "--idle-timeout"},
    {"a timeout of words", {"--header-timeout", "soon"}, "'soon'"},
    {"a timeout that is no number", {"--drain-timeout", "nan"}, "'nan'"},
    {"a timeout without end", {"--idle-timeout", "inf"}, "'inf'"},
    {"more than a day", {"--idle-timeout", "86401"}, "86400"},
    {"a head that holds no request", {"--max-header", "63"}, "'63'"},
    {"a head that no buffer holds", {"--max-header", "16382"}, "16381"},
    {"a negative body", {"--body-size", "-1"}, "'-1'"},
    {"a body beyond all bounds", {"--body-size", "1099511627777"}, "--body-size"},
    {"a knob out of its range", {"--pace", "1001"}, "--pace"},
    {"a knob of words", {"--pace", "fast"}, "'fast'"},
    {"a choice that is none", {"--manner", "cruel"}, "'cruel'"},
    {"a part of a choice", {"--manner", "kin"}, "'kin'"},
    {"a choice with its mark", {"--manner", "!rude"}, "'!rude'"},
    {"two choices", {"--manner", "kind|plain"}, "--manner"},
    {"no choice", {"--manner", ""}, "--manner"},
};

static void is_refused(void **state)
{
    const struct wrong *wrong = *state;
    struct outcome outcome = outcome_of(wrong->arguments);

    assert_string_equal(outcome.out, "");
    assert_int_equal(outcome.status, EX_USAGE);
    assert_memory_equal(outcome.err, "mule: ", 6);
    assert_ptr_equal(strchr(outcome.err, '\n'), strrchr(outcome.err, '\n'));
    if (!strstr(outcome.err, wrong->said))
        fail_msg("'%s' does not say '%s'", outcome.err, wrong->said);
}

/* ---- What is asked and exits ---- */

static void a_model_describes_itself(void **state)
{
    static const char *const ARGUMENTS[] = {"--describe", NULL};
    struct outcome outcome = outcome_of(ARGUMENTS);

    (void)state;
    assert_int_equal(outcome.status, EXIT_SUCCESS);
    assert_string_equal(
        outcome.out,
        "{\"name\":\"mule\",\"title\":\"one at a time\",\"family\":\"blocking\","
        "\"clients_at_once\":1,\"max_descriptors\":1024,\"knobs\":["
        "{\"name\":\"pace\",\"default\":\"100\",\"values\":\"0..1000\",\"help\":\"Steps\","
        "\"sweep\":[\"0\",\"7\"]},"
        "{\"name\":\"manner\",\"default\":\"kind\",\"values\":\"kind|plain|rude\","
        "\"help\":\"How\",\"sweep\":[\"plain\"]}]}\n");
}

static void help_names_every_option(void **state)
{
    static const char *const ARGUMENTS[] = {"--help", NULL};
    static const char *const OPTIONS[] = {
        "--host=",           "--port=",          "--protocol=",   "--backlog=", "--idle-timeout=",
        "--header-timeout=", "--drain-timeout=", "--max-header=", "--trace",    "--body-size=",
        "--describe",        "--help",           "--version",     "--pace=",    "--manner="};
    struct outcome outcome = outcome_of(ARGUMENTS);

    (void)state;
    assert_int_equal(outcome.status, EXIT_SUCCESS);
    assert_string_equal(outcome.err, "");
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++)
        if (!strstr(outcome.out, OPTIONS[i]))
            fail_msg("--help does not name %s", OPTIONS[i]);
}

static void the_version_is_the_projects(void **state)
{
    static const char *const ARGUMENTS[] = {"--version", NULL};
    struct outcome outcome = outcome_of(ARGUMENTS);

    (void)state;
    assert_int_equal(outcome.status, EXIT_SUCCESS);
    assert_non_null(strstr(outcome.out, C10KIT_VERSION));
}

static int run_table(const char *group, CMUnitTestFunction test, const void *rows, size_t size,
                     size_t count)
{
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    int failed;

    assert(tests);
    for (size_t i = 0; i < count; i++) {
        void *row = (char *)(uintptr_t)rows + i * size;

        memcpy(&tests[i].name, row, sizeof tests[i].name); /* the first member of each */
        tests[i].test_func = test;
        tests[i].initial_state = row;
    }
    failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    free(tests);
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_on_purpose_is_warned_of),
        cmocka_unit_test(a_model_describes_itself),
        cmocka_unit_test(help_names_every_option),
        cmocka_unit_test(the_version_is_the_projects),
    };
    int failed =
        run_table("options: good", is_read, goods, sizeof *goods, sizeof goods / sizeof *goods);

    failed += run_table("options: wrong", is_refused, wrongs, sizeof *wrongs,
                        sizeof wrongs / sizeof *wrongs);
    failed += cmocka_run_group_tests_name("options", tests, NULL, NULL);
    return failed > 0;
}
