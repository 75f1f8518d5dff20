/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/load/complain.h"
#include "bench/load/crowd.h"
#include "bench/load/merge.h"
#include "bench/load/options.h"
#include "bench/load/report.h"
#include "bench/load/result.h"
#include "bench/load/worker.h"
#include "bench/base/text.h"

enum { FILES_SPARE = 16, CROWD_VOLLEY = 64 << 10 };

static struct window window; /* the signal handler must find it */

static void interrupt(int number)
{
    (void)number;
    window.interrupted = true;
}

/* Without SA_RESTART: who sleeps in epoll_wait wakes up. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigset_t go;
    sigemptyset(&go);
    sigaddset(&go, SIGUSR1); /* of --hold, which waits for it */
    pthread_sigmask(SIG_BLOCK, &go, NULL);
}

/* Connections that an open loop may open, but need not, are as many as the limit leaves. */
static void fit_file_limit(struct plan *plan)
{
    rlim_t needed = plan->connections + 3 * (rlim_t)plan->threads + FILES_SPARE;
    rlim_t more = plan->most - plan->connections;
    struct rlimit limit;
    for (int i = 0; i < CROWD_SCRIPTS; i++)
        needed += plan->beside[i];
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    if (limit.rlim_max < needed)
        complain_and_exit("%ju open files are needed and %ju allowed: raise the limit (ulimit -n)",
                          (uintmax_t)needed, (uintmax_t)limit.rlim_max);
    if (more > limit.rlim_max - needed)
        more = limit.rlim_max - needed;
    plan->most = plan->connections + (unsigned)more;
    if (limit.rlim_cur < needed + more)
        limit.rlim_cur = needed + more;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        complain_and_exit("cannot raise the limit of open files: %s", strerror(errno));
}

/* Whoever stands beside the load asks for as much as fits into one send. */
static void init_crowd_target(struct target *target, const struct plan *plan)
{
    struct plan beside = *plan;
    beside.churn = false;
    beside.pipeline = PLAN_PIPELINE_MOST;
    if (plan->protocol == PLAN_ECHO && plan->size > CROWD_VOLLEY / PLAN_PIPELINE_MOST)
        beside.pipeline = 1 + (unsigned)(CROWD_VOLLEY / plan->size);
    target_init(target, &beside);
}

static void *run(void *worker)
{
    sigset_t all;
    sigfillset(&all); /* signals are the first thread's, which must hear of them at once */
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    worker_run(worker);
    return NULL;
}

/* The first worker runs in this thread. */
static void run_all(struct worker *workers, unsigned count)
{
    pthread_t threads[PLAN_THREADS_MOST];
    pthread_barrier_init(&window.barrier, NULL, count);
    for (unsigned i = 1; i < count; i++) {
        int error = pthread_create(&threads[i], NULL, run, &workers[i]);
        if (error)
            complain_and_exit("cannot start a thread: %s", strerror(error));
    }
    worker_run(&workers[0]);
    for (unsigned i = 1; i < count; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&window.barrier);
}

static void drive(const struct plan *plan, struct result *result)
{
    struct target target, crowd_target;
    struct worker *workers = text_allocate(plan->threads, sizeof *workers);
    target_init(&target, plan);
    init_crowd_target(&crowd_target, plan);
    for (unsigned i = 0; i < plan->threads; i++)
        worker_init(&workers[i], plan, &target, &window, i);
    struct crowd *crowd = crowd_start(&crowd_target, plan->beside, plan->timeout_ns);
    run_all(workers, plan->threads);
    crowd_stop(crowd, result->crowd);
    result_collect(result, plan, workers);
    for (unsigned i = 0; i < plan->threads; i++)
        worker_finish(&workers[i]);
    target_finish(&target);
    target_finish(&crowd_target);
    free(workers);
}

static int load(int argc, char **argv)
{
    struct plan plan;
    struct result result = {0};
    options_read(&plan, argc, argv);
    fit_file_limit(&plan);
    catch_signals();
    drive(&plan, &result);
    if (!plan.json || strcmp(plan.json, "-") != 0)
        report_print(&result);
    report_write(&result);
    int status = result.reason_count ? EXIT_FAILURE : EXIT_SUCCESS;
    result_finish(&result);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "merge") != 0)
        return load(argc, argv);
    if (argc < 3)
        complain_usage("merge: no histogram to add up (see --help)");
    merge_files(argv + 2, argc - 2);
    return EXIT_SUCCESS;
}
