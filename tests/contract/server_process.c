/* SPDX-License-Identifier: MIT */
#include "tests/contract/server_process.h"

#include "tests/contract/patience.h"
#include "tests/contract/proc.h"
#include "tests/contract/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LIMITS_MAX = 4,
    LINE_SIZE = 256,
    /* Users that nobody has: RLIMIT_NPROC counts per user, and other tests run at the same time. */
    FREE_UID = 20000,
    FREE_UIDS = 40000,
    LEFT_BEHIND_MAX = 64,
};

struct limit {
    __rlimit_resource_t resource;
    rlim_t value;
};

static struct {
    const char *path;
    const char *const *always;
    int program; /* open for execution: another user may not be able to walk to it */
    struct limit limits[LIMITS_MAX];
    size_t limit_count;
    bool unprivileged;

    pid_t pid; /* 0: none runs */
    int out, err;
    unsigned port;
    char ready[LINE_SIZE];
    const char *const *options;
} server;

/* A test that is told to stop must not leave its server. */
static void end_on_signal(int signal)
{
    if (server.pid > 0)
        kill(-server.pid, SIGKILL);
    _exit(128 + signal);
}

void server_program(const char *path, const char *const always[])
{
    server.path = path;
    server.always = always;
    server.program = open(path, O_PATH | O_CLOEXEC);
    if (server.program < 0)
        tap_bail_out("the server cannot be opened");
    /* Orphans of the server come to us, so that none can be overlooked. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    struct sigaction action = {.sa_handler = end_on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

void server_next_limit(__rlimit_resource_t resource, rlim_t value)
{
    if (server.limit_count < LIMITS_MAX)
        server.limits[server.limit_count++] = (struct limit){resource, value};
}

bool server_next_unprivileged(void)
{
    server.unprivileged = geteuid() == 0;
    return server.unprivileged;
}

static void become_nobody(void)
{
    uid_t user = FREE_UID + (uid_t)getpid() % FREE_UIDS;
    if (setgroups(0, NULL) != 0 || setgid(user) != 0 || setuid(user) != 0)
        _exit(126);
}

static void set_limits(void)
{
    for (size_t i = 0; i < server.limit_count; i++) {
        struct rlimit limit;
        getrlimit(server.limits[i].resource, &limit);
        limit.rlim_cur = server.limits[i].value;
        if (limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        setrlimit(server.limits[i].resource, &limit);
    }
}

_Noreturn static void become_server(const char *const options[], int out, int err, pid_t parent)
{
    char *arguments[SERVER_OPTIONS_MAX + 2] = {(char *)server.path};
    size_t count = 1;
    for (size_t i = 0; server.always[i] != NULL && count <= SERVER_OPTIONS_MAX; i++)
        arguments[count++] = (char *)server.always[i];
    for (size_t i = 0; options[i] != NULL && count <= SERVER_OPTIONS_MAX; i++)
        arguments[count++] = (char *)options[i];
    setpgid(0, 0);
    set_limits();
    if (server.unprivileged)
        become_nobody();
    /* After the change of user, which would cancel it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    /* What we inherited ourselves must not count among the server's descriptors. */
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    fexecve(server.program, arguments, environ);
    dprintf(STDERR_FILENO, "cannot execute %s: %s\n", server.path, strerror(errno));
    _exit(127);
}

static bool launch(const char *const options[])
{
    int out[2];
    pid_t parent = getpid();
    server.err = memfd_create("stderr", MFD_CLOEXEC);
    if (server.err < 0 || pipe2(out, O_CLOEXEC) != 0)
        tap_bail_out("no descriptors for the server's output");
    fcntl(server.err, F_SETFL, O_APPEND);
    server.pid = fork();
    if (server.pid < 0)
        tap_bail_out("cannot fork");
    if (server.pid == 0)
        become_server(options, out[1], server.err, parent);
    setpgid(server.pid, server.pid);
    close(out[1]);
    server.out = out[0];
    server.options = options;
    server.limit_count = 0;
    server.unprivileged = false;
    return true;
}

/* Waits until the process has ended, without reaping it. */
static bool wait_for_end(long limit_ms)
{
    int handle = pidfd_open(server.pid, 0);
    if (handle < 0)
        return false;
    struct pollfd wait = {.fd = handle, .events = POLLIN};
    int ready = poll(&wait, 1, (int)limit_ms);
    close(handle);
    return ready == 1;
}

static void forget(void)
{
    close(server.out);
    close(server.err);
    server.pid = 0;
    server.options = NULL;
}

void server_errors(char *text, size_t size)
{
    ssize_t length = pread(server.err, text, size - 1, 0);
    text[length > 0 ? length : 0] = '\0';
}

void server_late_output(char *text, size_t size)
{
    fcntl(server.out, F_SETFL, O_NONBLOCK);
    ssize_t length = read(server.out, text, size - 1);
    text[length > 0 ? length : 0] = '\0';
}

/* The beginning of standard output, until it ends or is longer than `size`. */
static void read_output(char *text, size_t size)
{
    size_t used = 0;
    for (ssize_t length; used < size - 1; used += (size_t)length) {
        length = read(server.out, text + used, size - 1 - used);
        if (length <= 0)
            break;
    }
    text[used] = '\0';
}

bool server_run(struct server_run *run, const char *const options[])
{
    launch(options);
    bool ended = wait_for_end(patience_limit_ms());
    if (!ended)
        kill(-server.pid, SIGKILL);
    waitpid(server.pid, &run->status, 0);
    read_output(run->out, sizeof run->out);
    server_errors(run->err, sizeof run->err);
    forget();
    return ended;
}

/* One line from standard output, byte by byte so that what follows stays in the pipe. */
static bool read_line(char *line, size_t size)
{
    long end = patience_now_ms() + patience_limit_ms();
    size_t used = 0;
    while (used < size - 1) {
        struct pollfd wait = {.fd = server.out, .events = POLLIN};
        long left = end - patience_now_ms();
        if (left <= 0 || poll(&wait, 1, (int)left) != 1)
            return false;
        if (read(server.out, line + used, 1) != 1)
            return false;
        line[++used] = '\0';
        if (line[used - 1] == '\n')
            return true;
    }
    return false;
}

bool server_start(const char *const options[])
{
    char errors[LINE_SIZE];
    char host[LINE_SIZE];
    server_end();
    launch(options);
    server.ready[0] = '\0';
    bool ready = read_line(server.ready, sizeof server.ready) &&
                 sscanf(server.ready, "ready %99[0-9.]:%u", host, &server.port) == 2;
    server_errors(errors, sizeof errors);
    if (!tap_check(ready, "no ready line, but \"%s\"; standard error: %s", server.ready, errors))
        server_end();
    return ready;
}

bool server_ensure(const char *const options[])
{
    if (server.pid > 0 && server.options == options && server_alive())
        return true;
    return server_start(options);
}

pid_t server_pid(void)
{
    return server.pid;
}

unsigned server_port(void)
{
    return server.port;
}

const char *server_ready_line(void)
{
    return server.ready;
}

bool server_alive(void)
{
    return server.pid > 0 && !wait_for_end(0);
}

void server_signal(int signal)
{
    if (server.pid > 0)
        kill(server.pid, signal);
}

void server_signal_group(int signal)
{
    if (server.pid > 0)
        kill(-server.pid, signal);
}

void server_suspend(void)
{
    siginfo_t stop;
    server_signal_group(SIGSTOP);
    if (server.pid > 0)
        (void)waitid(P_PID, (id_t)server.pid, &stop, WSTOPPED | WEXITED | WNOWAIT);
}

/* The last line, and whether it is what the contract says, to the letter. */
static bool parse_last_line(const char *errors, struct server_counts *counts)
{
    size_t length = strlen(errors);
    if (length == 0 || errors[length - 1] != '\n')
        return false;
    const char *line = errors + length - 1;
    while (line > errors && line[-1] != '\n')
        line--;
    char again[LINE_SIZE];
    if (sscanf(line, "stopped: accepted=%lu answered=%lu refused=%lu cut-off=%lu failed=%lu",
               &counts->accepted, &counts->answered, &counts->refused, &counts->cut_off,
               &counts->failed) != 5)
        return false;
    snprintf(again, sizeof again,
             "stopped: accepted=%lu answered=%lu refused=%lu cut-off=%lu failed=%lu\n",
             counts->accepted, counts->answered, counts->refused, counts->cut_off, counts->failed);
    return strcmp(line, again) == 0;
}

/* Orphans have come to us as our own children. */
static size_t end_orphans(void)
{
    pid_t orphans[LEFT_BEHIND_MAX];
    size_t count = proc_children(getpid(), orphans, LEFT_BEHIND_MAX);
    for (size_t i = 0; i < count && i < LEFT_BEHIND_MAX; i++) {
        tap_note("left behind: process %d", (int)orphans[i]);
        kill(orphans[i], SIGKILL);
        waitpid(orphans[i], NULL, 0);
    }
    return count;
}

/* Not reaped: so its number stands for its process group until server_end(). */
bool server_crash(int signal)
{
    server_signal(signal);
    return tap_check(server.pid > 0 && wait_for_end(patience_limit_ms()),
                     "signal %d does not end the server", signal);
}

size_t server_orphans(void)
{
    pid_t children[LEFT_BEHIND_MAX];
    size_t count = proc_children(getpid(), children, LEFT_BEHIND_MAX), living = 0;
    for (size_t i = 0; i < count && i < LEFT_BEHIND_MAX; i++)
        living += children[i] != server.pid && waitpid(children[i], NULL, WNOHANG) == 0;
    return living;
}

static bool check_end(int status, const char *errors, struct server_counts *counts)
{
    size_t left = end_orphans();
    bool ok = tap_check(left == 0, "%zu processes left behind", left);
    ok &= tap_check(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                    "ended with %s %d; standard error: %s",
                    WIFEXITED(status) ? "exit status" : "signal",
                    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), errors);
    return tap_check(parse_last_line(errors, counts), "the last line is wrong: %s", errors) && ok;
}

bool server_wait(struct server_counts *counts)
{
    struct server_counts unused;
    char errors[SERVER_OUTPUT_SIZE];
    int status;
    if (!tap_check(server.pid > 0, "no server runs"))
        return false;
    if (!tap_check(wait_for_end(patience_limit_ms()), "the server does not end"))
        return false;
    waitpid(server.pid, &status, 0);
    server_errors(errors, sizeof errors);
    forget();
    return check_end(status, errors, counts != NULL ? counts : &unused);
}

bool server_stop(struct server_counts *counts)
{
    server_signal(SIGTERM);
    return server_wait(counts);
}

void server_end(void)
{
    if (server.pid > 0) {
        kill(-server.pid, SIGKILL);
        waitpid(server.pid, NULL, 0);
        forget();
    }
    while (end_orphans() > 0)
        continue;
}
