/* SPDX-License-Identifier: MIT */
#include "bench/drive.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/gate.h"
#include "bench/launch.h"
#include "bench/load.h"
#include "bench/netns.h"
#include "bench/probe.h"
#include "bench/record.h"
#include "bench/sockdiag.h"
#include "bench/text.h"

enum {
    READY_LIMIT_MS = 5000,
    STOP_LIMIT_MS = 7000, /* a server's drain time-out is 5 s */
    GLANCE_MS = 10,
    WARM_UP_STRETCH = 3, /* how much longer it may take until every connection was served */
    CHEAP_PROCESSES = 8  /* reading the memory of so few costs the window under 1 ms */
};

struct attempt {
    const struct run *run;
    const struct model *model;
    const struct cell *cell;
    struct trial *trial;
    char *stem; /* of its files' names */
    char *server_group, *load_group;
    struct child server;
    struct meter server_meter;
    struct probe answer;
    const struct probe_question *question;
    struct peer_place place; /* of a peer */
    uint16_t port;
};

struct reading {
    int64_t clock_us, harness_us, generator_wait_us, own_cpus_us;
    struct cpu_time server, generator;
    struct meter_machine machine;
    struct netns_counters net;
};

static struct reading read_meters(const struct attempt *attempt, const struct load *load)
{
    struct meter generator = {attempt->load_group, load->child.process.pid};
    return (struct reading){.clock_us = meter_clock_us(),
                            .harness_us = meter_own_cpu_us(),
                            .generator_wait_us = meter_wait_us(generator.pid),
                            .server = meter_cpu(&attempt->server_meter),
                            .generator = meter_cpu(&generator),
                            .machine = meter_machine(),
                            .own_cpus_us = meter_own_cpus_us(&attempt->run->cpus),
                            .net = netns_count()};
}

/* A meter that was lost on the way (a process that ended, without a control group) goes down. */
static int64_t difference(int64_t from, int64_t to)
{
    return from < 0 || to < from ? TRIAL_UNKNOWN : to - from;
}

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
    char **line = launch_command(attempt->server_group, attempt->run->cpus.server,
                                 (unsigned)attempt->trial->environment_padding_bytes, command);
    int error = child_start(&attempt->server, line);
    free(line);
    if (error)
        trial_fail(attempt->trial, "cannot start the server: %s", uv_strerror(error));
    return error == 0;
}

static bool start_model(struct attempt *attempt)
{
    char *command[] = {attempt->model->path, NULL};
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

/* The first failure is the one that is told: not that of the client who finds nobody there. */
static void note_early_end(struct attempt *attempt)
{
    const struct child *server = &attempt->server;
    const char *said = server->errors.used ? server->errors.at : "it says nothing";
    if (server->exited)
        trial_fail(attempt->trial, "server ended by itself (status %d, signal %d): %.*s",
                   (int)server->exit_status, server->exit_signal, (int)strcspn(said, "\n"), said);
}

static bool ask_probe(struct attempt *attempt, struct probe *probe, int64_t *right)
{
    const char *reason;
    *right = 0;
    note_early_end(attempt);
    if (!probe_ask(attempt->port, attempt->cell->workload, attempt->question, probe, &reason))
        trial_fail(attempt->trial, "probe: %s", reason);
    else
        *right = probe_is_right(probe, attempt->question);
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
    struct probe again;
    if (ask_probe(attempt, &again, &attempt->trial->probe_after_ok))
        attempt->trial->probe_after_ok &= probe_is_same(&attempt->answer, &again);
}

static bool everybody_was_served(const struct attempt *attempt)
{
    struct sockdiag seen;
    return attempt->cell->workload != WORKLOAD_KEEP_ALIVE ||
           !sockdiag_look(attempt->port, attempt->trial->response_bytes, &seen) ||
           seen.served >= (int64_t)plan_connections(attempt->cell);
}

/* Warming up is a wrk run of its own on the same server: wrk cannot drop what it measured so far.
 * Memory is read at its end, when all connections are open and time does not count. */
static bool warm_up(struct attempt *attempt)
{
    const struct run *run = attempt->run;
    struct load load = {.group = attempt->load_group, .path = attempt->question->path};
    char *path = text_format("%s/raw/%s.warm-up", run->folder, attempt->stem);
    if (load_start(&load, attempt->run, attempt->cell, attempt->port, path, attempt->trial)) {
        int64_t end_us = meter_clock_us() + (int64_t)WARM_UP_STRETCH * run->warm_up_ms * 1000;
        loop_pause(run->warm_up_ms);
        while (!loop_interrupted() && meter_clock_us() < end_us && !everybody_was_served(attempt))
            loop_pause(GLANCE_MS);
        struct meter_memory memory = meter_memory(&attempt->server_meter);
        attempt->trial->memory_steady_kib = attempt->trial->memory_peak_kib = memory.pss_kib;
        attempt->trial->processes = memory.processes;
        note_early_end(attempt);
        if (load_stop(&load, attempt->trial))
            attempt->trial->life_requests = load.result.requests;
    }
    load_finish(&load);
    unlink(path);
    free(path);
    return !attempt->trial->failure[0];
}

static void note_connections(struct attempt *attempt)
{
    struct trial *trial = attempt->trial;
    struct sockdiag seen;
    if (!sockdiag_look(attempt->port, trial->response_bytes, &seen))
        return;
    trial->established = seen.established;
    if (attempt->cell->workload != WORKLOAD_KEEP_ALIVE)
        return;
    trial->served = seen.served;
    trial->served_min = seen.fewest;
    trial->served_max = seen.most;
    trial->jain_ppm = seen.jain_ppm;
}

static void note_pinning(struct attempt *attempt, const struct load *load)
{
    const struct cpus *cpus = &attempt->run->cpus;
    struct meter generator = {attempt->load_group, load->child.process.pid};
    attempt->trial->pinned = meter_is_pinned(&attempt->server_meter, cpus->server) &&
                             meter_is_pinned(&generator, cpus->load);
}

static void note_peak(struct attempt *attempt)
{
    struct trial *trial = attempt->trial;
    if (trial->processes > CHEAP_PROCESSES)
        return;
    struct meter_memory memory = meter_memory(&attempt->server_meter);
    if (memory.pss_kib > trial->memory_peak_kib)
        trial->memory_peak_kib = memory.pss_kib;
}

static void note_steady(struct trial *trial, const struct reading *from, const struct reading *to)
{
    trial->steady_wall_us = difference(from->clock_us, to->clock_us);
    trial->steady_server_user_us = difference(from->server.user_us, to->server.user_us);
    trial->steady_server_system_us = difference(from->server.system_us, to->server.system_us);
    trial->steady_generator_cpu_us = difference(from->generator.user_us + from->generator.system_us,
                                                to->generator.user_us + to->generator.system_us);
    trial->steady_generator_wait_us = difference(from->generator_wait_us, to->generator_wait_us);
    trial->steady_machine_busy_us = difference(from->machine.busy_us, to->machine.busy_us);
    trial->steady_own_cpus_busy_us = difference(from->own_cpus_us, to->own_cpus_us);
    trial->steady_harness_cpu_us = difference(from->harness_us, to->harness_us);
}

static void note_window(struct trial *trial, const struct reading *from, const struct reading *to)
{
    trial->window_wall_us = difference(from->clock_us, to->clock_us);
    trial->window_server_user_us = difference(from->server.user_us, to->server.user_us);
    trial->window_server_system_us = difference(from->server.system_us, to->server.system_us);
    trial->window_generator_user_us = difference(from->generator.user_us, to->generator.user_us);
    trial->window_generator_system_us =
        difference(from->generator.system_us, to->generator.system_us);
    trial->window_machine_busy_us = difference(from->machine.busy_us, to->machine.busy_us);
    trial->window_machine_steal_us = difference(from->machine.steal_us, to->machine.steal_us);
    trial->window_machine_total_us = difference(from->machine.total_us, to->machine.total_us);
}

/* Up to the stop signal: what wrk leaves unread when it goes is nobody's loss. */
static void note_losses(struct trial *trial, const struct netns_counters *from)
{
    struct netns_counters to = netns_count();
    trial->listen_overflows = difference(from->listen_overflows, to.listen_overflows);
    trial->listen_drops = difference(from->listen_drops, to.listen_drops);
    trial->retransmitted_segments =
        difference(from->retransmitted_segments, to.retransmitted_segments);
    trial->loss_probes = difference(from->loss_probes, to.loss_probes);
}

static void note_result(struct attempt *attempt, struct load *load)
{
    struct trial *trial = attempt->trial;
    const struct wrk_result *result = &load->result;
    trial->duration_us = result->duration_us;
    trial->requests = result->requests;
    trial->bytes = result->bytes;
    trial->errors_connect = result->errors_connect;
    trial->errors_read = result->errors_read;
    trial->errors_write = result->errors_write;
    trial->errors_status = result->errors_status;
    trial->errors_timeout = result->errors_timeout;
    trial->life_requests += result->requests;
    if (!histogram_uncorrect(&load->corrected, (uint64_t)result->duration_us,
                             (uint64_t)result->requests, plan_connections(attempt->cell))) {
        trial_fail(trial, "wrk's histogram cannot be uncorrected");
        return;
    }
    trial->latency_samples = (int64_t)histogram_count(&load->corrected);
    trial->latency_mean_ns = llround(1e3 * histogram_mean(&load->corrected));
    trial->latency_max_ns = (int64_t)(1000 * histogram_max(&load->corrected));
    record_histogram(attempt->run->folder, attempt->stem, &load->corrected);
}

static void watch_window(struct attempt *attempt, struct load *load)
{
    const unsigned window_ms = attempt->run->window_ms;
    loop_pause(window_ms / 4);
    struct reading from = read_meters(attempt, load);
    loop_pause(window_ms - window_ms / 4);
    struct reading to = read_meters(attempt, load);
    note_steady(attempt->trial, &from, &to);
    note_connections(attempt);
    note_pinning(attempt, load);
    note_peak(attempt);
    if (loop_interrupted())
        trial_fail(attempt->trial, "interrupted");
}

static void measure(struct attempt *attempt)
{
    struct load load = {.group = attempt->load_group, .path = attempt->question->path};
    char *path = text_format("%s/raw/%s.load", attempt->run->folder, attempt->stem);
    struct reading from = read_meters(attempt, &load);
    if (load_start(&load, attempt->run, attempt->cell, attempt->port, path, attempt->trial)) {
        watch_window(attempt, &load);
        note_losses(attempt->trial, &from.net);
        note_early_end(attempt);
        bool stopped = load_stop(&load, attempt->trial);
        struct reading to = read_meters(attempt, &load);
        note_window(attempt->trial, &from, &to);
        if (stopped)
            note_result(attempt, &load);
        record_raw(attempt->run->folder, attempt->stem, "load", &load.child);
    }
    load_finish(&load);
    free(path);
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
    if (start_server(attempt) && probe_before(attempt) && warm_up(attempt)) {
        measure(attempt);
        probe_after(attempt);
    }
    stop_server(attempt);
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
    identify(&attempt, index, number);
    netns_renew();
    if (settle(&attempt))
        try_server(&attempt);
    unsettle(&attempt);
    cgroup_remove(attempt.server_group);
    cgroup_remove(attempt.load_group);
    free(attempt.stem);
    gate_judge(trial);
}
