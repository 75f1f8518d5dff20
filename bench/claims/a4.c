/* SPDX-License-Identifier: MIT */
/* A reply in two writes, and a bulk of small ones: under Nagle's algorithm, TCP_NODELAY, TCP_CORK.
 */
#include "bench/claims/claims.h"

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
    {"reply-default", PLAIN, false},    {"reply-nodelay", NODELAY, false},
    {"reply-cork", CORK_LIFTED, false}, {"reply-cork-kept", CORK_KEPT, false},
    {"reply-writev", GATHERED, false},  {"bulk-default", PLAIN, true},
    {"bulk-nodelay", NODELAY, true},    {"bulk-cork", CORK_KEPT, true},
};
enum { CELLS = sizeof cells / sizeof *cells };

/* What the writer does on a thread of its own, on the server's CPU. */
struct writer {
    struct experiment *experiment;
    const struct cell *cell;
    int fd;
    size_t units; /* replies, or MiB */
    double cpu_us;
};

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

static bool reply(const struct writer *writer)
{
    static char head[HEAD], body[BODY];
    struct iovec both[] = {{head, HEAD}, {body, BODY}};
    enum manner manner = writer->cell->manner;
    if (manner == GATHERED)
        return writev(writer->fd, both, 2) == HEAD + BODY;
    if (manner == CORK_LIFTED)
        set(writer->fd, TCP_CORK, 1);
    bool sent = send(writer->fd, head, HEAD, MSG_NOSIGNAL) == HEAD &&
                send(writer->fd, body, BODY, MSG_NOSIGNAL) == BODY;
    if (manner == CORK_LIFTED)
        set(writer->fd, TCP_CORK, 0);
    return sent;
}

static void write_bulk(struct writer *writer)
{
    static char piece[BULK_WRITE];
    for (size_t sent = 0; sent < BULK; sent += BULK_WRITE)
        if (send(writer->fd, piece, BULK_WRITE, MSG_NOSIGNAL) != BULK_WRITE)
            return;
    writer->units = BULK >> 20;
    shutdown(writer->fd, SHUT_WR);
}

static void *serve(void *argument)
{
    struct writer *writer = argument;
    char request[REQUEST];
    experiment_pin_to_server(writer->experiment);
    set(writer->fd, TCP_NODELAY, writer->cell->manner == NODELAY);
    set(writer->fd, TCP_CORK, writer->cell->manner == CORK_KEPT);
    double from_us = thread_cpu_us();
    if (writer->cell->bulk)
        write_bulk(writer);
    else
        while (recv(writer->fd, request, REQUEST, MSG_WAITALL) == REQUEST && reply(writer))
            writer->units++;
    writer->cpu_us = thread_cpu_us() - from_us;
    return NULL;
}

static void ask(struct experiment *experiment, int fd, struct samples *samples)
{
    static char request[REQUEST], answer[HEAD + BODY];
    int64_t limit_ns =
        client_clock_ns() + (experiment->quick ? QUICK_TIME_MS : TIME_MS) * INT64_C(1000000);
    for (size_t i = 0; i < REPLIES_MOST && client_clock_ns() < limit_ns; i++) {
        int64_t asked_ns = client_clock_ns();
        send(fd, request, REQUEST, MSG_NOSIGNAL);
        if (recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer)
            return;
        samples_add(samples, (double)(client_clock_ns() - asked_ns) / 1e3);
    }
    shutdown(fd, SHUT_WR);
}

static void take_bulk(int fd, struct samples *samples)
{
    static char taken[64 << 10];
    int64_t start_ns = client_clock_ns();
    while (recv(fd, taken, sizeof taken, 0) > 0) {
    }
    samples_add(samples, (double)(client_clock_ns() - start_ns) / 1e3);
}

static void note(struct experiment *experiment, const struct writer *writer,
                 struct samples *samples)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    int64_t stalled = 0;
    const char *cell = writer->cell->name;
    double units = (double)writer->units;
    if (units <= 0 || samples->count == 0)
        experiment_fail(experiment, "%s: nothing came through", cell);
    getsockopt(writer->fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    experiment_value(experiment, cell, "segments", info.tcpi_data_segs_out / units);
    experiment_value(experiment, cell, "writer_cpu_us", writer->cpu_us / units);
    experiment_value(experiment, cell, "latency_p50_us", samples_percentile(samples, 0.5));
    if (writer->cell->bulk)
        return;
    experiment_value(experiment, cell, "latency_p99_us", samples_percentile(samples, 0.99));
    for (size_t i = 0; i < samples->count; i++)
        stalled += samples->all[i] > STALL_US;
    experiment_share(experiment, cell, "stalled", stalled, (int64_t)samples->count);
}

static void converse(struct experiment *experiment, size_t index)
{
    int ends[2];
    pthread_t thread;
    struct samples samples = {0};
    wire_pair(experiment, ends, 0);
    struct writer writer = {.experiment = experiment, .cell = &cells[index], .fd = ends[1]};
    experiment_pin_to_load(experiment);
    if (pthread_create(&thread, NULL, serve, &writer) != 0)
        experiment_fail(experiment, "cannot start a thread");
    if (writer.cell->bulk)
        take_bulk(ends[0], &samples);
    else
        ask(experiment, ends[0], &samples);
    pthread_join(thread, NULL);
    note(experiment, &writer, &samples);
    samples_finish(&samples);
    close(ends[0]);
    close(ends[1]);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, CELLS, converse);
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
            "an interval is too wide: latency %.2f to %.2f, segments of a bulk "
            "%.2f to %.2f, cork lifted %.2f to %.2f",
            prompt.low, prompt.high, bulk.low, bulk.high, lifted.low, lifted.high);
    if (slower == CERTAIN_NO)
        return verdict_depends("whether the cork is lifted when the reply is whole: then it is as "
                               "prompt as TCP_NODELAY");
    return verdict_confirmed();
}

const struct claim claim_a4 = {
    .id = "a4",
    .said = "TCP_CORK suits bulk, TCP_NODELAY suits real-time.",
    .test = "A reply of 120 + 880 bytes to a request of 32, in two writes: as sockets come "
            "(Nagle), with TCP_NODELAY, with TCP_CORK lifted after each reply or never, and in one "
            "writev; and 4 MiB in writes of 512 bytes. Time, data segments and the writer's CPU, "
            "for each reply or MiB.",
    .rule = "Confirmed: TCP_NODELAY takes a tenth or more off the default's median reply, TCP_CORK "
            "a tenth or more off TCP_NODELAY's segments for a bulk, and TCP_CORK lifted after each "
            "reply is over a ninth slower than TCP_NODELAY. Refuted: either gain is certainly "
            "smaller. Depends: both gains are there, and the lifted cork is not slower. Undecided: "
            "an interval holds a limit.",
    .run = run,
    .judge = judge,
    .chart = "a4.gp",
};
