/* SPDX-License-Identifier: MIT */
#include "bench/lab/service.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/loop.h"
#include "bench/base/places.h"
#include "bench/base/text.h"
#include "bench/machine/cgroup.h"
#include "bench/machine/launch.h"

enum {
    READY_LIMIT_MS = 5000,
    STOP_LIMIT_MS = 7000, /* a server's drain time-out is 5 s */
    ARGUMENTS_MOST = 24,
    WINDOW_MS = 500,
    QUICK_WINDOW_MS = 200,
    WARM_UP_MS = 100,
    OPEN_LIMIT_MS = 30000 /* until 15 000 idle connections are open */
};

/* ---- The server ---- */

static char *find_program(const char *model)
{
    if (strchr(model, '/'))
        return text_copy(model);
    char *folder = places_servers(), *path = text_format("%s/%s", folder, model);
    free(folder);
    return path;
}

static bool launch(struct experiment *experiment, struct service *service, const char *model,
                   const char *const arguments[])
{
    char *command[ARGUMENTS_MOST + 2] = {find_program(model)};
    for (size_t i = 0; arguments && arguments[i] && i < ARGUMENTS_MOST; i++)
        command[i + 1] = (char *)arguments[i];
    char **line = launch_command(service->group, experiment->cpus.server, 0, command);
    int error = child_start(&service->child, line);
    free(line);
    free(command[0]);
    return error == 0;
}

void service_start(struct experiment *experiment, struct service *service, const char *model,
                   const char *const arguments[])
{
    static unsigned started; /* several may stand side by side */
    unsigned port = 0;
    char *name = text_format("server-%u", ++started);
    *service = (struct service){.group = cgroup_make(name)};
    free(name);
    if (!launch(experiment, service, model, arguments) ||
        !child_wait_line(&service->child, READY_LIMIT_MS) ||
        sscanf(service->child.output.at, "ready 127.0.0.1:%5u", &port) != 1)
        experiment_fail(experiment, "%s is not ready: %.*s", model,
                        (int)strcspn(service->child.errors.at, "\n"), service->child.errors.at);
    service->port = (uint16_t)port;
    service->meter = (struct meter){service->group, service->child.process.pid};
}

int service_end(struct experiment *experiment, struct service *service)
{
    child_signal(&service->child, SIGTERM);
    if (!child_wait_exit(&service->child, STOP_LIMIT_MS, LOOP_REGARDLESS))
        experiment_fail(experiment, "the server does not stop");
    return service->child.exit_signal ? 128 + service->child.exit_signal
                                      : (int)service->child.exit_status;
}

void service_finish(struct service *service)
{
    child_finish(&service->child);
    cgroup_remove(service->group);
    *service = (struct service){0};
}

void service_stop(struct experiment *experiment, struct service *service)
{
    service_end(experiment, service);
    service_finish(service);
}

void service_signal_all(struct service *service, int number)
{
    pid_t *pids;
    if (!service->group) {
        child_signal(&service->child, number);
        return;
    }
    size_t count = cgroup_pids(service->group, &pids);
    for (size_t i = 0; i < count; i++)
        kill(pids[i], number);
    free(pids);
}

/* ---- What it uses ---- */

struct service_use service_use(const struct service *service)
{
    struct cpu_time cpu = meter_cpu(&service->meter);
    return (struct service_use){.clock_us = meter_clock_us(),
                                .cpu_us = cpu.user_us + cpu.system_us,
                                .user_us = cpu.user_us,
                                .system_us = cpu.system_us};
}

double service_cpu_percent(const struct service_use *from, const struct service_use *to)
{
    return 100.0 * (double)(to->cpu_us - from->cpu_us) / (double)(to->clock_us - from->clock_us);
}

/* ---- Driving it ---- */

static struct generator_order complete(const struct experiment *experiment,
                                       const struct service *service, struct generator_order order)
{
    order.port = service->port;
    order.seed = experiment->seed + experiment->repeat;
    if (order.window_ms == 0)
        order.window_ms = experiment->quick ? QUICK_WINDOW_MS : WINDOW_MS;
    if (order.warm_up_ms == 0)
        order.warm_up_ms = WARM_UP_MS;
    return order;
}

static void note_use(struct traffic *traffic, const struct service_use *from,
                     const struct service_use *to)
{
    double answered = (double)traffic->answered;
    traffic->cpu_percent = service_cpu_percent(from, to);
    traffic->cpu_us_per_request = (double)(to->cpu_us - from->cpu_us) / answered;
}

static void note_result(struct traffic *traffic, struct generator *generator)
{
    const json_t *errors = json_object_get(generator->result, "errors");
    const char *kind;
    json_t *count;
    json_object_foreach((json_t *)errors, kind, count) traffic->errors += json_integer_value(count);
    traffic->answered = generator_number(generator, NULL, "answered");
    traffic->throughput_rps =
        (double)traffic->answered * 1e6 / (double)generator_number(generator, NULL, "window_us");
    traffic->response = generator->response; /* it changes hands */
    generator->response = (struct histogram){0};
    traffic->latency_p50_us = (double)histogram_percentile(&traffic->response, 0.5) / 1e3;
    traffic->latency_p99_us = (double)histogram_percentile(&traffic->response, 0.99) / 1e3;
    traffic->latency_max_us = (double)histogram_max(&traffic->response) / 1e3;
    traffic->result = json_incref(generator->result);
}

/* The window, and what was used in it; false when the generator failed. */
static bool watch(struct service *service, struct generator *generator,
                  const struct generator_order *order, struct tracing *tracing,
                  struct traffic *traffic, struct trial *trial)
{
    if (!generator_wait_window(generator, order->warm_up_ms + OPEN_LIMIT_MS, trial))
        return false;
    if (tracing)
        tracing_start(tracing);
    struct service_use from = service_use(service);
    bool done = generator_wait_done(generator, order->window_ms, trial);
    struct service_use to = service_use(service);
    if (tracing)
        tracing_stop(tracing);
    if (!done || !generator_read(generator, trial))
        return false;
    note_result(traffic, generator);
    note_use(traffic, &from, &to);
    return true;
}

static void drive(struct experiment *experiment, struct service *service,
                  struct generator_order order, struct tracing *tracing, struct traffic *traffic)
{
    struct run run = {.cpus = experiment->cpus};
    struct trial trial;
    struct generator generator = {.group = cgroup_make("load")};
    char *group = (char *)generator.group;
    char *stem = text_format("%s/%s", experiment->folder, experiment->claim->id);
    trial_init(&trial);
    order = complete(experiment, service, order);
    *traffic = (struct traffic){.syscalls_per_request = NAN};
    if (!generator_start(&generator, &run, &order, stem, &trial) ||
        !watch(service, &generator, &order, tracing, traffic, &trial))
        experiment_fail(experiment, "%s", trial.failure);
    if (tracing) {
        traffic->syscalls_per_request = (double)tracing_total(tracing) / (double)traffic->answered;
        traffic->calls = tracing_names(tracing);
    }
    unlink(generator.json_path);
    generator_finish(&generator);
    cgroup_remove(group);
    free(stem);
}

void traffic_drive(struct experiment *experiment, struct service *service,
                   struct generator_order order, struct traffic *traffic)
{
    drive(experiment, service, order, NULL, traffic);
}

void traffic_drive_counting(struct experiment *experiment, struct service *service,
                            struct generator_order order, struct traffic *traffic)
{
    char *trouble = NULL;
    struct tracing *tracing = tracing_open(service->group, &trouble);
    if (trouble)
        experiment_fail(experiment, "%s", trouble);
    drive(experiment, service, order, tracing, traffic);
    tracing_close(tracing);
}

void traffic_finish(struct traffic *traffic)
{
    histogram_finish(&traffic->response);
    json_decref(traffic->result);
    json_decref(traffic->calls);
}

const char traffic_uncounted[] = "not counted";

bool traffic_can_count(const struct service *service)
{
    char *trouble = NULL;
    struct tracing *tracing = tracing_open(service->group, &trouble);
    tracing_close(tracing);
    free(trouble);
    return tracing != NULL;
}

double traffic_calls_per_request(const struct traffic *traffic, const char *name)
{
    const json_t *count = json_object_get(traffic->calls, name);
    return (double)json_integer_value(count) / (double)traffic->answered;
}

void traffic_note(struct experiment *experiment, const char *cell, const struct traffic *traffic)
{
    experiment_value(experiment, cell, "throughput_rps", traffic->throughput_rps);
    experiment_value(experiment, cell, "cpu_percent", traffic->cpu_percent);
    if (traffic->answered == 0)
        return;
    experiment_value(experiment, cell, "cpu_us_per_request", traffic->cpu_us_per_request);
    experiment_value(experiment, cell, "latency_p50_us", traffic->latency_p50_us);
    experiment_value(experiment, cell, "latency_p99_us", traffic->latency_p99_us);
}

void traffic_try(struct experiment *experiment, const char *cell, const char *model,
                 const char *const arguments[], struct generator_order order)
{
    struct service service;
    struct traffic traffic;
    service_start(experiment, &service, model, arguments);
    traffic_drive(experiment, &service, order, &traffic);
    traffic_note(experiment, cell, &traffic);
    traffic_finish(&traffic);
    service_stop(experiment, &service);
}
