/* SPDX-License-Identifier: MIT */
/* Clients that stop in each state of a conversation, with timers and without: how long do they hold
 * their connections, and what do others notice? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"
#include "bench/lab/wire.h"

enum {
    TIMEOUT_MS = 400, /* idle and header */
    WATCHED_MS = 1500,
    SLACK_MS = 150, /* steps of the server's clock, and who halts a little before the others */
    EVERY_MS = 10,  /* an ordinary client asks, and one who trickles sends a byte */
    SLOW_MS = 50,   /* an answer that somebody notices */
    BLOCK_REQUESTS = 1024
};

/* A quick run tries the first two, which are tried without timers, too. */
static const char *const models[] = {"thread", "epoll-lt", "libuv", "fork", "poll", "epoll-et"};
enum { MODELS = sizeof models / sizeof *models, UNTIMED = 2 };

/* Where they stop: each says something, and then nothing. */
enum halt { IDLE, HEAD, BODY, ANSWERING, HALTS };
static const struct {
    const char *held, *metric, *says;
    int due_ms; /* at the latest; none may go before TIMEOUT_MS */
} halts[HALTS] = {
    [IDLE] = {"idle_held", "idle_us", "", TIMEOUT_MS},
    /* and a byte every EVERY_MS */
    [HEAD] = {"head_held", "head_us", "GET / HTTP/1.1\r\nX: ", TIMEOUT_MS},
    [BODY] = {"body_held", "body_us", "GET / HTTP/1.1\r\nHost: c10kit\r\nContent-Length: 9\r\n\r\n",
              TIMEOUT_MS},
    /* and more requests than fit anywhere; it is looked at twice */
    [ANSWERING] = {"answering_held", "answering_us", "", 2 * TIMEOUT_MS},
};

struct party {
    int halted[HALTS], ordinary;
    double ended_us[HALTS]; /* 0: not yet */
    struct samples asked_us;
};

/* ---- Clients ---- */

/* Requests without end, until the server takes no more. */
static void flood(int fd)
{
    static char block[BLOCK_REQUESTS * 64];
    size_t one = strlen(client_request), whole = BLOCK_REQUESTS * one, at = 0;
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    for (size_t i = 0; i < BLOCK_REQUESTS; i++)
        memcpy(block + i * one, client_request, one);
    while (poll(&room, 1, EVERY_MS) == 1) {
        ssize_t sent = send(fd, block + at, whole - at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return;
        at = (at + (sent > 0 ? (size_t)sent : 0)) % whole;
    }
}

/* The end is seen as an end of file, a reset, or output of 408 in place of silence. */
static bool has_ended(enum halt halt, int fd)
{
    struct pollfd one = {.fd = fd, .events = halt == ANSWERING ? 0 : POLLIN | POLLRDHUP};
    return poll(&one, 1, 0) == 1;
}

static void ask(struct experiment *experiment, struct party *party)
{
    int64_t start_ns = client_clock_ns();
    if (!client_send(party->ordinary, client_request, strlen(client_request)) ||
        !client_read_answer(party->ordinary))
        experiment_fail(experiment, "the ordinary client was not answered: %s", strerror(errno));
    samples_add(&party->asked_us, (double)(client_clock_ns() - start_ns) / 1e3);
}

static void halt_all(struct experiment *experiment, struct party *party, uint16_t port)
{
    static const int small = 4096; /* so that its kernel does not go on taking for a while */
    *party = (struct party){.ordinary = client_asked(experiment, port)};
    for (size_t i = 0; i < HALTS; i++)
        party->halted[i] = client_asked(experiment, port);
    setsockopt(party->halted[ANSWERING], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    flood(party->halted[ANSWERING]);
    for (size_t i = 0; i < HALTS; i++)
        client_send(party->halted[i], halts[i].says, strlen(halts[i].says));
}

static void watch(struct experiment *experiment, struct party *party)
{
    int64_t start_ns = client_clock_ns(), passed_ns = 0;
    for (; passed_ns < WATCHED_MS * INT64_C(1000000); passed_ns = client_clock_ns() - start_ns) {
        for (enum halt i = 0; i < HALTS; i++)
            if (party->ended_us[i] == 0 && has_ended(i, party->halted[i]))
                party->ended_us[i] = (double)passed_ns / 1e3;
        if (party->ended_us[HEAD] == 0)
            client_send(party->halted[HEAD], "x", 1);
        ask(experiment, party);
        experiment_pass_ms(EVERY_MS);
    }
}

/* ---- The experiment ---- */

static void try_model(struct experiment *experiment, const char *model, bool timed)
{
    static const char *const times[2][5] = {{"--idle-timeout", "0", "--header-timeout", "0", NULL},
                                            {"--idle-timeout", "0.4", "--header-timeout", "0.4"}};
    char cell[FIGURE_NAME_SIZE];
    struct service service;
    struct party party;
    snprintf(cell, sizeof cell, "%s%s", model, timed ? "" : "-untimed");
    service_start(experiment, &service, model, times[timed]);
    halt_all(experiment, &party, service.port);
    watch(experiment, &party);
    for (size_t i = 0; i < HALTS; i++) {
        experiment_share(experiment, cell, halts[i].held, party.ended_us[i] == 0, 1);
        if (party.ended_us[i] > 0)
            experiment_value(experiment, cell, halts[i].metric, party.ended_us[i]);
        client_close(party.halted[i]);
    }
    experiment_value(experiment, cell, "others_p50_us", samples_percentile(&party.asked_us, 0.5));
    experiment_value(experiment, cell, "others_slowest_us", samples_percentile(&party.asked_us, 1));
    samples_finish(&party.asked_us);
    client_close(party.ordinary);
    service_stop(experiment, &service);
}

static void one(struct experiment *experiment, size_t cell)
{
    if (cell < UNTIMED)
        try_model(experiment, models[cell], false);
    else
        try_model(experiment, models[cell - UNTIMED], true);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, UNTIMED + (experiment->quick ? UNTIMED : MODELS), one);
}

/* Every one ended at its time in each repeat, and mostly nobody else noticed: the machine itself
 * may hold up an answer. */
static bool keeps_time(const struct figures *figures, const char *model)
{
    if (!(figures_interval(figures, model, "others_slowest_us").mean < SLOW_MS * 1e3))
        return false;
    for (size_t i = 0; i < HALTS; i++) {
        const struct figure *ended = figures_find(figures, NULL, model, halts[i].metric);
        if (!ended || figures_interval(figures, model, halts[i].held).mean > 0)
            return false;
        for (size_t k = 0; k < ended->count; k++)
            if (ended->values[k] < (TIMEOUT_MS - SLACK_MS) * 1e3 ||
                ended->values[k] > (halts[i].due_ms + SLACK_MS) * 1e3)
                return false;
    }
    return true;
}

/* How many of the four states end by themselves in some try without timers; HALTS + 1: not tried.
 */
static size_t ends_untimed(const struct figures *figures)
{
    size_t ending = 0;
    char cell[FIGURE_NAME_SIZE];
    for (size_t i = 0; i < HALTS; i++) {
        bool held = true;
        for (size_t k = 0; k < UNTIMED; k++) {
            snprintf(cell, sizeof cell, "%s-untimed", models[k]);
            struct interval share = figures_interval(figures, cell, halts[i].held);
            if (share.n == 0)
                return HALTS + 1;
            held = held && share.mean == 1;
        }
        ending += !held;
    }
    return ending;
}

static struct claim_verdict judge(const struct figures *figures)
{
    size_t ending = ends_untimed(figures), tried = 0, late = 0;
    const char *first = NULL;
    for (size_t i = 0; i < MODELS; i++) {
        if (!figures_find(figures, NULL, models[i], "others_slowest_us"))
            continue;
        tried++;
        if (keeps_time(figures, models[i]))
            continue;
        first = late++ ? first : models[i];
    }
    if (ending > HALTS || tried == 0)
        return verdict_undecided("nothing was tried");
    if (2 * ending >= HALTS)
        return verdict_refuted();
    if (late == 0)
        return verdict_confirmed();
    return verdict_depends("the model: with %s and %zu of %zu others not all end at their time, or "
                           "others notice",
                           first, late - 1, tried - 1);
}

const struct claim claim_d7 = {
    .id = "d7",
    .said = "Most states need a timer.",
    .test =
        "Clients halt in each of four states: after an answer, in a request's head (a byte "
        "every 10 ms goes on coming), before its body, and with more answers owed than fit "
        "anywhere. Servers without timers, and with timeouts of 400 ms; an ordinary client asks "
        "all the while.",
    .rule = "Confirmed: without timers clients in at least three of the four states still hold "
            "their connections after 1.5 s, and with timers each model tried ends each at its "
            "documented time (400 ms, for owed answers up to 800; give or take 150), while the "
            "slowest answer to another client takes under 50 ms (mean of the repeats). Refuted: "
            "half of the states end without a timer. Depends on the model: not all keep these "
            "times.",
    .repeats = 2,
    .quick_repeats = 1,
    .run = run,
    .judge = judge,
};
