/* SPDX-License-Identifier: MIT */
/* What each model takes to write, and what it gives: lines of its own, kinds of system call and
 * knobs, against throughput, CPU time and memory. */
#include "bench/claims/claims.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/places.h"
#include "bench/base/text.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/source.h"
#include "bench/machine/footprint.h"
#include "bench/machine/tracing.h"
#include "bench/run/catalogue.h"

enum {
    BUSY = 64,
    WINDOW_MS = 300,
    COUNTED_MS = 100,
    LEAVING_MS = 20,
    WEIGHED = 150, /* connections */
    SETTLE_MS = 3000
};

/* What the others are held against; and a quick run's models. */
static const char threads[] = "thread";
static const char *const quick[] = {threads, "fork", "epoll-lt", "epoll-et", "libuv"};
/* States, buffers and timers of a conversation, which all models share. */
static const char *const shared_files[] = {"../lib/conn", "../lib/deadlines"};
static const char shared[] = "shared";

static struct catalogue models;

/* One whose workers serve a client each gets as many as there are clients. */
struct arguments {
    char workers[24];
    const char *list[3];
};

static void set_arguments(struct arguments *arguments, const struct model *model, unsigned clients)
{
    *arguments = (struct arguments){0};
    if (model->clients_at_once <= 1)
        return;
    snprintf(arguments->workers, sizeof arguments->workers, "%u", clients);
    arguments->list[0] = "--workers";
    arguments->list[1] = arguments->workers;
}

/* ---- What it takes ---- */

static void note_source(struct experiment *experiment)
{
    size_t conversation = 0;
    for (size_t i = 0; i < sizeof shared_files / sizeof *shared_files; i++)
        conversation += source_lines_of_model(shared_files[i]);
    if (conversation > 0)
        experiment_value(experiment, shared, "source_lines", (double)conversation);
    for (size_t i = 0; i < models.count; i++) {
        const struct model *model = &models.models[i];
        size_t lines = source_lines_of_model(model->name);
        experiment_text(experiment, model->name, "family", model->family);
        experiment_value(experiment, model->name, "knobs", (double)json_array_size(model->knobs));
        if (lines > 0)
            experiment_value(experiment, model->name, "source_lines", (double)lines);
    }
}

/* Of connections that come, ask and leave. */
static void count_calls(struct experiment *experiment, struct service *service,
                        const struct model *model, struct generator_order order)
{
    char *trouble = NULL;
    struct tracing *tracing = tracing_open(service->group, &trouble);
    free(trouble);
    if (!tracing) {
        experiment_text(experiment, model->name, "kinds_of_call", traffic_uncounted);
        return;
    }
    struct traffic traffic;
    order.window_ms = COUNTED_MS;
    tracing_start(tracing);
    traffic_drive(experiment, service, order, &traffic);
    experiment_pass_ms(LEAVING_MS);
    tracing_stop(tracing);
    json_t *names = tracing_names(tracing);
    experiment_value(experiment, model->name, "kinds_of_call", (double)json_object_size(names));
    json_decref(names);
    traffic_finish(&traffic);
    tracing_close(tracing);
}

/* ---- What it gives ---- */

static double weigh(struct experiment *experiment, const struct model *model, unsigned clients)
{
    int open[WEIGHED + 1];
    struct arguments arguments;
    struct service service;
    struct footprint footprint;
    set_arguments(&arguments, model, clients);
    service_start(experiment, &service, model->name, arguments.list);
    for (unsigned i = 0; i < clients; i++)
        open[i] = client_asked(experiment, service.port);
    struct footprint_place place = {service.meter, NULL, service.port};
    if (!footprint_settle(footprint_read, &place, SETTLE_MS, &footprint))
        experiment_fail(experiment, "%s: memory does not come to rest", model->name);
    for (unsigned i = 0; i < clients; i++)
        client_close(open[i]);
    service_stop(experiment, &service);
    return (double)(footprint.user_bytes + footprint.kernel_bytes);
}

static void drive(struct experiment *experiment, const struct model *model)
{
    struct arguments arguments;
    struct service service;
    struct traffic traffic;
    struct generator_order order = {.connections = model->clients_at_once == 1 ? 1 : BUSY,
                                    .window_ms = experiment->quick ? 0 : WINDOW_MS};
    set_arguments(&arguments, model, BUSY);
    service_start(experiment, &service, model->name, arguments.list);
    traffic_drive(experiment, &service, order, &traffic);
    traffic_note(experiment, model->name, &traffic);
    traffic_finish(&traffic);
    if (experiment->repeat == 1)
        count_calls(experiment, &service, model, order);
    service_stop(experiment, &service);
}

static bool is_tried(const struct experiment *experiment, const struct model *model)
{
    bool found = !experiment->quick;
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        found = found || strcmp(model->name, quick[i]) == 0;
    return found;
}

static void one(struct experiment *experiment, size_t cell)
{
    const struct model *model = &models.models[cell];
    if (!is_tried(experiment, model))
        return;
    drive(experiment, model);
    if (experiment->repeat > 1 || model->clients_at_once == 1)
        return;
    double all = weigh(experiment, model, WEIGHED + 1), first = weigh(experiment, model, 1);
    experiment_value(experiment, model->name, "connection_bytes", (all - first) / WEIGHED);
}

static void run(struct experiment *experiment)
{
    char *folder = places_servers();
    catalogue_read(&models, folder, NULL);
    free(folder);
    note_source(experiment);
    experiment_blocks(experiment, models.count, one);
    catalogue_finish(&models);
}

/* ---- The verdict ---- */

static double value_of(const struct figures *figures, const char *cell, const char *metric)
{
    return figures_interval(figures, cell, metric).mean;
}

/* NAN compares false: where calls could not be counted, lines decide. */
static bool takes_no_more(const struct figures *figures, const char *cell, double besides)
{
    return value_of(figures, cell, "source_lines") + besides <=
               value_of(figures, threads, "source_lines") &&
           !(value_of(figures, cell, "kinds_of_call") >
             value_of(figures, threads, "kinds_of_call"));
}

static struct claim_verdict judge(const struct figures *figures)
{
    double conversation = value_of(figures, shared, "source_lines");
    size_t event_driven = 0, shorter = 0, shorter_in_all = 0;
    if (!(conversation > 0 && value_of(figures, threads, "source_lines") > 0))
        return verdict_undecided("the source tree is not there, so its lines were not counted");
    for (size_t i = 0; i < figures->count; i++) {
        const struct figure *family = &figures->all[i];
        if (strcmp(family->metric, "family") != 0 || strcmp(family->text, "blocking") == 0 ||
            !figures_find(figures, NULL, family->cell, "throughput_rps"))
            continue;
        event_driven++;
        shorter += takes_no_more(figures, family->cell, 0);
        shorter_in_all += takes_no_more(figures, family->cell, conversation);
    }
    if (event_driven == 0)
        return verdict_undecided("no event-driven model was tried");
    if (shorter == 0)
        return verdict_confirmed();
    if (shorter_in_all > 0)
        return verdict_refuted();
    bool counted = value_of(figures, threads, "kinds_of_call") > 0;
    return verdict_depends("what is counted: of their own %zu of %zu event-driven models have no "
                           "more lines%s than threads; with the %.0f lines of states and timers, "
                           "none has",
                           shorter, event_driven,
                           counted ? " and kinds of call" : " (kinds of call were not counted)",
                           conversation);
}

const struct claim claim_d9 = {
    .id = "d9",
    .said = "An asynchronous server is no easier to get right than threads and blocking I/O.",
    .test = "Lines of each model's own (without blank ones and comments), kinds of system call "
            "while 64 connections come, ask and leave, and knobs; against throughput, CPU time per "
            "answer and memory per connection.",
    .rule = "A model is held against thread. Confirmed: every one that is not of the blocking "
            "family has more lines of its own or more kinds of system call. Refuted: one of them "
            "has no more, even when the shared lines that keep states, buffers and timers "
            "(lib/conn.c, lib/deadlines.c) are added to its side alone. Depends on what is "
            "counted: in between.",
    .repeats = 4,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
    .chart = "d9.gp",
};
