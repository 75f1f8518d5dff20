/* SPDX-License-Identifier: MIT */
#include "bench/run/bad_clients.h"

#include <stdlib.h>
#include <unistd.h>

#include "bench/base/text.h"
#include "bench/machine/cgroup.h"
#include "bench/record/workload.h"

enum {
    LIMIT_MS = 600000 /* they are told to end long before; were they not, they would by then */
};

static const char *client_of(const struct cell *cell)
{
    if (workload_facts(cell->workload)->unit != LEVEL_CLIENT)
        return "";
    return workload_client(cell->level);
}

bool bad_clients_start(struct bad_clients *clients, struct attempt *attempt, const char *stem_path)
{
    const struct generator_order order = {.port = attempt->port,
                                          .path = attempt->question->path,
                                          .client = client_of(attempt->cell),
                                          .window_ms = LIMIT_MS,
                                          .cpus = attempt->cpus.crowd};
    *clients = (struct bad_clients){.wanted = *order.client != '\0'};
    if (!clients->wanted)
        return true;
    clients->group = cgroup_make("crowd");
    clients->process.group = clients->group;
    char *path = text_format("%s.crowd", stem_path);
    bool started = generator_start(&clients->process, attempt->run, &order, path, attempt->trial);
    free(path);
    if (started)
        attempt->crowd = (struct meter){clients->group, clients->process.child.process.pid};
    /* Without a warm-up its window begins when all are open. */
    return started && generator_wait_window(&clients->process, 0, attempt->trial);
}

/* What the process itself says against its figures. */
static const char *objection(const struct generator *process)
{
    const json_t *reasons = json_object_get(process->result, "reasons");
    return json_string_value(json_array_get(reasons, 0));
}

bool bad_clients_end(struct bad_clients *clients, struct attempt *attempt, struct generator *load)
{
    struct generator *process = &clients->process;
    struct trial *trial = attempt->trial;
    if (!clients->wanted)
        return true;
    if (process->child.exited)
        trial_fail(trial, "the bad clients ended before the load did (status %d, signal %d)",
                   (int)process->child.exit_status, process->child.exit_signal);
    generator_end_window(process);
    if (!generator_read(process, trial))
        return false;
    if (objection(process))
        trial_fail(trial, "of the bad clients: %s", objection(process));
    generator_set_beside(load, process, trial);
    return !trial->failure[0];
}

void bad_clients_finish(struct bad_clients *clients, struct attempt *attempt)
{
    if (!clients->wanted)
        return;
    if (clients->process.json_path)
        unlink(clients->process.json_path); /* its counts are in the load's */
    generator_finish(&clients->process);
    cgroup_remove(clients->group);
    attempt->crowd = (struct meter){NULL, 0};
}
