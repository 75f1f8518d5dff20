/* SPDX-License-Identifier: MIT */
#include "bench/run/generator.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/machine/launch.h"
#include "bench/base/places.h"
#include "bench/base/text.h"

enum { WORDS_MOST = 24, SPARE_MS = 5000, EXIT_LIMIT_MS = 20000 };

struct words {
    char *at[WORDS_MOST];
    size_t count;
};

static void add(struct words *words, char *word)
{
    words->at[words->count++] = word;
}

/* Standard output carries the marks, and after them the summary for people. */
static void compose(struct words *words, const struct generator *generator,
                    const struct generator_order *order)
{
    add(words, places_generator());
    add(words, text_copy("--marks=1"));
    add(words, text_format("--connections=%u", order->connections));
    add(words, text_format("--warm-up=%.3f", order->warm_up_ms / 1e3));
    add(words, text_format("--time=%.3f", order->window_ms / 1e3));
    add(words, text_format("--json=%s", generator->json_path));
    if (generator->histogram_path)
        add(words, text_format("--histogram=%s", generator->histogram_path));
    if (order->path)
        add(words, text_format("--path=%s", order->path));
    if (order->rate_rps > 0)
        add(words, text_format("--rate=%.1f", order->rate_rps));
    if (order->rate_rps > 0)
        add(words, text_format("--seed=%" PRIu64, order->seed));
    if (order->hold)
        add(words, text_copy("--hold"));
    if (order->depth > 1)
        add(words, text_format("--pipeline=%u", order->depth));
    if (order->threads > 1)
        add(words, text_format("--threads=%u", order->threads));
    if (order->idle > 0)
        add(words, text_format("--idle=%u", order->idle));
    if (order->client && *order->client)
        add(words, text_format("--hostile=%s", order->client));
    if (order->echo_bytes > 0) {
        add(words, text_copy("--protocol=echo"));
        add(words, text_format("--size=%u", order->echo_bytes));
    }
    add(words, text_format("127.0.0.1:%u", (unsigned)order->port));
}

bool generator_start(struct generator *generator, const struct run *run,
                     const struct generator_order *order, const char *stem_path,
                     struct trial *trial)
{
    struct words words = {0};
    generator->json_path = text_format("%s.load.json", stem_path);
    if (order->connections > 0)
        generator->histogram_path = text_format("%s.load.csv", stem_path);
    compose(&words, generator, order);
    char **line =
        launch_command(generator->group, order->cpus ? order->cpus : run->cpus.load, 0, words.at);
    int error = child_start(&generator->child, line);
    if (error)
        trial_fail(trial, "cannot start c10kit-load: %s", uv_strerror(error));
    free(line);
    for (size_t i = 0; i < words.count; i++)
        free(words.at[i]);
    return error == 0;
}

static bool wait_for(struct generator *generator, const char *mark, uint64_t limit_ms,
                     struct trial *trial)
{
    if (child_wait_text(&generator->child, mark, limit_ms))
        return true;
    const char *said = generator->child.errors.at;
    trial_fail(trial, "c10kit-load did not come to its %.*s: %.*s", (int)strcspn(mark, "\n"), mark,
               (int)strcspn(said, "\n"), said);
    return false;
}

bool generator_is_open(struct generator *generator, unsigned limit_ms)
{
    return child_wait_text(&generator->child, "open\n", limit_ms);
}

void generator_release(struct generator *generator)
{
    child_signal(&generator->child, SIGUSR1);
}

void generator_end_window(struct generator *generator)
{
    child_signal_main(&generator->child, SIGINT);
}

void generator_pause(struct generator *generator)
{
    child_signal(&generator->child, SIGSTOP);
}

void generator_resume(struct generator *generator)
{
    child_signal(&generator->child, SIGCONT);
}

bool generator_wait_window(struct generator *generator, unsigned warm_up_ms, struct trial *trial)
{
    return wait_for(generator, "window\n", warm_up_ms + SPARE_MS, trial);
}

bool generator_wait_done(struct generator *generator, unsigned window_ms, struct trial *trial)
{
    return wait_for(generator, "done\n", window_ms + SPARE_MS, trial);
}

bool generator_read(struct generator *generator, struct trial *trial)
{
    struct child *child = &generator->child;
    if (!child_wait_exit(child, EXIT_LIMIT_MS, LOOP_REGARDLESS)) {
        trial_fail(trial, "c10kit-load did not end");
        return false;
    }
    generator->result = json_load_file(generator->json_path, 0, NULL);
    /* Status 1 says that there is something in the figures to be judged, which is the gate's. */
    if (child->exit_signal != 0 || child->exit_status > 1 || !generator->result ||
        (generator->histogram_path &&
         !histogram_read(&generator->response, generator->histogram_path))) {
        trial_fail(trial, "c10kit-load failed (status %d, signal %d): %.*s",
                   (int)child->exit_status, child->exit_signal,
                   (int)strcspn(child->errors.at, "\n"), child->errors.at);
        return false;
    }
    return true;
}

int64_t generator_number(const struct generator *generator, const char *group, const char *name)
{
    const json_t *object = generator->result;
    if (group)
        object = json_object_get(object, group);
    const json_t *number = json_object_get(object, name);
    return json_is_number(number) ? llround(json_number_value(number)) : TRIAL_UNKNOWN;
}

void generator_set_beside(struct generator *generator, const struct generator *crowd,
                          struct trial *trial)
{
    static const size_t layout = JSON_INDENT(2) | JSON_REAL_PRECISION(9);
    json_object_set(generator->result, "beside", json_object_get(crowd->result, "beside"));
    if (json_dump_file(generator->result, generator->json_path, layout) != 0)
        trial_fail(trial, "cannot write %s", generator->json_path);
}

void generator_finish(struct generator *generator)
{
    child_finish(&generator->child);
    histogram_finish(&generator->response);
    json_decref(generator->result);
    if (generator->histogram_path)
        unlink(generator->histogram_path); /* it is in histograms/ */
    free(generator->histogram_path);
    free(generator->json_path);
}
