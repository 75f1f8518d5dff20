/* SPDX-License-Identifier: MIT */
#include "lib/options.h"
#include "lib/die.h"
#include "lib/echo.h"
#include "lib/http.h"
#include "lib/workers.h"

#include <argp.h>
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum key {
    KEY_HOST = 256,
    KEY_PORT,
    KEY_PROTOCOL,
    KEY_BACKLOG,
    KEY_IDLE,
    KEY_HEADER,
    KEY_DRAIN,
    KEY_MAX_HEADER,
    KEY_BODY_SIZE,
    KEY_TRACE,
    KEY_DESCRIBE,
    KEY_HELP,
    KEY_VERSION,
    KEY_KNOB /* and those behind it: the model's */
};

enum { KNOBS_MOST = 8, SECONDS_MOST = 86400 };

static const struct argp_option COMMON[] = {
    {"host", KEY_HOST, "ADDR", 0, "Listen on this IPv4 or IPv6 address (127.0.0.1)", 0},
    {"port", KEY_PORT, "N", 0, "Listen on this port; 0: the kernel chooses (0)", 0},
    {"protocol", KEY_PROTOCOL, "http|echo", 0, "What to say (http)", 0},
    {"backlog", KEY_BACKLOG, "N", 0, "Connections that may wait to be accepted (4096)", 0},
    {"idle-timeout", KEY_IDLE, "S", 0,
     "Cut off a client that does nothing for so long; 0: never (60)", 0},
    {"header-timeout", KEY_HEADER, "S", 0,
     "Cut off a client whose request head takes longer; 0: never (10)", 0},
    {"drain-timeout", KEY_DRAIN, "S", 0, "Wait at most so long for clients to see the end (5)", 0},
    {"max-header", KEY_MAX_HEADER, "BYTES", 0, "Refuse a longer request head (8192)", 0},
    {"body-size", KEY_BODY_SIZE, "BYTES", 0, "Serve a body of so many bytes (13)", 0},
    {"trace", KEY_TRACE, NULL, 0, "Print each connection's changes of state", 0},
    {"describe", KEY_DESCRIBE, NULL, 0, "Print what this server is, as JSON, and exit", 0},
    {"help", KEY_HELP, NULL, 0, "Print this and exit", 2},
    {"version", KEY_VERSION, NULL, 0, "Print the version and exit", 2},
};

enum { COMMON_COUNT = sizeof COMMON / sizeof *COMMON };

struct reading {
    struct options *options;
    const struct model *model;
    long defaults[KNOBS_MOST]; /* of the model's knobs, before any was turned */
};

/* ---- Values ---- */

static double number(const char *option, const char *text, double least, double most)
{
    char *end;
    double value;

    errno = 0;
    value = strtod(text, &end);
    if (end == text || text[strspn(text, "0123456789.")] || errno ||
        !(value >= least && value <= most))
        die_usage("--%s: '%s' is not a number from %.0f to %.0f", option, text, least, most);
    return value;
}

static long whole(const char *option, const char *text, long least, long most)
{
    double value = number(option, text, (double)least, (double)most);

    if (value != floor(value) || strchr(text, '.'))
        die_usage("--%s: '%s' is not a whole number", option, text);
    return (long)value;
}

static int64_t timeout(const char *option, const char *text, int64_t if_zero_ms)
{
    double seconds = number(option, text, 0, SECONDS_MOST);

    return seconds == 0 ? if_zero_ms : (int64_t)ceil(seconds * 1000);
}

static const struct protocol *protocol(const char *name)
{
    if (strcmp(name, "http") == 0)
        return &http_protocol;
    if (strcmp(name, "echo") == 0)
        return &echo_protocol;
    die_usage("--protocol: '%s' is neither http nor echo", name);
}

/* ---- Knobs ---- */

/* Copies the choice at index without its mark. Returns whether it is there. */
static bool choice(const char *choices, long index, char word[32], bool *fault)
{
    size_t len;

    for (; index > 0; index--) {
        choices = strchr(choices, '|');
        if (!choices)
            return false;
        choices++;
    }
    *fault = *choices == '!';
    choices += *fault;
    len = strcspn(choices, "|");
    assert(len < 32);
    memcpy(word, choices, len);
    word[len] = '\0';
    return true;
}

static void turn_knob(const struct knob *knob, const char *text)
{
    char word[32];
    bool fault;

    if (!knob->choices) {
        *knob->value = whole(knob->name, text, knob->min, knob->max);
        return;
    }
    for (long i = 0; choice(knob->choices, i, word, &fault); i++) {
        if (strcmp(word, text) != 0)
            continue;
        *knob->value = i;
        if (fault)
            warn("--%s %s: a fault on purpose", knob->name, word);
        return;
    }
    die_usage("--%s: '%s' is none of its choices (see --help)", knob->name, text);
}

/* The values worth trying, the default aside: ["10","1000"]. */
static void describe_sweep(const struct knob *knob, long standard)
{
    const char *words = knob->choices ? knob->choices : knob->sweep, *comma = "";
    char word[32];
    bool fault;

    printf("[");
    for (long i = 0; words && choice(words, i, word, &fault); i++) {
        if (fault || (knob->choices ? i : strtol(word, NULL, 10)) == standard)
            continue;
        printf("%s\"%s\"", comma, word);
        comma = ",";
    }
    printf("]");
}

/* The values that a knob takes, as --help and --describe name them. */
static const char *values(const struct knob *knob, char *text, size_t size)
{
    size_t len = 0;

    if (!knob->choices) {
        snprintf(text, size, "%ld..%ld", knob->min, knob->max);
        return text;
    }
    for (const char *c = knob->choices; *c && len + 1 < size; c++)
        if (*c != '!')
            text[len++] = *c;
    text[len] = '\0';
    return text;
}

static size_t knob_count(const struct model *model)
{
    size_t count = 0;

    while (model->knobs && model->knobs[count].name)
        count++;
    assert(count <= KNOBS_MOST);
    return count;
}

/* ---- --describe ---- */

/* By hand: these texts are ours and need no escapes, and a JSON library would be one more mapping
   that each fork copies. */
static void describe(const struct model *model, const long *defaults)
{
    int clients = model->client_each ? workers_count(model) : model->clients_at_once;

    printf("{\"name\":\"%s\",\"title\":\"%s\",\"family\":\"%s\",\"clients_at_once\":%d,"
           "\"max_descriptors\":%d,\"knobs\":[",
           model->name, model->title, model->family, clients, model->max_descriptors);
    for (size_t i = 0; i < knob_count(model); i++) {
        const struct knob *knob = &model->knobs[i];
        char word[32], range[128];
        bool fault;

        if (knob->choices)
            choice(knob->choices, defaults[i], word, &fault);
        else
            snprintf(word, sizeof word, "%ld", defaults[i]);
        printf("%s{\"name\":\"%s\",\"default\":\"%s\",\"values\":\"%s\",\"help\":\"%s\","
               "\"sweep\":",
               i ? "," : "", knob->name, word, values(knob, range, sizeof range), knob->help);
        describe_sweep(knob, defaults[i]);
        printf("}");
    }
    printf("]}\n");
    exit(EXIT_SUCCESS);
}

/* ---- The command line ---- */

static _Noreturn void help(const struct argp_state *state)
{
    argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK, state->name);
    exit(EXIT_SUCCESS);
}

static _Noreturn void version(void)
{
    printf("%s (c10kit) %s\n", program_invocation_short_name, C10KIT_VERSION);
    exit(EXIT_SUCCESS);
}

/* Times and sizes. Returns whether the key is one of theirs. */
static bool take_bound(int key, const char *text, struct options *options)
{
    switch (key) {
    case KEY_IDLE:
        options->timeout_ms[TIMER_IDLE] = timeout("idle-timeout", text, NEVER_MS);
        return true;
    case KEY_HEADER:
        options->timeout_ms[TIMER_HEADER] = timeout("header-timeout", text, NEVER_MS);
        return true;
    case KEY_DRAIN:
        options->timeout_ms[TIMER_DRAIN] = timeout("drain-timeout", text, 0);
        return true;
    case KEY_MAX_HEADER:
        options->settings.max_head = (size_t)whole("max-header", text, 64, PROTOCOL_MAX_HEAD);
        return true;
    case KEY_BODY_SIZE:
        options->settings.body_size = (uint64_t)whole("body-size", text, 0, 1L << 40);
        return true;
    default:
        return false;
    }
}

static error_t take(int key, char *text, struct argp_state *state)
{
    const struct reading *reading = state->input;
    struct options *options = reading->options;

    if (take_bound(key, text, options))
        return 0;
    switch (key) {
    case KEY_HOST:
        options->host = text;
        break;
    case KEY_PORT:
        options->port = (int)whole("port", text, 0, 65535);
        break;
    case KEY_PROTOCOL:
        options->protocol = protocol(text);
        break;
    case KEY_BACKLOG:
        options->backlog = (int)whole("backlog", text, 1, INT32_MAX);
        break;
    case KEY_TRACE:
        options->trace = true;
        break;
    case KEY_DESCRIBE:
        describe(reading->model, reading->defaults);
        break;
    case KEY_HELP:
        help(state);
    case KEY_VERSION:
        version();
    case ARGP_KEY_ARG:
        die_usage("'%s': no arguments are taken, only options (see --help)", text);
    default:
        if (key < KEY_KNOB || key >= KEY_KNOB + KNOBS_MOST)
            return ARGP_ERR_UNKNOWN;
        turn_knob(&reading->model->knobs[key - KEY_KNOB], text);
    }
    return 0;
}

static bool is_known(const struct argp_option *list, const char *word)
{
    size_t len = strcspn(word, "=");

    for (; list->name; list++)
        if (strncmp(list->name, word, len) == 0 && (list->arg || word[len] == '\0'))
            return true;
    return false;
}

/* The word that argp did not take: it does not say which. */
static const char *culprit(const struct argp_option *list, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1] != '-')
            return argv[i];
        if (argv[i][0] == '-' && !is_known(list, argv[i] + 2))
            return argv[i];
    }
    return argv[argc - 1];
}

/* argp's own complaint takes two lines: one is enough, and says where. (Its own --help would be
   silenced with it.) */
static void parse(const struct argp *argp, int argc, char **argv, struct reading *reading)
{
    if (argp_parse(argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, reading) != 0)
        die_usage("'%s': no such option, or its value is missing (see --help)",
                  culprit(argp->options, argc, argv));
}

void options_read(struct options *options, const struct model *model, int argc, char **argv)
{
    struct argp_option list[COMMON_COUNT + KNOBS_MOST + 1] = {0};
    struct argp argp = {list, take, NULL, model->title, NULL, NULL, NULL};
    struct reading reading = {options, model, {0}};
    static char ranges[KNOBS_MOST][128]; /* argp reads them until it has printed its help */

    *options = (struct options){
        .host = "127.0.0.1",
        .backlog = 4096,
        .protocol = &http_protocol,
        .settings = {.body_size = 13, .max_head = 8192},
        .timeout_ms = {[TIMER_IDLE] = 60000, [TIMER_HEADER] = 10000, [TIMER_DRAIN] = 5000},
    };
    memcpy(list, COMMON, sizeof COMMON);
    for (size_t i = 0; i < knob_count(model); i++) {
        const struct knob *knob = &model->knobs[i];
        const char *range = values(knob, ranges[i], sizeof ranges[i]);

        reading.defaults[i] = *knob->value;
        list[COMMON_COUNT + i] =
            (struct argp_option){knob->name, KEY_KNOB + (int)i, range, 0, knob->help, 1};
    }
    parse(&argp, argc, argv, &reading);
}
