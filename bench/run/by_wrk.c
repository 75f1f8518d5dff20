/* SPDX-License-Identifier: MIT */
#include "bench/run/by_wrk.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/run/load.h"
#include "bench/base/loop.h"
#include "bench/record/record.h"
#include "bench/machine/sockdiag.h"
#include "bench/base/text.h"

enum {
    GLANCE_MS = 10,
    NS_PER_US = 1000,
    WARM_UP_STRETCH = 3 /* how much longer it may take until every connection was served */
};

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
        attempt_note_memory(attempt);
        attempt_note_early_end(attempt);
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
    record_histogram(attempt->run->folder, attempt->stem, &load->corrected, NS_PER_US);
}

static void watch_window(struct attempt *attempt, struct load *load)
{
    const unsigned window_ms = attempt->run->window_ms;
    loop_pause(window_ms / 4);
    struct attempt_reading from = attempt_read(attempt, load->child.process.pid);
    loop_pause(window_ms - window_ms / 4);
    struct attempt_reading to = attempt_read(attempt, load->child.process.pid);
    attempt_note_steady(attempt->trial, &from, &to);
    note_connections(attempt);
    attempt_note_pinning(attempt, load->child.process.pid);
    attempt_note_peak(attempt);
    if (loop_interrupted())
        trial_fail(attempt->trial, "interrupted");
}

static void measure(struct attempt *attempt)
{
    struct load load = {.group = attempt->load_group, .path = attempt->question->path};
    char *path = text_format("%s/raw/%s.load", attempt->run->folder, attempt->stem);
    struct attempt_reading from = attempt_read(attempt, load.child.process.pid);
    if (load_start(&load, attempt->run, attempt->cell, attempt->port, path, attempt->trial)) {
        watch_window(attempt, &load);
        attempt_note_losses(attempt->trial, &from.net);
        attempt_note_early_end(attempt);
        bool stopped = load_stop(&load, attempt->trial);
        struct attempt_reading to = attempt_read(attempt, load.child.process.pid);
        attempt_note_window(attempt->trial, &from, &to);
        if (stopped)
            note_result(attempt, &load);
        record_raw(attempt->run->folder, attempt->stem, "load", &load.child);
    }
    load_finish(&load);
    free(path);
}

void by_wrk_measure(struct attempt *attempt)
{
    if (warm_up(attempt))
        measure(attempt);
}
