/* SPDX-License-Identifier: MIT */
#include "bench/load/options.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/clock.h"

enum {
    KEY_CONNECTIONS = 'c',
    KEY_THREADS = 't',
    KEY_RATE = 'r',
    KEY_PROTOCOL = 1000,
    KEY_CHURN,
    KEY_PIPELINE,
    KEY_SIZE,
    KEY_ARRIVALS,
    KEY_SEED,
    KEY_UNBOUNDED,
    KEY_TIMEOUT,
    KEY_WARM_UP,
    KEY_TIME,
    KEY_PATH,
    KEY_HEADER,
    KEY_IDLE,
    KEY_HOSTILE,
    KEY_JSON,
    KEY_HISTOGRAM,
    KEY_HDR,
    KEY_MARKS,
    KEY_HOLD
};

enum { UNBOUNDED_USUAL = 20000, ARRIVALS_MOST = 1 << 28 };

static const struct argp_option list[] = {
    {"protocol", KEY_PROTOCOL, "http|echo", 0, "What is spoken (default: http)", 0},
    {"connections", KEY_CONNECTIONS, "N", 0,
     "Connections that send (default: 64; 0: --idle and --hostile alone)", 0},
    {"threads", KEY_THREADS, "N", 0, "Threads, each with its share (1 to 64; default: 1)", 0},
    {"pipeline", KEY_PIPELINE, "N", 0, "Requests under way on each connection (1 to 64)", 0},
    {"churn", KEY_CHURN, NULL, 0, "A new connection for each request; http only", 0},
    {"size", KEY_SIZE, "BYTES", 0, "echo: of a message (1 to 1048576; default: 64)", 0},
    {"path", KEY_PATH, "PATH", 0, "http: what is asked for (default: /)", 0},
    {"header", KEY_HEADER, "LINE", 0, "http: one more line for the request; may be repeated", 0},
    {"rate", KEY_RATE, "R", 0,
     "Open loop: send R requests per second, whether the server keeps up or not", 1},
    {"arrivals", KEY_ARRIVALS, "poisson|uniform", 0, "Open loop: their gaps (default: poisson)", 1},
    {"seed", KEY_SEED, "N", 0, "Open loop: draw the gaps with this seed (default: 1)", 1},
    {"unbounded", KEY_UNBOUNDED, "N", OPTION_ARG_OPTIONAL,
     "Open loop: open a new connection when none is free, up to N (default: 20000)", 1},
    {"warm-up", KEY_WARM_UP, "SECONDS", 0, "Load that is not counted, before (default: 0.5)", 2},
    {"time", KEY_TIME, "SECONDS", 0, "Length of the window that is counted (default: 2)", 2},
    {"timeout", KEY_TIMEOUT, "SECONDS", 0, "Give a request up after so long (default: 10)", 2},
    {"idle", KEY_IDLE, "N", 0, "Keep N silent connections open beside the load", 3},
    {"hostile", KEY_HOSTILE, "SCRIPT[:N]", 0,
     "N bad clients beside the load: silent, slow-header, slow-reader, fire-hose or reset; may be "
     "repeated",
     3},
    {"json", KEY_JSON, "FILE", 0, "Write everything as one object; - is standard output", 4},
    {"histogram", KEY_HISTOGRAM, "FILE", 0, "Write response times as latency_ns,count", 4},
    {"hdr", KEY_HDR, "FILE", 0, "Write them as HdrHistogram's percentile text, in ms", 4},
    {"marks", KEY_MARKS, "FD", 0,
     "Write the lines `window` and `done` to this descriptor at the window's edges", 4},
    {"hold", KEY_HOLD, NULL, 0,
     "When all connections stand, write `open` to it as well, and begin at SIGUSR1", 4},
    {0},
};

/* ---- Values ---- */

static double number_in(struct argp_state *state, const char *text, double least, double most)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    if (end == text || *end || errno || !(number >= least && number <= most))
        argp_error(state, "%s is not a number from %g to %.10g", text, least, most);
    return number;
}

static unsigned whole_in(struct argp_state *state, const char *text, double least, double most)
{
    double number = number_in(state, text, least, most);
    if (number != floor(number))
        argp_error(state, "%s is not a whole number", text);
    return (unsigned)number;
}

static uint64_t span_ns(struct argp_state *state, const char *text, double least_s, double most_s)
{
    return (uint64_t)llround(number_in(state, text, least_s, most_s) * (double)CLOCK_SECOND_NS);
}

static uint64_t seed_of(struct argp_state *state, const char *text)
{
    char *end;
    errno = 0;
    uint64_t seed = strtoull(text, &end, 10);
    if (end == text || *end || errno || *text == '-')
        argp_error(state, "%s is not a seed: a whole number below 2^64", text);
    return seed;
}

/* Which of the words it is. */
static int choice(struct argp_state *state, const char *text, const char *first, const char *second)
{
    if (strcmp(text, first) != 0 && strcmp(text, second) != 0)
        argp_error(state, "%s is neither %s nor %s", text, first, second);
    return strcmp(text, second) == 0;
}

static void take_hostile(struct plan *plan, char *text, struct argp_state *state)
{
    char *colon = strchr(text, ':');
    if (colon)
        *colon++ = '\0';
    for (int i = CROWD_IDLE + 1; i < CROWD_SCRIPTS; i++)
        if (strcmp(text, crowd_script_name((enum crowd_script)i)) == 0) {
            plan->beside[i] += colon ? whole_in(state, colon, 1, PLAN_CONNECTIONS_MOST) : 1;
            return;
        }
    argp_error(state, "%s is none of silent, slow-header, slow-reader, fire-hose, reset", text);
}

static void take_header(struct plan *plan, const char *text, struct argp_state *state)
{
    const char *colon = strchr(text, ':');
    if (!colon || colon == text || strpbrk(text, "\r\n"))
        argp_error(state, "'%s' is no header line: write it as 'Name: value'", text);
    if (plan->header_count == PLAN_HEADERS_MOST)
        argp_error(state, "more than %d header lines", PLAN_HEADERS_MOST);
    plan->headers[plan->header_count++] = text;
}

static int descriptor(struct argp_state *state, const char *text)
{
    int fd = (int)whole_in(state, text, 0, 1 << 20);
    if (fcntl(fd, F_GETFD) < 0)
        argp_error(state, "descriptor %d is not open", fd);
    return fd;
}

/* ---- Keys ---- */

static bool take_load(int key, char *text, struct argp_state *state)
{
    struct plan *plan = state->input;
    switch (key) {
    case KEY_PROTOCOL:
        plan->protocol = choice(state, text, "http", "echo") ? PLAN_ECHO : PLAN_HTTP;
        return true;
    case KEY_CONNECTIONS:
        plan->connections = whole_in(state, text, 0, PLAN_CONNECTIONS_MOST);
        return true;
    case KEY_THREADS:
        plan->threads = whole_in(state, text, 1, PLAN_THREADS_MOST);
        return true;
    case KEY_PIPELINE:
        plan->pipeline = whole_in(state, text, 1, PLAN_PIPELINE_MOST);
        return true;
    case KEY_CHURN:
        plan->churn = true;
        return true;
    case KEY_SIZE:
        plan->size = whole_in(state, text, PLAN_SIZE_LEAST, PLAN_SIZE_MOST);
        return true;
    case KEY_PATH:
        plan->path = text;
        if (*text != '/' || strpbrk(text, " \r\n"))
            argp_error(state, "'%s' is no path: it begins with / and has no blanks", text);
        return true;
    case KEY_HEADER:
        take_header(plan, text, state);
        return true;
    default:
        return false;
    }
}

static bool take_open_loop(int key, const char *text, struct argp_state *state)
{
    struct plan *plan = state->input;
    switch (key) {
    case KEY_RATE:
        plan->rate = number_in(state, text, 0.1, 1e7);
        return true;
    case KEY_ARRIVALS:
        plan->arrivals =
            choice(state, text, "poisson", "uniform") ? ARRIVALS_UNIFORM : ARRIVALS_POISSON;
        return true;
    case KEY_SEED:
        plan->seed = seed_of(state, text);
        return true;
    case KEY_UNBOUNDED:
        plan->most = text ? whole_in(state, text, 1, PLAN_CONNECTIONS_MOST) : UNBOUNDED_USUAL;
        return true;
    default:
        return false;
    }
}

static bool take_time(int key, const char *text, struct argp_state *state)
{
    struct plan *plan = state->input;
    switch (key) {
    case KEY_WARM_UP:
        plan->warm_up_ns = span_ns(state, text, 0, 3600);
        return true;
    case KEY_TIME:
        plan->window_ns = span_ns(state, text, 0.01, 3600);
        return true;
    case KEY_TIMEOUT:
        plan->timeout_ns = span_ns(state, text, 0.001, 100);
        return true;
    default:
        return false;
    }
}

/* Without a load: what belongs to one would be left out without a word. */
static void check_alone(const struct plan *plan, struct argp_state *state)
{
    unsigned beside = 0;
    for (int i = 0; i < CROWD_SCRIPTS; i++)
        beside += plan->beside[i];
    if (beside == 0)
        argp_error(state, "--connections 0 needs --idle or --hostile: nobody would be there");
    if (plan_is_open(plan) || plan->churn || plan->pipeline > 1 || plan->threads > 1 ||
        plan->histogram || plan->hdr)
        argp_error(state, "--connections 0 sends no load: leave --rate, --churn, --pipeline, "
                          "--threads, --histogram and --hdr away");
}

static void finish(struct plan *plan, struct argp_state *state)
{
    bool open = plan_is_open(plan);
    if (!plan->target)
        argp_error(state, "no target: say HOST:PORT");
    if (plan->churn && plan->protocol == PLAN_ECHO)
        argp_error(state, "--churn needs http: an echo server does not end a conversation");
    if (plan->pipeline > 1 && (plan->churn || open))
        argp_error(state, "--pipeline needs a closed loop without --churn");
    if (!open && plan->most)
        argp_error(state, "--unbounded needs --rate");
    if (plan->connections == 0)
        check_alone(plan, state);
    else if (plan->threads > plan->connections)
        argp_error(state, "more threads than connections");
    if (open &&
        plan->rate * (double)(plan->warm_up_ns + plan->window_ns) / CLOCK_SECOND_NS > ARRIVALS_MOST)
        argp_error(state, "more than %d arrivals: shorten the window", ARRIVALS_MOST);
    if (plan->most < plan->connections)
        plan->most = plan->connections;
}

static error_t take(int key, char *text, struct argp_state *state)
{
    struct plan *plan = state->input;
    if (take_load(key, text, state) || take_open_loop(key, text, state) ||
        take_time(key, text, state))
        return 0;
    switch (key) {
    case KEY_IDLE:
        plan->beside[CROWD_IDLE] = whole_in(state, text, 0, PLAN_CONNECTIONS_MOST);
        break;
    case KEY_HOSTILE:
        take_hostile(plan, text, state);
        break;
    case KEY_JSON:
        plan->json = text;
        break;
    case KEY_HISTOGRAM:
        plan->histogram = text;
        break;
    case KEY_HDR:
        plan->hdr = text;
        break;
    case KEY_MARKS:
        plan->marks = descriptor(state, text);
        break;
    case KEY_HOLD:
        plan->hold = true;
        break;
    case ARGP_KEY_ARG:
        if (plan->target)
            argp_error(state, "one target only, not also %s", text);
        plan->target = text;
        break;
    case ARGP_KEY_END:
        finish(plan, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

void options_read(struct plan *plan, int argc, char **argv)
{
    static const struct argp argp = {
        .options = list,
        .parser = take,
        .args_doc = "HOST:PORT\nmerge FILE...",
        .doc = "Drives a server and says what its clients saw.\v"
               "Without --rate the loop is closed: a connection sends its next request after its "
               "last answer. Exit status: 0, the figures may be used; 1, they may not (the last "
               "line says why), or the load could not be driven; 64, wrong usage. `merge` adds "
               "histograms of several generators up and writes the sum to standard output.",
    };
    argp_program_version = "c10kit-load " C10KIT_VERSION;
    *plan = (struct plan){
        .connections = 64,
        .threads = 1,
        .pipeline = 1,
        .size = 64,
        .seed = 1,
        .path = "/",
        .timeout_ns = 10 * CLOCK_SECOND_NS,
        .warm_up_ns = CLOCK_SECOND_NS / 2,
        .window_ns = 2 * CLOCK_SECOND_NS,
        .marks = -1,
    };
    argp_parse(&argp, argc, argv, 0, NULL, plan);
}
