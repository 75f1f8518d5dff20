/* SPDX-License-Identifier: MIT */
#include "bench/load.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bench/launch.h"
#include "bench/text.h"

enum {
    STOP_TRIES = 20,
    STOP_PAUSE_MS = 300,
    SPARE_S = 10 /* wrk's own limit lies so far beyond the window */
};

bool load_start(struct load *load, const struct run *run, const struct cell *cell, uint16_t port,
                const char *result_path, struct trial *trial)
{
    struct wrk_command command;
    load->result_path = text_copy(result_path);
    setenv("C10KIT_WRK_RESULT", result_path, 1);
    wrk_command_init(&command, run->wrk, run->script, port, cell, run->window_ms / 1000 + SPARE_S);
    char **line = launch_command(load->group, run->cpus.load, command.words);
    int error = child_start(&load->child, line);
    if (error)
        trial_fail(trial, "cannot start wrk: %s", uv_strerror(error));
    free(line);
    wrk_command_finish(&command);
    return error == 0;
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
