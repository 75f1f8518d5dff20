/* SPDX-License-Identifier: MIT */
#include "bench/lab/subject.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/lab/experiment.h"

void *subject_memory(struct experiment *experiment, size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        experiment_fail(experiment, "cannot map %zu bytes: %s", size, strerror(errno));
    return memory;
}

/* The event loop's handlers would write to a pipe that the parent reads. */
static void forget_signals(void)
{
    sigset_t none;
    for (int number = 1; number <= SIGRTMAX; number++)
        signal(number, SIG_DFL); /* for some it cannot be had: KILL, STOP and the C library's own */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t subject_start(struct experiment *experiment, void (*act)(void *), void *memory)
{
    sigset_t all, old;
    pid_t parent = getpid();
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &old);
    (void)fflush(NULL);
    pid_t subject = fork();
    if (subject == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(EXIT_FAILURE);
        forget_signals();
        act(memory);
        _exit(EXIT_SUCCESS);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (subject < 0)
        experiment_fail(experiment, "cannot fork: %s", strerror(errno));
    return subject;
}

int subject_wait(pid_t subject, unsigned limit_ms, bool *hung)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, subject, 0), .events = POLLIN};
    int status = 0, ready;
    do
        ready = poll(&end, 1, (int)limit_ms);
    while (ready < 0 && errno == EINTR);
    if (hung)
        *hung = ready == 0;
    if (ready == 0)
        kill(subject, SIGKILL);
    waitpid(subject, &status, 0);
    close(end.fd);
    return status;
}

int subject_run(struct experiment *experiment, void (*act)(void *), void *memory, unsigned limit_ms,
                bool *hung)
{
    return subject_wait(subject_start(experiment, act, memory), limit_ms, hung);
}

/* "PID (NAME) STATE PARENT ...", and a name may hold anything. False: there is no such process. */
static bool look_up(const char *process, char *state, pid_t *parent)
{
    char *path = text_format("/proc/%s/stat", process), *stat = text_read(path);
    const char *behind = stat ? strrchr(stat, ')') : NULL;
    bool found = behind && sscanf(behind, ") %c %d", state, parent) == 2;
    free(stat);
    free(path);
    return found;
}

bool subject_sleeps(pid_t subject)
{
    char state = 0, *process = text_format("%d", (int)subject);
    pid_t parent;
    bool found = look_up(process, &state, &parent);
    free(process);
    return found && state == 'S';
}

unsigned subject_zombies(pid_t parent)
{
    DIR *folder = opendir("/proc");
    unsigned count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char state;
        pid_t whose;
        if (isdigit((unsigned char)*entry->d_name) && look_up(entry->d_name, &state, &whose))
            count += state == 'Z' && whose == parent;
    }
    if (folder)
        closedir(folder);
    return count;
}
