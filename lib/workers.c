/* SPDX-License-Identifier: MIT */
#include "lib/workers.h"
#include "lib/die.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static_assert((int)WORKERS_MOST <= (int)SERVER_LISTENERS, "each may have a listener of its own");

enum {
    REPLACE_MS = 500, /* a worker lives so long before another follows: no storm of crashes */
    AGAIN_MS = 10,    /* before a duty is tried again */
    LATE_MS = 200,    /* they cut off by themselves: so much later we are sure */
    KILLED_MS = 5000  /* the kernel ends whom SIGKILL hits, but not at once on a busy machine */
};

/* ---- How many, and where ---- */

static void own_cpus(cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    if (sched_getaffinity(0, sizeof *cpus, cpus) || CPU_COUNT(cpus) == 0)
        CPU_SET(0, cpus); /* more CPUs than a cpu_set_t has: nobody knows which are ours */
}

int workers_count(const struct model *model)
{
    cpu_set_t cpus;

    if (*model->workers > 0)
        return (int)*model->workers;
    own_cpus(&cpus);
    return CPU_COUNT(&cpus);
}

int workers_cpu(int index)
{
    cpu_set_t cpus;
    size_t cpu = 0;

    own_cpus(&cpus);
    for (int before = index % CPU_COUNT(&cpus);; cpu++)
        if (CPU_ISSET(cpu, &cpus) && before-- == 0)
            return (int)cpu;
}

void workers_pin(int index)
{
    cpu_set_t cpu;

    CPU_ZERO(&cpu);
    CPU_SET((size_t)workers_cpu(index), &cpu);
    (void)sched_setaffinity(0, sizeof cpu, &cpu); /* better so, but not worth an end */
}

/* ---- Signals ---- */

/* And SIGCHLD, for the parent of processes. */
sigset_t workers_block_signals(void)
{
    sigset_t mask, before;

    sigemptyset(&mask);
    sigaddset(&mask, SIGHUP);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGQUIT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &mask, &before);
    return before;
}

/* Waits for a signal too. fd: -1 for none; wait_ms: -1 for as long as it takes. Returns whether the
   descriptor can be read. */
static bool wait_for(int fd, int64_t wait_ms)
{
    const struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    sigset_t none;

    sigemptyset(&none);
    return ppoll(&readable, 1, wait_ms < 0 ? NULL : &wait, &none) > 0;
}

void workers_wait_for_stop(void)
{
    sigset_t before = workers_block_signals();

    while (!server_stopping())
        (void)wait_for(-1, -1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- Processes ---- */

static struct {
    pid_t parent;
    int count;
    void (*work)(int);
    struct {
        pid_t pid;        /* 0: none now */
        int64_t again_ms; /* when another may follow */
    } worker[WORKERS_MOST];
} processes;

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_child(int signal)
{
    (void)signal; /* it ends a wait: that is all */
}

static _Noreturn void be_worker(int index)
{
    sigset_t none;

    signal(SIGCHLD, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* the parent's end, however it comes, is ours */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (getppid() != processes.parent)
        raise(SIGTERM);
    processes.work(index);
    _exit(EXIT_SUCCESS);
}

/* Returns false where no process can be had. */
static bool start_process(int index)
{
    pid_t pid = fork();

    if (pid == 0)
        be_worker(index);
    processes.worker[index].pid = pid > 0 ? pid : 0;
    processes.worker[index].again_ms = clock_ms() + REPLACE_MS;
    return pid > 0;
}

static void tell(int signal)
{
    for (int i = 0; i < processes.count; i++)
        if (processes.worker[i].pid)
            (void)kill(processes.worker[i].pid, signal);
}

/* Unless it was told to end, its clients are lost, and whoever runs the server should know. */
static void report(int index, int status)
{
    if (WIFSIGNALED(status))
        warn("worker %d was ended by signal %d: another follows", index, WTERMSIG(status));
    else if (WEXITSTATUS(status) != EXIT_SUCCESS)
        warn("worker %d ended with exit status %d: another follows", index, WEXITSTATUS(status));
}

/* Returns whether there is a worker still. */
static bool reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (int i = 0; i < processes.count; i++)
            if (processes.worker[i].pid == pid) {
                processes.worker[i].pid = 0;
                if (!server_stopping())
                    report(i, status);
            }
    return pid == 0;
}

/* Returns how long to wait before somebody may be replaced, -1: nobody is missing. */
static int64_t replace(void)
{
    int64_t now_ms = clock_ms(), wait_ms = -1;

    for (int i = 0; i < processes.count; i++) {
        int64_t left_ms = processes.worker[i].again_ms - now_ms;

        if (processes.worker[i].pid || (left_ms <= 0 && start_process(i)))
            continue;
        left_ms = left_ms > 0 ? left_ms : REPLACE_MS;
        if (wait_ms < 0 || left_ms < wait_ms)
            wait_ms = left_ms;
    }
    return wait_ms;
}

static void end_processes(void)
{
    int64_t end_ms = clock_ms() + server_rules()->timeout_ms[TIMER_DRAIN] + LATE_MS;

    while (reap() && clock_ms() <= end_ms + KILLED_MS) {
        tell(clock_ms() > end_ms ? SIGKILL : SIGTERM); /* again and again, as threads are */
        (void)wait_for(-1, SERVER_NUDGE_MS);
    }
}

static void start_processes(int count, void (*work)(int index))
{
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};

    sigemptyset(&action.sa_mask);
    if (sigaction(SIGCHLD, &action, NULL))
        die("cannot handle SIGCHLD");
    processes.parent = getpid();
    processes.count = count;
    processes.work = work;
    for (int i = 0; i < count; i++)
        if (!start_process(i))
            die("cannot start worker %d of %d", i + 1, count); /* the others end with us */
}

void workers_run_processes_beside(int count, void (*work)(int index), int fd, bool (*duty)(void))
{
    sigset_t before = workers_block_signals();
    bool again = false;

    start_processes(count, work);
    server_ready();
    while (!server_stopping()) {
        int64_t wait_ms;

        reap();
        wait_ms = replace();
        if (again)
            wait_ms = AGAIN_MS;
        if ((wait_for(again ? -1 : fd, wait_ms) || again) && duty)
            again = duty();
    }
    end_processes();
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void workers_run_processes(int count, void (*work)(int index))
{
    workers_run_processes_beside(count, work, -1, NULL);
}

/* ---- Threads ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t one_less;
    int left; /* that have not ended */
    int count;
    void (*work)(int);
    pthread_t thread[WORKERS_MOST];
} threads = {.lock = PTHREAD_MUTEX_INITIALIZER, .one_less = PTHREAD_COND_INITIALIZER};

void workers_wait_briefly(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += SERVER_NUDGE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(condition, lock, &until);
}

static void *run(void *index)
{
    threads.work((int)(intptr_t)index);
    pthread_mutex_lock(&threads.lock);
    threads.left--;
    pthread_cond_signal(&threads.one_less);
    pthread_mutex_unlock(&threads.lock);
    return NULL;
}

void workers_start_threads(int count, void (*work)(int index))
{
    sigset_t before = workers_block_signals(); /* a thread has its creator's mask */

    threads.work = work;
    threads.left = threads.count = count;
    for (int i = 0; i < count; i++) {
        errno = pthread_create(&threads.thread[i], NULL, run, (void *)(intptr_t)i);
        if (errno)
            die("cannot start worker %d of %d", i + 1, count);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* A thread may be between its look at the flag and its wait: it is interrupted until it has gone,
   which the drain timeout sees to. */
void workers_end_threads(void)
{
    pthread_mutex_lock(&threads.lock);
    while (threads.left > 0) {
        for (int i = 0; i < threads.count; i++)
            pthread_kill(threads.thread[i], SIGALRM);
        workers_wait_briefly(&threads.one_less, &threads.lock);
    }
    pthread_mutex_unlock(&threads.lock);
    for (int i = 0; i < threads.count; i++)
        pthread_join(threads.thread[i], NULL);
}
