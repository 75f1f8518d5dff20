/* SPDX-License-Identifier: MIT */
#include "bench/run/run_options.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    KEY_MODELS = 'm',
    KEY_OUTPUT = 'o',
    KEY_TIME = 't',
    KEY_BLOCKS = 'b',
    KEY_LEVELS = 'l',
    KEY_DRY_RUN = 'n',
    KEY_WORKLOADS = 1000,
    KEY_SERVERS,
    KEY_PEERS,
    KEY_WARM_UP,
    KEY_SERVER_CPUS,
    KEY_LOAD_CPUS,
    KEY_SEED,
    KEY_SENTINEL,
    KEY_TWIN,
    KEY_RESUME,
    KEY_ATTEMPTS,
    KEY_NO_COLD
};

enum { ATTEMPTS_MOST = 3, LEVEL_MOST = 10000000 };

static const unsigned warm_up_open = UINT_MAX; /* not said: 0 is a choice */

static const struct argp_option options[] = {
    {"models", KEY_MODELS, "A,B", 0, "Measure only these models (default: all)", 0},
    {"peers", KEY_PEERS, "A,B", 0,
     "Measure these servers as well: nginx, lighttpd, h2o, haproxy, libreactor, lwan, facil, "
     "floor-poll, floor-epoll-lt, floor-epoll-et, floor-io-uring, or the path of a peer.json",
     0},
    {"workloads", KEY_WORKLOADS, "A,B", 0,
     "keep-alive,churn (default), latency, capacity, idle, memory, echo, mixed, syscalls, peak, "
     "pipelined, scaling, knob",
     0},
    {"levels", KEY_LEVELS, "N,N", 0,
     "Of the workload: connections, requests/s, ... (default: the mode's)", 0},
    {"blocks", KEY_BLOCKS, "N", 0, "Passes over everything, each in random order", 0},
    {"time", KEY_TIME, "SECONDS", 0, "Length of a window; wrk adds up to 0.1", 0},
    {"warm-up", KEY_WARM_UP, "SECONDS", 0, "Load before each window", 0},
    {"server-cpus", KEY_SERVER_CPUS, "LIST", 0,
     "CPUs for the server (default: the last; scaling: all, one after the other)", 0},
    {"load-cpus", KEY_LOAD_CPUS, "LIST", 0,
     "CPUs for wrk and c10kit (default: the first; scaling: all)", 0},
    {"output", KEY_OUTPUT, "DIR", 0, "Record into DIR (default: results/run-DATE-TIME)", 0},
    {"resume", KEY_RESUME, "DIR", 0,
     "Go on with the run in DIR that was broken off; no other option but --servers-dir", 0},
    {"attempts", KEY_ATTEMPTS, "N", 0,
     "Measure a trial that the machine spoils so often (1 to 3; default: 3)", 0},
    {"seed", KEY_SEED, "N", 0, "Draw the order with this seed (default: the clock)", 0},
    {"sentinel", KEY_SENTINEL, "MODEL", 0,
     "Tell by this model how the machine drifted (default: epoll-lt, or the first)", 0},
    {"twin", KEY_TWIN, "MODEL|none", 0,
     "Measure this model twice, to tell what no difference looks like (default: the sentinel, if "
     "standard or publish)",
     0},
    {"servers-dir", KEY_SERVERS, "DIR", 0, "Take the servers' executables from DIR", 0},
    {"no-cold", KEY_NO_COLD, NULL, 0, "Leave out what hyperfine times", 0},
    {"dry-run", KEY_DRY_RUN, NULL, 0, "Print the schedule and the time it takes; measure nothing",
     0},
    {0},
};

static double number_in(struct argp_state *state, const char *text, double low, double high)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (end == text || *end || errno || !(number >= low && number <= high))
        argp_error(state, "%s is not a number from %g to %g", text, low, high);
    return number;
}

static unsigned whole_in(struct argp_state *state, const char *text, double low, double high)
{
    double number = number_in(state, text, low, high);
    if (number != floor(number))
        argp_error(state, "%s is not a whole number", text);
    return (unsigned)number;
}

static void parse_levels(struct workload_levels *levels, char *list, struct argp_state *state)
{
    char *rest = NULL;
    levels->count = 0;
    for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        if (levels->count == WORKLOAD_LEVELS_LIMIT)
            argp_error(state, "more than %d levels", WORKLOAD_LEVELS_LIMIT);
        levels->of[levels->count++] = whole_in(state, word, 0, LEVEL_MOST);
    }
    if (levels->count == 0)
        argp_error(state, "no level");
}

static void add_part(struct run_options *run, enum workload workload)
{
    for (size_t i = 0; i < run->part_count; i++)
        if (run->parts[i].workload == workload)
            return;
    run->parts[run->part_count++].workload = workload;
}

/* A workload's name, or that of its group. */
static void parse_workloads(struct run_options *run, char *list, struct argp_state *state)
{
    char *rest = NULL;
    run->part_count = 0;
    for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        bool known = false;
        for (int i = 0; i < WORKLOAD_COUNT; i++) {
            const struct workload_facts *facts = workload_facts((enum workload)i);
            if (strcmp(word, facts->name) != 0 &&
                (!facts->group || strcmp(word, facts->group) != 0))
                continue;
            add_part(run, (enum workload)i);
            known = true;
        }
        if (!known)
            argp_error(state, "%s is no workload; `c10kit list --workloads` names them", word);
    }
    if (run->part_count == 0)
        argp_error(state, "no workload");
}

static void copy_cpus(char *to, const char *list, struct argp_state *state)
{
    if (snprintf(to, CPUS_TEXT_SIZE, "%s", list) >= CPUS_TEXT_SIZE)
        argp_error(state, "too long a list of CPUs");
}

static error_t parse_how(int key, char *argument, struct argp_state *state)
{
    struct run_options *run = state->input;
    switch (key) {
    case KEY_BLOCKS:
        run->blocks = whole_in(state, argument, 1, 1000);
        return 0;
    case KEY_TIME:
        run->window_ms = (unsigned)lround(1e3 * number_in(state, argument, 0.1, 3600));
        return 0;
    case KEY_WARM_UP:
        run->warm_up_ms = (unsigned)lround(1e3 * number_in(state, argument, 0, 3600));
        return 0;
    case KEY_ATTEMPTS:
        run->attempts = whole_in(state, argument, 1, ATTEMPTS_MOST);
        return 0;
    case KEY_SEED:
        run->seed = (uint64_t)number_in(state, argument, 0, 4294967295.0);
        return 0;
    case KEY_SERVER_CPUS:
        copy_cpus(run->cpus.server, argument, state);
        return 0;
    case KEY_LOAD_CPUS:
        copy_cpus(run->cpus.load, argument, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_what(int key, char *argument, struct argp_state *state)
{
    struct run_options *run = state->input;
    switch (key) {
    case KEY_MODELS:
        run->models = argument;
        return 0;
    case KEY_PEERS:
        run->peers = argument;
        return 0;
    case KEY_SERVERS:
        run->servers = argument;
        return 0;
    case KEY_OUTPUT:
        run->output = argument;
        return 0;
    case KEY_WORKLOADS:
        parse_workloads(run, argument, state);
        return 0;
    case KEY_LEVELS:
        parse_levels(&run->levels, argument, state);
        return 0;
    case KEY_SENTINEL:
        run->sentinel = argument;
        return 0;
    case KEY_TWIN:
        run->twin = argument;
        return 0;
    case KEY_RESUME:
        run->resume = argument;
        return 0;
    case KEY_NO_COLD:
        run->no_cold = true;
        return 0;
    case KEY_DRY_RUN:
        run->dry_run = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What the command line left open. */
static void follow_mode(struct run_options *run)
{
    const struct mode *mode = run->mode;
    if (run->window_ms == 0)
        run->window_ms = mode->window_ms;
    if (run->warm_up_ms == warm_up_open)
        run->warm_up_ms = mode->warm_up_ms;
    for (size_t i = 0; i < run->part_count; i++)
        run->parts[i].levels =
            run->levels.count ? run->levels : *mode_levels(mode, run->parts[i].workload);
}

/* The same numbers cannot be connections here and requests per second there. */
static void check_levels(const struct run_options *run, struct argp_state *state)
{
    for (size_t i = 0; i < run->part_count && run->levels.count > 0; i++) {
        enum workload first = run->parts[0].workload, other = run->parts[i].workload;
        if (workload_facts(first)->unit != workload_facts(other)->unit)
            argp_error(state, "--levels: %s of %s are not %s of %s; choose one of the workloads",
                       workload_unit(first), workload_name(first), workload_unit(other),
                       workload_name(other));
        for (size_t k = 0; k < run->levels.count; k++)
            if (!workload_has_level(other, run->levels.of[k]))
                argp_error(state, "%s has no level %u", workload_name(other), run->levels.of[k]);
    }
}

static error_t parse_mode(int key, char *argument, struct argp_state *state)
{
    struct run_options *run = state->input;
    switch (key) {
    case ARGP_KEY_ARG:
        run->mode = mode_find(argument);
        if (!run->mode || state->arg_num > 0)
            argp_error(state, "%s is no mode; there are quick, standard and publish", argument);
        return 0;
    case ARGP_KEY_END:
        if (run->resume && run->others)
            argp_error(state, "--resume goes on with what was asked for: no other options");
        check_levels(run, state);
        follow_mode(run);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct run_options *run = state->input;
    error_t error = parse_what(key, argument, state);
    if (error)
        error = parse_how(key, argument, state);
    if (error)
        error = parse_mode(key, argument, state);
    if (!error && key != KEY_RESUME && key != KEY_SERVERS && key != ARGP_KEY_END)
        run->others = true;
    return error;
}

void run_options_parse(struct run_options *run, int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "[quick|standard|publish]",
        .doc = "Measures every model in every workload at every level, in random order, and leaves "
               "the record, summary, ranking, charts and report in a folder.\v"
               "quick (the default): 3 blocks, 0.2 s each, levels 64, 1000; a preview, not "
               "ranked. standard: as many blocks as a ranking needs, at least 12, 1 s, levels up "
               "to 10000, and an A/A twin. publish: at least 30 blocks, 2 s.\n\n"
               "Ctrl-C ends a run; what was measured is kept, summarised and drawn, and --resume "
               "goes on from there."};
    *run = (struct run_options){
        .mode = mode_find("quick"),
        .parts = {{.workload = WORKLOAD_KEEP_ALIVE}, {.workload = WORKLOAD_CHURN}},
        .part_count = 2,
        .warm_up_ms = warm_up_open,
        .attempts = ATTEMPTS_MOST,
        .seed = (uint64_t)time(NULL)};
    argp_parse(&argp, argc, argv, 0, NULL, run);
}
