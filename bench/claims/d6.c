/* SPDX-License-Identifier: MIT */
/* Nine ways in which a conversation ends, each befalling two clients. Does the log of transitions
 * tell the nine apart, and the two of each alike? And what does it cost to write it? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/base/text.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum {
    TWINS = 2,
    SETTLE_MS = 100,
    TIMEOUTS_MS = 1000, /* twice the server's own, and what lingers after one */
    TRAILS_MOST = 64,
    RATE_RPS = 5000,
    BUSY = 16
};

/* A quick run tries the first three. */
static const char *const models[] = {"thread",       "epoll-lt", "libuv", "fork",
                                     "polling-list", "select",   "poll",  "epoll-et"};
enum { MODELS = sizeof models / sizeof *models, QUICK_MODELS = 3 };

/* ---- What befalls a client, who was answered once before ---- */

static const char half_head[] = "GET / HTTP/1.1\r\nHo";
static const char half_body[] = "GET / HTTP/1.1\r\nHost: c10kit\r\nContent-Length: 9\r\n\r\nhalf";

static const struct fate {
    const char *says;
    bool leaves, resets; /* right after it has spoken */
    bool keeps_asking;   /* until the server stops */
} fates[] = {
    {"", true, false, false},
    {half_head, true, false, false},
    {half_body, true, false, false},
    {half_head, true, true, false},
    {"", false, false, false}, /* the rest waits for its timeout */
    {half_head, false, false, false},
    {half_body, false, false, false},
    {"\x16\x03\x01 no HTTP\r\n\r\n", false, false, false},
    {"", false, false, true},
};
enum { FATES = sizeof fates / sizeof *fates, CLIENTS = FATES * TWINS };

static void leave(int fd, bool reset)
{
    const struct linger now = {.l_onoff = 1};
    if (reset)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    client_close(fd);
}

static void ask_once(struct experiment *experiment, int fd)
{
    if (!client_send(fd, client_request, strlen(client_request)) || !client_read_answer(fd))
        experiment_fail(experiment, "no answer: %s", strerror(errno));
}

/* All are there before the first one goes, so that no two of them have the same descriptor. Those
 * who keep asking are left. */
static void befall(struct experiment *experiment, uint16_t port, int clients[CLIENTS])
{
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = client_asked(experiment, port);
    for (size_t i = 0; i < CLIENTS; i++)
        client_send(clients[i], fates[i % FATES].says, strlen(fates[i % FATES].says));
    experiment_pass_ms(SETTLE_MS);
    for (size_t i = 0; i < CLIENTS; i++)
        if (fates[i % FATES].leaves)
            leave(clients[i], fates[i % FATES].resets);
    for (int ms = 0; ms < TIMEOUTS_MS; ms += SETTLE_MS) {
        for (size_t i = 0; i < CLIENTS; i++)
            if (fates[i % FATES].keeps_asking)
                ask_once(experiment, clients[i]);
        experiment_pass_ms(SETTLE_MS);
    }
    for (size_t i = 0; i < CLIENTS; i++)
        if (!fates[i % FATES].leaves && !fates[i % FATES].keeps_asking)
            client_close(clients[i]);
}

/* ---- The log ---- */

/* "trace: PID/FD: idle -> head on head": whose it is, and all that happened to it. */
struct trail {
    char *whose, *events;
};

static void follow(struct trail *trails, size_t *count, const char *line)
{
    const char *whose = line + strlen("trace: "), *event = strstr(whose, ": ");
    size_t i = 0, width = event ? (size_t)(event - whose) : 0;
    if (strncmp(line, "trace: ", strlen("trace: ")) != 0 || width == 0)
        return;
    while (i < *count && (strncmp(trails[i].whose, whose, width) != 0 || trails[i].whose[width]))
        i++;
    if (i == TRAILS_MOST)
        return;
    if (i == *count)
        trails[(*count)++] = (struct trail){text_format("%.*s", (int)width, whose), text_copy("")};
    char *longer = text_format("%s%s; ", trails[i].events, event + 2);
    free(trails[i].events);
    trails[i].events = longer;
}

/* How many fates left trails that only their twins share. */
static size_t told_apart(const struct trail *trails, size_t count)
{
    size_t apart = 0;
    for (size_t i = 0; i < count; i++) {
        size_t alike = 0;
        for (size_t k = 0; k < count; k++)
            alike += strcmp(trails[i].events, trails[k].events) == 0;
        apart += alike == TWINS;
    }
    return apart / TWINS;
}

static void read_log(struct experiment *experiment, const char *model, const char *log)
{
    struct trail trails[TRAILS_MOST];
    size_t count = 0;
    char *text = text_copy(log), *rest = text, *line;
    while ((line = strsep(&rest, "\n")))
        follow(trails, &count, line);
    experiment_share(experiment, model, "told_apart", (int64_t)told_apart(trails, count), FATES);
    for (size_t i = 0; i < count; i++) {
        free(trails[i].whose);
        free(trails[i].events);
    }
    free(text);
}

/* ---- The experiment ---- */

static void try_model(struct experiment *experiment, const char *model)
{
    static const char *const arguments[] = {
        "--trace", "--idle-timeout", "0.4", "--header-timeout", "0.4", NULL};
    struct service service;
    int clients[CLIENTS];
    service_start(experiment, &service, model, arguments);
    befall(experiment, service.port, clients);
    service_end(experiment, &service);
    read_log(experiment, model, service.child.errors.at);
    service_finish(&service);
    for (size_t i = 0; i < CLIENTS; i++)
        if (fates[i % FATES].keeps_asking)
            client_close(clients[i]);
}

static void weigh_log(struct experiment *experiment, bool traced)
{
    struct service service;
    struct traffic traffic;
    service_start(experiment, &service, "epoll-lt",
                  traced ? (const char *const[]){"--trace", NULL} : NULL);
    traffic_drive(experiment, &service,
                  (struct generator_order){.connections = BUSY, .rate_rps = RATE_RPS}, &traffic);
    traffic_note(experiment, traced ? "logged" : "not-logged", &traffic);
    traffic_finish(&traffic);
    service_stop(experiment, &service);
}

static void one(struct experiment *experiment, size_t cell)
{
    if (cell < 2)
        weigh_log(experiment, cell == 1);
    else if (experiment->repeat == 1) /* nothing is left to chance there */
        try_model(experiment, models[cell - 2]);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, 2 + (experiment->quick ? QUICK_MODELS : MODELS), one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    size_t tried = 0, telling = 0;
    const char *first = NULL;
    for (size_t i = 0; i < MODELS; i++) {
        struct interval apart = figures_interval(figures, models[i], "told_apart");
        if (apart.n == 0)
            continue;
        tried++;
        telling += apart.mean == 1;
        if (apart.mean < 1 && !first)
            first = models[i];
    }
    if (tried == 0)
        return verdict_undecided("no model was tried");
    if (telling == tried)
        return verdict_confirmed();
    if (telling == 0)
        return verdict_refuted();
    return verdict_depends("the model: the log of %s and of %zu of %zu others does not tell all "
                           "ends apart",
                           first, tried - telling - 1, tried - 1);
}

const struct claim claim_d6 = {
    .id = "d6",
    .said = "Make states explicit and log the transitions.",
    .test = "Conversations end in nine ways, each with two clients: they leave, idle, in a head or "
            "in a body, or reset; say nothing more in each of these; send what is no HTTP; or are "
            "there when the server stops. --trace logs the transitions, and the logs are compared. "
            "Then 5 000 requests per second, with the log and without.",
    .rule = "Confirmed (it pays): from the log of each model tried the nine can be told "
            "apart, and twins leave the same trail. Refuted: from none. Depends on the model: from "
            "some.",
    .repeats = 4,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
