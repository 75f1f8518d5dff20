/* SPDX-License-Identifier: MIT */
#include "bench/run/drive.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/run/attempt.h"
#include "bench/run/by_wrk.h"
#include "bench/record/gate.h"
#include "bench/machine/launch.h"
#include "bench/machine/netns.h"
#include "bench/run/by_load.h"
#include "bench/run/probe.h"
#include "bench/record/record.h"
#include "bench/base/text.h"

enum {
    /* Processes started and stopped, probes, and wrk's look at its stop flag every 100 ms, twice.
     */
    BY_WRK_MS = 130,
    READY_LIMIT_MS = 5000,
    STOP_LIMIT_MS = 7000 /* a server's drain time-out is 5 s */
};

static bool parse_ready(const char *line, uint16_t *port)
{
    unsigned number;
    char end;
    if (sscanf(line, "ready 127.0.0.1:%5u%c", &number, &end) != 2 || end != '\n' ||
        number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool launch(struct attempt *attempt, char *const command[])
{
    char *groups = cgroup_join(attempt->server_group, attempt->memory_group);
    char **line = launch_command(groups, attempt->cpus.server,
                                 (unsigned)attempt->trial->environment_padding_bytes, command);
    int error = child_start(&attempt->server, line);
    free(line);
    free(groups);
    if (error)
        trial_fail(attempt->trial, "cannot start the server: %s", uv_strerror(error));
    return error == 0;
}

static bool start_model(struct attempt *attempt)
{
    bool echo = workload_facts(attempt->cell->workload)->echo;
    char *setting = attempt->trial->setting;
    char *command[] = {attempt->model->path,
                       echo       ? "--protocol=echo"
                       : *setting ? setting
                                  : NULL,
                       NULL};
    return launch(attempt, command) && child_wait_line(&attempt->server, READY_LIMIT_MS) &&
           parse_ready(attempt->server.output.at, &attempt->port);
}

static bool start_peer(struct attempt *attempt)
{
    const struct peer *peer = attempt->model->peer;
    char **command = peer_command(peer, &attempt->place);
    attempt->port = attempt->place.port;
    bool ready =
        launch(attempt, command) && peer_wait_ready(peer, &attempt->place, &attempt->server);
    peer_free_command(command);
    return ready;
}

static bool start_server(struct attempt *attempt)
{
    int64_t before_us = meter_clock_us();
    if (!(attempt->model->peer ? start_peer(attempt) : start_model(attempt))) {
        const char *said =
            attempt->server.errors.used ? attempt->server.errors.at : "it says nothing";
        trial_fail(attempt->trial, "server not ready: %.*s", (int)strcspn(said, "\n"), said);
        return false;
    }
    attempt->trial->ready_us = meter_clock_us() - before_us;
    attempt->server_meter = (struct meter){attempt->server_group, attempt->server.process.pid};
    return true;
}

static bool ask_probe(struct attempt *attempt, struct probe *probe, int64_t *right)
{
    const char *reason;
    *right = 0;
    attempt_note_early_end(attempt);
    bool echo = workload_facts(attempt->cell->workload)->echo;
    bool asked =
        echo ? probe_echo(attempt->port, &reason)
             : probe_ask(attempt->port, attempt->cell->workload, attempt->question, probe, &reason);
    if (!asked)
        trial_fail(attempt->trial, "probe: %s", reason);
    else
        *right = echo || probe_is_right(probe, attempt->question);
    return !attempt->trial->failure[0];
}

static bool probe_before(struct attempt *attempt)
{
    bool asked = ask_probe(attempt, &attempt->answer, &attempt->trial->probe_before_ok);
    attempt->trial->response_bytes = (int64_t)attempt->answer.length;
    return asked;
}

static void probe_after(struct attempt *attempt)
{
    struct probe again = {.length = 0};
    if (ask_probe(attempt, &again, &attempt->trial->probe_after_ok))
        attempt->trial->probe_after_ok &= probe_is_same(&attempt->answer, &again);
}

/* rusage of a process is whole only when it was waited for, hence a reading on either side. It is
 * the one source that also counts the switches of children that are gone. */
static void stop_server(struct attempt *attempt)
{
    struct trial *trial = attempt->trial;
    const struct peer *peer = attempt->model->peer;
    int number = peer ? peer->stop_signal : SIGTERM;
    struct meter_children before = meter_children();
    child_signal(&attempt->server, number);
    if (!child_wait_exit(&attempt->server, STOP_LIMIT_MS, LOOP_REGARDLESS))
        trial_fail(trial, "server did not stop");
    struct meter_children after = meter_children();
    trial->life_cpu_us = after.cpu_us - before.cpu_us;
    trial->life_voluntary_switches = after.voluntary_switches - before.voluntary_switches;
    trial->life_involuntary_switches = after.involuntary_switches - before.involuntary_switches;
    trial->server_exit_status = attempt->server.exit_signal ? 128 + attempt->server.exit_signal
                                                            : attempt->server.exit_status;
    if (peer && trial->server_exit_status == 128 + number)
        trial->server_exit_status = 0; /* a peer may just as well let the signal end it */
    record_raw(attempt->run->folder, attempt->stem, "server", &attempt->server);
    child_finish(&attempt->server);
}

/* On which CPUs, and with what the server is told for it. */
static void place(struct attempt *attempt)
{
    struct trial *trial = attempt->trial;
    struct cpus *cpus = &attempt->cpus;
    unsigned level = attempt->cell->level;
    *cpus = attempt->run->cpus;
    if (attempt->cell->workload == WORKLOAD_SCALING) {
        if (!cpus_first(cpus->scaling_server, level, cpus->server))
            trial_fail(trial, "there are no %u CPUs for the server", level);
        memcpy(cpus->load, cpus->scaling_load, sizeof cpus->load);
        snprintf(trial->setting, sizeof trial->setting, "--workers=%u", level);
    }
    if (attempt->cell->workload == WORKLOAD_KNOB && level > 0) {
        char *setting = catalogue_setting(attempt->model, level);
        int length = snprintf(trial->setting, sizeof trial->setting, "%s", setting ? setting : "");
        if (!setting || length >= TRIAL_SETTING_SIZE)
            trial_fail(trial, "%s has no setting %u that can be told", attempt->model->name, level);
        free(setting);
    }
    if (workload_facts(attempt->cell->workload)->unit == LEVEL_CLIENT && level > 0)
        trial->crowd_shared_cpus = cpus_common(cpus->load, cpus->crowd);
    else
        cpus->crowd[0] = '\0';
    trial->server_cpus = cpus_count(cpus->server);
    trial->load_cpus = cpus_count(cpus->load);
    trial->shared_cpus = cpus_common(cpus->server, cpus->load);
}

static void identify(struct attempt *attempt, size_t index, unsigned number)
{
    struct trial *trial = attempt->trial;
    const struct cell *cell = attempt->cell;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    trial_init(trial);
    trial->number = (int64_t)index + 1;
    trial->attempt = number;
    trial->block = (int64_t)(index / attempt->run->plan.cell_count) + 1;
    trial->level = cell->level;
    trial->connections = plan_connections(cell);
    trial->environment_padding_bytes = attempt->run->plan.padding_bytes[index];
    trial->started_unix_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    snprintf(trial->model, sizeof trial->model, "%s", attempt->model->name);
    snprintf(trial->workload, sizeof trial->workload, "%s", workload_name(cell->workload));
    snprintf(trial->cpu_source, sizeof trial->cpu_source, "%s",
             attempt->server_group ? "cgroup" : "proc");
    attempt->stem = record_stem(trial);
}

/* What a peer needs before it can be started; after a failure unsettle() is due as well. */
static bool settle(struct attempt *attempt)
{
    const struct peer *peer = attempt->model->peer;
    attempt->question = peer ? &peer->question : &probe_of_models;
    if (peer && workload_facts(attempt->cell->workload)->echo)
        trial_fail(attempt->trial, "%s does not speak echo", peer->name);
    if (attempt->trial->failure[0])
        return false;
    if (!peer)
        return true;
    if (peer_settle(peer, &attempt->place))
        return true;
    trial_fail(attempt->trial, "cannot write the files of %s: %s", peer->name, strerror(errno));
    return false;
}

static void unsettle(struct attempt *attempt)
{
    if (attempt->model->peer)
        peer_leave(&attempt->place);
}

static void try_server(struct attempt *attempt)
{
    if (start_server(attempt) && probe_before(attempt)) {
        if (workload_facts(attempt->cell->workload)->by_wrk)
            by_wrk_measure(attempt);
        else
            by_load_measure(attempt);
        probe_after(attempt);
    }
    stop_server(attempt);
}

uint64_t drive_time_ms(const struct cell *cell, unsigned window_ms, unsigned warm_up_ms)
{
    if (workload_facts(cell->workload)->by_wrk)
        return BY_WRK_MS + window_ms + warm_up_ms;
    return by_load_time_ms(cell, window_ms, warm_up_ms);
}

void drive_trial(const struct run *run, size_t index, unsigned number, struct trial *trial)
{
    const struct cell *cell = plan_cell(&run->plan, index);
    struct attempt attempt = {.run = run,
                              .model = &run->catalogue.models[cell->model],
                              .cell = cell,
                              .trial = trial,
                              .server_group = cgroup_make("server"),
                              .load_group = cgroup_make("load")};
    if (cell->workload == WORKLOAD_MEMORY)
        attempt.memory_group = cgroup_make_memory("server");
    identify(&attempt, index, number);
    place(&attempt);
    netns_renew();
    if (settle(&attempt))
        try_server(&attempt);
    unsettle(&attempt);
    cgroup_remove(attempt.server_group);
    cgroup_remove(attempt.memory_group);
    cgroup_remove(attempt.load_group);
    free(attempt.stem);
    gate_judge(trial);
}
