/* SPDX-License-Identifier: MIT */
#include "bench/lab/turns.h"

#include <stdlib.h>
#include <unistd.h>

#include "bench/base/loop.h"
#include "bench/base/text.h"
#include "bench/machine/cgroup.h"

enum {
    TURN_MS = 25,
    WARM_UP_MS = 50,
    OPEN_LIMIT_MS = 30000, /* until 15 000 idle connections are open */
    WINDOW_MS = 100000,    /* longer than all turns: the window is ended by us */
    LOOK_MS = 1,
    LOOKS_MOST = 200,
    QUIET_US = 100 /* of CPU time between two looks */
};

/* The clients of an arm. */
struct driver {
    struct generator generator;
    struct trial trial; /* what failed */
    char *group;
    int64_t cpu_from_us, driven_us;
};

static int64_t cpu_us(const struct service *service)
{
    struct cpu_time used = meter_cpu(&service->meter);
    return used.user_us + used.system_us;
}

/* Until what had been asked when the clients were stopped is answered: the next one's turn is not
 * to be shared. */
static void let_drain(const struct service *service)
{
    int64_t before, after = cpu_us(service);
    unsigned looks = 0;
    do {
        before = after;
        experiment_pass_ms(LOOK_MS);
        after = cpu_us(service);
    } while (after - before > QUIET_US && ++looks < LOOKS_MOST && !loop_interrupted());
}

static void pause_clients(struct driver *driver, const struct arm *arm, int64_t since_us)
{
    generator_pause(&driver->generator);
    driver->driven_us += meter_clock_us() - since_us;
    let_drain(&arm->service);
}

static void check(struct experiment *experiment, const struct driver *driver, bool well)
{
    if (!well)
        experiment_fail(experiment, "%s", driver->trial.failure);
}

/* Its window begins, and what it used until it was stopped belongs to that. */
static void open_window(struct experiment *experiment, struct arm *arm, struct driver *driver,
                        size_t number)
{
    struct run run = {.cpus = experiment->cpus};
    char *name = text_format("load-%zu", number);
    char *stem = text_format("%s/%s-%zu", experiment->folder, experiment->claim->id, number);
    trial_init(&driver->trial);
    driver->generator.group = driver->group = cgroup_make(name);
    arm->order.port = arm->service.port;
    arm->order.warm_up_ms = WARM_UP_MS;
    arm->order.window_ms = WINDOW_MS;
    check(
        experiment, driver,
        generator_start(&driver->generator, &run, &arm->order, stem, &driver->trial) &&
            generator_wait_window(&driver->generator, WARM_UP_MS + OPEN_LIMIT_MS, &driver->trial));
    int64_t start_us = meter_clock_us();
    driver->cpu_from_us = cpu_us(&arm->service);
    pause_clients(driver, arm, start_us);
    free(stem);
    free(name);
}

static void take_turn(struct arm *arm, struct driver *driver, unsigned ms)
{
    int64_t start_us = meter_clock_us();
    generator_resume(&driver->generator);
    experiment_pass_ms(ms);
    pause_clients(driver, arm, start_us);
}

static void close_window(struct experiment *experiment, struct arm *arm, struct driver *driver)
{
    generator_end_window(&driver->generator); /* it finds this when it goes on */
    generator_resume(&driver->generator);
    check(experiment, driver, generator_wait_done(&driver->generator, 0, &driver->trial));
    double used_us = (double)(cpu_us(&arm->service) - driver->cpu_from_us);
    check(experiment, driver, generator_read(&driver->generator, &driver->trial));
    double answered = (double)generator_number(&driver->generator, NULL, "answered");
    arm->throughput_rps = answered * 1e6 / (double)driver->driven_us;
    arm->cpu_us_per_request = used_us / answered;
    experiment_value(experiment, arm->cell, "throughput_rps", arm->throughput_rps);
    if (answered > 0)
        experiment_value(experiment, arm->cell, "cpu_us_per_request", arm->cpu_us_per_request);
    unlink(driver->generator.json_path);
    generator_finish(&driver->generator);
    cgroup_remove(driver->group);
}

/* Forth and back, so that none follows the same one always; another one begins in each repeat. */
static size_t whose_turn(const struct experiment *experiment, size_t count, unsigned round,
                         size_t place)
{
    return ((round % 2 ? count - 1 - place : place) + experiment->repeat) % count;
}

void turns_drive(struct experiment *experiment, struct arm *arms, size_t count, struct turns turns)
{
    unsigned turn_ms = turns.turn_ms ? turns.turn_ms : TURN_MS;
    struct driver *drivers = text_allocate(count, sizeof *drivers);
    for (size_t i = 0; i < count; i++)
        open_window(experiment, &arms[i], &drivers[i], i);
    for (unsigned round = 0; round * turn_ms < turns.each_ms && !loop_interrupted(); round++)
        for (size_t place = 0; place < count; place++) {
            size_t i = whose_turn(experiment, count, round, place);
            take_turn(&arms[i], &drivers[i], turn_ms);
        }
    for (size_t i = 0; i < count; i++)
        close_window(experiment, &arms[i], &drivers[i]);
    free(drivers);
}

void turns_start(struct experiment *experiment, struct arm *arms, size_t count)
{
    for (size_t i = 0; i < count; i++)
        service_start(experiment, &arms[i].service, arms[i].model, arms[i].arguments);
}

void turns_stop(struct experiment *experiment, struct arm *arms, size_t count)
{
    for (size_t i = 0; i < count; i++)
        service_stop(experiment, &arms[i].service);
}

void turns_try(struct experiment *experiment, struct arm *arms, size_t count, struct turns turns)
{
    turns_start(experiment, arms, count);
    turns_drive(experiment, arms, count, turns);
    turns_stop(experiment, arms, count);
}
