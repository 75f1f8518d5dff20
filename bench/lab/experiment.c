/* SPDX-License-Identifier: MIT */
#include "bench/lab/experiment.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <jansson.h>

#include "bench/base/loop.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/machine/cgroup.h"
#include "bench/machine/netns.h"

/* An order of so many cells, for each repeat another one. */
static size_t *draw_order(const struct experiment *experiment, size_t cells)
{
    size_t *order = text_allocate(cells, sizeof *order);
    for (size_t i = 0; i < cells; i++)
        order[i] = i;
    gsl_rng *generator = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(generator, (unsigned long)(experiment->seed + experiment->repeat));
    gsl_ran_shuffle(generator, order, cells, sizeof *order);
    gsl_rng_free(generator);
    return order;
}

void experiment_blocks(struct experiment *experiment, size_t cells,
                       void (*one)(struct experiment *, size_t cell))
{
    for (experiment->repeat = 1; experiment->repeat <= experiment->repeats; experiment->repeat++) {
        size_t *order = draw_order(experiment, cells);
        for (size_t i = 0; i < cells && !loop_interrupted(); i++) {
            say_progress("%s: repeat %u of %u, cell %zu of %zu", experiment->claim->id,
                         experiment->repeat, experiment->repeats, i + 1, cells);
            netns_renew();
            one(experiment, order[i]);
        }
        free(order);
    }
}

static void append(struct experiment *experiment, const char *cell, const char *metric,
                   json_t *content)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    json_t *line = json_pack("{s:s, s:s, s:s, s:i, s:I}", "claim", experiment->claim->id, "cell",
                             cell, "metric", metric, "repeat", (int)experiment->repeat,
                             "at_unix_ms", (json_int_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    json_object_update(line, content);
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(9));
    char *whole = text_format("%s\n", text);
    size_t length = strlen(whole);
    if (write(experiment->record, whole, length) != (ssize_t)length)
        experiment_fail(experiment, "cannot write %s/values.jsonl: %s", experiment->folder,
                        strerror(errno));
    free(whole);
    free(text);
    json_decref(line);
    json_decref(content);
}

void experiment_value(struct experiment *experiment, const char *cell, const char *metric,
                      double value)
{
    append(experiment, cell, metric, json_pack("{s:f}", "value", value));
}

void experiment_share(struct experiment *experiment, const char *cell, const char *metric,
                      int64_t hits, int64_t tries)
{
    append(experiment, cell, metric,
           json_pack("{s:I, s:I}", "hits", (json_int_t)hits, "tries", (json_int_t)tries));
}

void experiment_text(struct experiment *experiment, const char *cell, const char *metric,
                     const char *text)
{
    append(experiment, cell, metric, json_pack("{s:s}", "text", text));
}

void experiment_fail(struct experiment *experiment, const char *why, ...)
{
    char text[FIGURE_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(text, sizeof text, why, arguments);
    va_end(arguments);
    say_progress_end();
    say("%s: %s", experiment->claim->id, text);
    cgroup_finish(); /* with all that is in it */
    exit(EXIT_FAILURE);
}

static bool never(const void *argument)
{
    (void)argument;
    return false;
}

void experiment_pass_ms(unsigned ms)
{
    loop_until(never, NULL, ms, LOOP_INTERRUPTIBLE);
}

static void pin(struct experiment *experiment, const char *cpus)
{
    if (!cpus_pin(cpus))
        experiment_fail(experiment, "cannot be pinned to CPU %s", cpus);
}

void experiment_pin_to_server(struct experiment *experiment)
{
    pin(experiment, experiment->cpus.server);
}

void experiment_pin_to_load(struct experiment *experiment)
{
    pin(experiment, experiment->cpus.load);
}
