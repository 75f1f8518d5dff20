/* SPDX-License-Identifier: MIT */
#include "tests/load/drive.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORDS = 48, TEXT = 64 << 10, SIGNAL_AFTER_MS = 300 /* each has an answer by then */ };
enum { MARKS = 40 }; /* the descriptor that the generator's marks go to: none of ours */

static void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

/* A test that fails leaves nothing running. */
static void end_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* All that comes until the other end is closed. */
static void read_all(int fd, char text[TEXT])
{
    size_t len = 0;
    ssize_t got;
    while ((got = read(fd, text + len, TEXT - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
}

static void read_line(int fd, char *text, size_t size)
{
    size_t len = 0;
    while (len + 1 < size && read(fd, text + len, 1) == 1)
        if (text[len++] == '\n')
            break;
    text[len] = '\0';
}

void drive_start(struct drive_server *server, const char *const *words)
{
    int input[2], output[2], errors[2];
    char line[sizeof server->target + 8];
    make_pipe(input), make_pipe(output), make_pipe(errors);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        end_with_parent();
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        dup2(errors[1], STDERR_FILENO);
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    close(input[0]), close(output[1]), close(errors[1]);
    server->input = input[1], server->output = output[0], server->errors = errors[0];
    read_line(server->output, line, sizeof line);
    if (sscanf(line, "ready %63s", server->target) != 1)
        fail_msg("%s: no ready line, but '%s'", words[0], line);
}

int64_t drive_stop(struct drive_server *server)
{
    static char text[TEXT];
    close(server->input);
    kill(server->pid, SIGTERM);
    read_all(server->errors, text);
    waitpid(server->pid, NULL, 0);
    close(server->output), close(server->errors);
    const char *found = strstr(text, "answered=");
    return found ? atoll(found + strlen("answered=")) : -1;
}

static void exec_load(const char *generator, const char *target, const char *options)
{
    char text[1024], *words[WORDS], *rest = NULL;
    size_t count = 0;
    snprintf(text, sizeof text, "%s --json - --marks %d %s %s", generator, MARKS, target, options);
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (count + 1 < WORDS)
            words[count++] = word;
    words[count] = NULL;
    execv(generator, words);
    _exit(127);
}

static void wait_for_window(int marks, pid_t pid, int number)
{
    char line[32];
    read_line(marks, line, sizeof line);
    assert_string_equal(line, "window\n");
    (void)poll(NULL, 0, SIGNAL_AFTER_MS);
    kill(pid, number);
}

json_t *drive_load(const char *generator, const char *target, const char *options,
                   int signal_after_window, int *status)
{
    static char text[TEXT], lines[TEXT];
    int output[2], marks[2];
    json_error_t error;
    make_pipe(output), make_pipe(marks);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        end_with_parent();
        dup2(output[1], STDOUT_FILENO);
        dup2(marks[1], MARKS);
        exec_load(generator, target, options);
    }
    close(output[1]), close(marks[1]);
    if (signal_after_window)
        wait_for_window(marks[0], pid, signal_after_window);
    read_all(output[0], text);
    read_all(marks[0], lines);
    waitpid(pid, status, 0);
    assert_string_equal(lines, signal_after_window ? "done\n" : "window\ndone\n");
    *status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
    close(output[0]), close(marks[0]);
    json_t *object = json_loads(text, 0, &error);
    if (!object)
        fail_msg("%s: no JSON, status %d: %s", options, *status, text);
    return object;
}

int64_t drive_number(const json_t *object, const char *path)
{
    char text[128], *rest = NULL;
    const json_t *at = object;
    snprintf(text, sizeof text, "%s", path);
    for (char *word = strtok_r(text, ".", &rest); word; word = strtok_r(NULL, ".", &rest))
        at = json_object_get(at, word);
    if (!json_is_number(at))
        fail_msg("%s is no number", path);
    return (int64_t)json_number_value(at);
}
