/* SPDX-License-Identifier: MIT */
/*
 * A kernel that has no io_uring, or forbids it, as many containers do: whoever needs it says so in
 * one line and ends with 1, and never says that it is ready. Usage: no-io-uring SERVER [OPTION...]
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_SIZE = 1024 };

/* From here on io_uring_setup fails with this error, for all that is executed, too. */
static bool forbid(int error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof *code, code};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void run(char **server, int error, int out)
{
    if (!forbid(error))
        _exit(77);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execv(server[0], server);
    _exit(127);
}

/* All that it says, and how it ends. */
static int outcome(char **server, int error, char said[SAID_SIZE])
{
    int pipes[2], status = -1;
    size_t used = 0;
    ssize_t got;
    pid_t pid;

    if (pipe(pipes) != 0 || (pid = fork()) < 0)
        return -1;
    if (pid == 0)
        run(server, error, pipes[1]);
    close(pipes[1]);
    said[0] = '\0';
    while ((got = read(pipes[0], said + used, SAID_SIZE - 1 - used)) > 0) {
        used += (size_t)got;
        said[used] = '\0';
        if (strstr(said, "ready"))
            kill(pid, SIGKILL);
    }
    close(pipes[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Who it is, what is missing, what the kernel said. */
static bool is_clear(const char *said, int error)
{
    size_t length = strcspn(said, "\n");

    return strncmp(said, "io-uring: ", 10) == 0 && strcmp(said + length, "\n") == 0 &&
           strstr(said, "Linux 6.1") && strstr(said, "kernel.io_uring_disabled") &&
           strstr(said, strerror(error));
}

int main(int argc, char **argv)
{
    static const int errors[] = {ENOSYS, EPERM, EINVAL};

    for (size_t i = 0; argc > 1 && i < sizeof errors / sizeof *errors; i++) {
        char said[SAID_SIZE];
        int status = outcome(argv + 1, errors[i], said);

        if (status == 77) {
            puts("skipped: this kernel takes no filters for system calls");
            return 77;
        }
        if (status != 1 || !is_clear(said, errors[i])) {
            printf("not ok: %s: it ended with %d and said: %s\n", strerror(errors[i]), status,
                   said);
            return EXIT_FAILURE;
        }
    }
    puts("ok");
    return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
