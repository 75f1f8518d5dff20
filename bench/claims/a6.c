/* SPDX-License-Identifier: MIT */
/* An event beside a busy stream: as an urgent byte in it, as a byte on a second connection, and as
 * an ordinary byte in the stream. When is it noticed, and are two in a row two? */
#include "bench/claims/claims.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/wire.h"

enum {
    BUFFER = 128 << 10, /* the kernel doubles it; so a queue before a slow reader is half a MiB */
    PIECE = 16 << 10,
    GAP_US = 1000,   /* from a notice to the next event */
    LIMIT_MS = 1000, /* an event that is not noticed by then is lost */
    TIME_MS = 250,
    QUICK_TIME_MS = 120,
    PAUSE_MS = 1, /* of the slow reader, after each piece: at most 16 MB/s */
    PAIRS = 20,
    GRACE_MS = 10, /* after which no more of a pair comes */
    NAME_SIZE = 32
};

static const double as_good = 2; /* times the second connection's */

enum way { URGENT, SECOND, IN_BAND, WAYS };
static const char *const way_names[] = {"urgent", "second", "in-band"};
static const char *const reader_names[] = {"quick-reader", "slow-reader"};
enum { READERS = 2 };

static const char event = 'e';

static struct {
    enum way way;
    bool slow;
    struct experiment *experiment;
    int stream[2], second[2]; /* [0] the sender's end, [1] the reader's */
    _Atomic int64_t noticed;  /* how many, and when the last was */
    _Atomic int64_t noticed_ns;
    _Atomic bool over;
} scene;

static void notice(int64_t now_ns)
{
    scene.noticed_ns = now_ns;
    scene.noticed++;
}

/* ---- The reader ---- */

static void read_piece(void)
{
    static char piece[PIECE];
    ssize_t got = recv(scene.stream[1], piece, sizeof piece, MSG_DONTWAIT);
    if (scene.way == IN_BAND && got > 0 && memchr(piece, event, (size_t)got))
        notice(client_clock_ns());
    if (got == 0)
        scene.over = true;
}

/* One look at both sockets; a slow reader leaves the stream alone until its pause is over, but
 * hears of events at once. */
static void look(bool resting)
{
    char byte;
    struct pollfd fds[] = {{scene.stream[1], (short)(POLLPRI | (resting ? 0 : POLLIN)), 0},
                           {scene.second[1], POLLIN, 0}};
    if (poll(fds, 2, PAUSE_MS) <= 0)
        return;
    int64_t now_ns = client_clock_ns();
    if (fds[0].revents & POLLPRI && recv(scene.stream[1], &byte, 1, MSG_OOB) == 1)
        notice(now_ns);
    if (fds[1].revents & POLLIN && recv(scene.second[1], &byte, 1, MSG_DONTWAIT) == 1)
        notice(now_ns);
    if (fds[0].revents & POLLIN)
        read_piece();
}

static void *read_all(void *unused)
{
    experiment_pin_to_server(scene.experiment);
    for (int64_t awake_ns = 0; !scene.over;) {
        bool resting = scene.slow && client_clock_ns() < awake_ns;
        look(resting);
        if (scene.slow && !resting)
            awake_ns = client_clock_ns() + PAUSE_MS * 1000000;
    }
    return unused;
}

/* ---- The sender ---- */

/* The rest of a full socket's event waits, as it would in a program. */
static bool send_event(void)
{
    int fd = scene.way == SECOND ? scene.second[0] : scene.stream[0];
    return send(fd, &event, 1, MSG_DONTWAIT | MSG_NOSIGNAL | (scene.way == URGENT ? MSG_OOB : 0)) ==
           1;
}

static void send_bulk(void)
{
    static const char piece[PIECE];
    struct pollfd room = {scene.stream[0], POLLOUT, 0};
    if (send(scene.stream[0], piece, sizeof piece, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        poll(&room, 1, 1);
}

/* Sends bulk, one event in it, and more bulk until it is noticed; in us, NAN when it never is. */
static double time_event(void)
{
    int64_t before = scene.noticed, due_ns = client_clock_ns() + GAP_US * 1000, now_ns;
    while (client_clock_ns() < due_ns)
        send_bulk();
    bool sent = false;
    due_ns = client_clock_ns();
    while (scene.noticed == before) {
        if (!sent)
            sent = send_event();
        send_bulk();
        now_ns = client_clock_ns();
        if (now_ns - due_ns > LIMIT_MS * INT64_C(1000000))
            return NAN;
    }
    return (double)(scene.noticed_ns - due_ns) / 1e3;
}

static void send_all(struct experiment *experiment, const char *cell)
{
    struct samples samples = {0};
    int64_t lost = 0, tries = 0;
    int64_t limit_ns =
        client_clock_ns() + (experiment->quick ? QUICK_TIME_MS : TIME_MS) * INT64_C(1000000);
    for (; tries == 0 || client_clock_ns() < limit_ns; tries++) {
        double waited_us = time_event();
        if (isnan(waited_us))
            lost++;
        else
            samples_add(&samples, waited_us);
    }
    experiment_share(experiment, cell, "lost", lost, tries);
    if (samples.count > 0) {
        experiment_value(experiment, cell, "notice_p50_us", samples_percentile(&samples, 0.5));
        experiment_value(experiment, cell, "notice_p90_us", samples_percentile(&samples, 0.9));
    }
    samples_finish(&samples);
}

static void time_events(struct experiment *experiment, enum way way, bool slow)
{
    char cell[NAME_SIZE];
    pthread_t reader;
    scene.way = way;
    scene.slow = slow;
    scene.over = false;
    snprintf(cell, sizeof cell, "%s-%s", way_names[way], reader_names[slow]);
    experiment_pin_to_load(experiment);
    if (pthread_create(&reader, NULL, read_all, NULL) != 0)
        experiment_fail(experiment, "cannot start a thread");
    send_all(experiment, cell);
    scene.over = true;
    pthread_join(reader, NULL);
}

/* ---- Two in a row, while the reader is busy with something else ---- */

static int count_urgent(void)
{
    char byte;
    struct pollfd priority = {scene.stream[1], POLLPRI, 0};
    int seen = 0;
    while (poll(&priority, 1, GRACE_MS) > 0 && recv(scene.stream[1], &byte, 1, MSG_OOB) == 1)
        seen++;
    return seen;
}

static int count_second(void)
{
    char bytes[8];
    struct pollfd in = {scene.second[1], POLLIN, 0};
    int seen = 0;
    ssize_t got;
    while (poll(&in, 1, GRACE_MS) > 0 &&
           (got = recv(scene.second[1], bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        seen += (int)got;
    return seen;
}

static void send_pairs(struct experiment *experiment, enum way way)
{
    char cell[NAME_SIZE], byte;
    int64_t seen = 0, strays = 0;
    scene.way = way;
    snprintf(cell, sizeof cell, "%s-pair", way_names[way]);
    for (int i = 0; i < PAIRS; i++) {
        if (!send_event() || !send_event())
            experiment_fail(experiment, "a pair of events was not sent");
        seen += way == URGENT ? count_urgent() : count_second();
        while (recv(scene.stream[1], &byte, 1, MSG_DONTWAIT) == 1)
            strays++;
    }
    experiment_share(experiment, cell, "lost", 2 * PAIRS - seen, 2 * PAIRS);
    experiment_share(experiment, cell, "stray_in_stream", strays, 2 * PAIRS);
}

/* ---- ---- */

static void act(struct experiment *experiment, size_t cell)
{
    scene.experiment = experiment;
    wire_pair(experiment, scene.stream, BUFFER);
    wire_pair(experiment, scene.second, BUFFER);
    setsockopt(scene.second[0], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(scene.stream[0], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (cell < WAYS * READERS)
        time_events(experiment, cell % WAYS, cell / WAYS == 1);
    else
        send_pairs(experiment, cell == WAYS * READERS ? URGENT : SECOND);
    for (int i = 0; i < 2; i++) {
        close(scene.stream[i]);
        close(scene.second[i]);
    }
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, WAYS * READERS + 2, act);
}

/* Whether the urgent byte is noticed about as soon as a byte on a second connection. */
static enum certainty keeps_up(const struct figures *figures, bool slow)
{
    char urgent[NAME_SIZE], second[NAME_SIZE];
    snprintf(urgent, sizeof urgent, "urgent-%s", reader_names[slow]);
    snprintf(second, sizeof second, "second-%s", reader_names[slow]);
    if (figures_interval(figures, urgent, "lost").mean > 0)
        return CERTAIN_NO;
    return interval_under(figures_ratio(figures, urgent, second, "notice_p50_us"), as_good);
}

static struct claim_verdict judge(const struct figures *figures)
{
    enum certainty quick = keeps_up(figures, false), slow = keeps_up(figures, true);
    struct interval lost = figures_interval(figures, "urgent-pair", "lost");
    if (quick == UNCERTAIN || slow == UNCERTAIN || lost.n == 0)
        return verdict_undecided("the times of notice vary too much to be compared");
    if (quick == CERTAIN_NO)
        return verdict_refuted();
    if (slow == CERTAIN_YES && lost.mean <= 0)
        return verdict_confirmed();
    if (slow == CERTAIN_YES)
        return verdict_depends("the distance of two events: of two in a row one is lost");
    return verdict_depends(
        "how soon the stream is read: behind a full queue the urgent byte waits%s",
        lost.mean > 0 ? "; and of two in a row one is lost" : "");
}

const struct claim claim_a6 = {
    .id = "a6",
    .said = "For an occasional event beside a busy channel, TCP out-of-band data serves instead of "
            "a second connection.",
    .test = "A stream that is always full, and an event beside it now and then: as an urgent byte, "
            "as a byte on a second connection, as an ordinary byte; to a reader that takes all at "
            "once and to one that takes 16 KiB each ms. And two events in a row.",
    .rule = "Confirmed: for both readers the urgent byte's median time to its notice is under "
            "twice the second connection's, and none of two in a row is lost. Refuted: not even "
            "for the quick reader. Depends: for the quick reader it is, but not for the slow one, "
            "or one of two in a row is lost. Undecided: an interval holds 2.",
    .run = run,
    .judge = judge,
};
