/* SPDX-License-Identifier: MIT */
/* A reply in two writes, and a bulk of small ones: under Nagle's algorithm, TCP_NODELAY, TCP_CORK.
 */
#include "bench/claims/claims.h"

#include <assert.h>
#include <linux/tcp.h>
#include <math.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/wire.h"

enum {
    REQUEST = 32,
    HEAD = 120,
    BODY = 880,
    BULK = 4 << 20,
    BULK_WRITE = 512,
    REPLIES_MOST = 4000,
    PROMPT = 3, /* so many of the cells, which are asked in turns */
    TIME_MS = 350,
    QUICK_TIME_MS = 250,
    STALL_US = 30000 /* shorter than the shortest delayed ACK, 40 ms */
};

static const double clear_gain = 0.9; /* a tenth less */

enum manner { PLAIN, NODELAY, CORK_LIFTED, CORK_KEPT, GATHERED };

static const struct cell {
    const char *name;
    enum manner manner;
    bool bulk;
} cells[] = {
    {"reply-nodelay", NODELAY, false},     {"reply-cork", CORK_LIFTED, false},
    {"reply-writev", GATHERED, false},     {"reply-default", PLAIN, false},
    {"reply-cork-kept", CORK_KEPT, false}, {"bulk-default", PLAIN, true},
    {"bulk-nodelay", NODELAY, true},       {"bulk-cork", CORK_KEPT, true},
};
enum { CELLS = sizeof cells / sizeof *cells };

/* One connection, and what was seen on it. */
struct line {
    const struct cell *cell;
    int ends[2];   /* the client's, the writer's */
    size_t units;  /* replies, or MiB */
    double cpu_us; /* the writer's */
    struct samples samples;
};

/* Connections that are asked in turns, one reply each, so that all are as fast as the machine is at
 * that moment; the writer is a thread of its own, on the server's CPU. */
struct conversation {
    struct experiment *experiment;
    struct line lines[PROMPT];
    size_t count;
};

/* Both sides go by this: forth and back, so that none follows the same one always. */
static struct line *whose_turn(struct conversation *conversation, size_t turn)
{
    size_t count = conversation->count;
    assert(count > 0);
    size_t place = turn % count;
    size_t at = turn / count % 2 ? count - 1 - place : place;
    return &conversation->lines[(at + conversation->experiment->repeat) % count];
}

static double thread_cpu_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static void set(int fd, int option, int value)
{
    setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
}

static bool reply(const struct line *line)
{
    static char head[HEAD], body[BODY];
    struct iovec both[] = {{head, HEAD}, {body, BODY}};
    enum manner manner = line->cell->manner;
    int fd = line->ends[1];
    if (manner == GATHERED)
        return writev(fd, both, 2) == HEAD + BODY;
    if (manner == CORK_LIFTED)
        set(fd, TCP_CORK, 1);
    bool sent =
        send(fd, head, HEAD, MSG_NOSIGNAL) == HEAD && send(fd, body, BODY, MSG_NOSIGNAL) == BODY;
    if (manner == CORK_LIFTED)
        set(fd, TCP_CORK, 0);
    return sent;
}

static void write_bulk(struct line *line)
{
    static char piece[BULK_WRITE];
    double from_us = thread_cpu_us();
    for (size_t sent = 0; sent < BULK; sent += BULK_WRITE)
        if (send(line->ends[1], piece, BULK_WRITE, MSG_NOSIGNAL) != BULK_WRITE)
            return;
    line->units = BULK >> 20;
    line->cpu_us = thread_cpu_us() - from_us;
    shutdown(line->ends[1], SHUT_WR);
}

static bool answer(struct line *line)
{
    char request[REQUEST];
    double from_us = thread_cpu_us();
    if (recv(line->ends[1], request, REQUEST, MSG_WAITALL) != REQUEST || !reply(line))
        return false;
    line->cpu_us += thread_cpu_us() - from_us;
    line->units++;
    return true;
}

static void *serve(void *argument)
{
    struct conversation *conversation = argument;
    experiment_pin_to_server(conversation->experiment);
    for (size_t i = 0; i < conversation->count; i++) {
        const struct line *line = &conversation->lines[i];
        set(line->ends[1], TCP_NODELAY, line->cell->manner == NODELAY);
        set(line->ends[1], TCP_CORK, line->cell->manner == CORK_KEPT);
    }
    if (conversation->lines[0].cell->bulk)
        write_bulk(&conversation->lines[0]);
    else
        for (size_t turn = 0; answer(whose_turn(conversation, turn)); turn++) {
        }
    return NULL;
}

static bool ask(struct line *line)
{
    static char request[REQUEST], whole[HEAD + BODY];
    int64_t asked_ns = client_clock_ns();
    send(line->ends[0], request, REQUEST, MSG_NOSIGNAL);
    if (recv(line->ends[0], whole, sizeof whole, MSG_WAITALL) != sizeof whole)
        return false;
    samples_add(&line->samples, (double)(client_clock_ns() - asked_ns) / 1e3);
    return true;
}

static void ask_in_turns(struct conversation *conversation)
{
    size_t turns = REPLIES_MOST * conversation->count;
    int64_t time_ms = conversation->experiment->quick ? QUICK_TIME_MS : TIME_MS;
    int64_t limit_ns =
        client_clock_ns() + time_ms * (int64_t)conversation->count * INT64_C(1000000);
    for (size_t turn = 0; turn < turns && client_clock_ns() < limit_ns; turn++)
        if (!ask(whose_turn(conversation, turn)))
            return;
    for (size_t i = 0; i < conversation->count; i++)
        shutdown(conversation->lines[i].ends[0], SHUT_WR);
}

static void take_bulk(struct line *line)
{
    static char taken[64 << 10];
    int64_t start_ns = client_clock_ns();
    while (recv(line->ends[0], taken, sizeof taken, 0) > 0) {
    }
    samples_add(&line->samples, (double)(client_clock_ns() - start_ns) / 1e3);
}

static void note(struct experiment *experiment, struct line *line)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    int64_t stalled = 0;
    const char *cell = line->cell->name;
    double units = (double)line->units;
    const struct samples *samples = &line->samples;
    if (units <= 0 || samples->count == 0)
        experiment_fail(experiment, "%s: nothing came through", cell);
    getsockopt(line->ends[1], IPPROTO_TCP, TCP_INFO, &info, &length);
    experiment_value(experiment, cell, "segments", info.tcpi_data_segs_out / units);
    experiment_value(experiment, cell, "writer_cpu_us", line->cpu_us / units);
    experiment_value(experiment, cell, "latency_p50_us", samples_percentile(&line->samples, 0.5));
    if (line->cell->bulk)
        return;
    experiment_value(experiment, cell, "latency_p99_us", samples_percentile(&line->samples, 0.99));
    for (size_t i = 0; i < samples->count; i++)
        stalled += samples->all[i] > STALL_US;
    experiment_share(experiment, cell, "stalled", stalled, (int64_t)samples->count);
}

static void note_all(struct conversation *conversation)
{
    for (size_t i = 0; i < conversation->count; i++) {
        struct line *line = &conversation->lines[i];
        note(conversation->experiment, line);
        samples_finish(&line->samples);
        close(line->ends[0]);
        close(line->ends[1]);
    }
}

/* The first trial has the prompt ones, each other trial one of the rest. */
static void converse(struct experiment *experiment, size_t trial)
{
    pthread_t thread;
    struct conversation conversation = {.experiment = experiment, .count = trial ? 1 : PROMPT};
    for (size_t i = 0; i < conversation.count; i++) {
        conversation.lines[i].cell = &cells[trial ? PROMPT + trial - 1 : i];
        wire_pair(experiment, conversation.lines[i].ends, 0);
    }
    experiment_pin_to_load(experiment);
    if (pthread_create(&thread, NULL, serve, &conversation) != 0)
        experiment_fail(experiment, "cannot start a thread");
    if (conversation.lines[0].cell->bulk)
        take_bulk(&conversation.lines[0]);
    else
        ask_in_turns(&conversation);
    pthread_join(thread, NULL);
    note_all(&conversation);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, 1 + CELLS - PROMPT, converse);
}

static struct claim_verdict judge(const struct figures *figures)
{
    struct interval prompt =
        figures_ratio(figures, "reply-nodelay", "reply-default", "latency_p50_us");
    struct interval lifted =
        figures_ratio(figures, "reply-cork", "reply-nodelay", "latency_p50_us");
    struct interval bulk = figures_ratio(figures, "bulk-cork", "bulk-nodelay", "segments");
    enum certainty real_time = interval_under(prompt, clear_gain),
                   bulky = interval_under(bulk, clear_gain),
                   slower = interval_over(lifted, 1 / clear_gain);
    if (real_time == CERTAIN_NO || bulky == CERTAIN_NO)
        return verdict_refuted();
    if (real_time == UNCERTAIN || bulky == UNCERTAIN || slower == UNCERTAIN)
        return verdict_undecided(
            "an interval is too wide: latency %.2g to %.2g, segments of a bulk "
            "%.2g to %.2g, cork lifted %.2f to %.2f",
            prompt.low, prompt.high, bulk.low, bulk.high, lifted.low, lifted.high);
    if (slower == CERTAIN_NO)
        return verdict_depends("whether the cork is lifted when the reply is whole: then it is as "
                               "prompt as TCP_NODELAY");
    return verdict_confirmed();
}

const struct claim claim_a4 = {
    .id = "a4",
    .said = "TCP_CORK suits bulk, TCP_NODELAY suits real-time.",
    .test =
        "A reply of 120 + 880 bytes to a request of 32, in two writes: as sockets come "
        "(Nagle), with TCP_NODELAY, with TCP_CORK lifted after each reply or never, and in one "
        "writev; the three prompt ones are asked in turns, a reply each. And 4 MiB in writes of "
        "512 bytes. Time, data segments and the writer's CPU, for each reply or MiB.",
    .rule = "Confirmed: TCP_NODELAY takes a tenth or more off the default's median reply, TCP_CORK "
            "a tenth or more off TCP_NODELAY's segments for a bulk, and TCP_CORK lifted after each "
            "reply is over a ninth slower than TCP_NODELAY. Refuted: either gain is certainly "
            "smaller. Depends: both gains are there, and the lifted cork is not slower. Undecided: "
            "an interval holds a limit.",
    .run = run,
    .judge = judge,
    .chart = "a4.gp",
};
