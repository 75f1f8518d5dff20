/* SPDX-License-Identifier: MIT */
#include "bench/run/load.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine/launch.h"
#include "bench/base/text.h"

enum {
    STOP_TRIES = 20,
    STOP_PAUSE_MS = 300,
    START_TRIES = 1000,
    START_PAUSE_MS = 5,
    SPARE_S = 10 /* wrk's own limit lies so far beyond the window */
};

bool load_start(struct load *load, const struct run *run, const struct cell *cell, uint16_t port,
                const char *result_path, struct trial *trial)
{
    struct wrk_command command;
    load->result_path = text_copy(result_path);
    setenv("C10KIT_WRK_RESULT", result_path, 1);
    wrk_command_init(&command, run->wrk, run->script, port, load->path, cell,
                     run->window_ms / 1000 + SPARE_S);
    char **line = launch_command(load->group, run->cpus.load, 0, command.words);
    int error = child_start(&load->child, line);
    if (error)
        trial_fail(trial, "cannot start wrk: %s", uv_strerror(error));
    free(line);
    wrk_command_finish(&command);
    return error == 0;
}

/* Until wrk has set its handler, an interrupt kills it. */
static bool handles_interrupt(const void *argument)
{
    const struct child *child = argument;
    char *path = text_format("/proc/%d/status", (int)child->process.pid);
    char *text = text_read_trimmed(path);
    const char *caught = strstr(text, "SigCgt:");
    bool handles = caught && (strtoull(caught + strlen("SigCgt:"), NULL, 16) & 1U << (SIGINT - 1));
    free(text);
    free(path);
    return handles || child->exited;
}

/* The thread that has to wake is the one that sleeps for the duration: were another one to take
 * the signal, the load would end and wrk's clock go on. An interrupt sent while wrk is still
 * starting is ignored by it, hence the repetition. */
static bool interrupt_until_exit(struct child *child)
{
    for (int i = 0; i < STOP_TRIES && !child->exited; i++) {
        child_signal_main(child, SIGINT);
        child_wait_exit(child, STOP_PAUSE_MS, LOOP_REGARDLESS);
    }
    return child->exited;
}

bool load_stop(struct load *load, struct trial *trial)
{
    struct child *child = &load->child;
    if (child->exited && child->exit_status == 0)
        trial_fail(trial, "wrk ended before its window");
    for (int i = 0; i < START_TRIES && !handles_interrupt(child); i++)
        loop_until(handles_interrupt, child, START_PAUSE_MS, LOOP_REGARDLESS);
    if (!interrupt_until_exit(child))
        trial_fail(trial, "wrk did not stop");
    else if (child->exit_status != 0 || child->exit_signal != 0)
        trial_fail(trial, "wrk failed (status %d, signal %d): %.*s", (int)child->exit_status,
                   child->exit_signal, (int)strcspn(child->errors.at, "\n"), child->errors.at);
    else if (!wrk_read(load->result_path, &load->result, &load->corrected))
        trial_fail(trial, "wrk left no result: %.*s", (int)strcspn(child->errors.at, "\n"),
                   child->errors.at);
    return !trial->failure[0];
}

void load_finish(struct load *load)
{
    child_finish(&load->child);
    histogram_finish(&load->corrected);
    free(load->result_path);
}
