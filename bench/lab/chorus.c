/* SPDX-License-Identifier: MIT */
#include "bench/lab/chorus.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "bench/lab/client.h"
#include "bench/lab/wire.h"

enum { EVERY_NS = 2000000, PATIENCE_MS = 1000 };

/* Those whose message is under way are watched, the others are not. */
struct voices {
    struct pollfd at[CHORUS_VOICES];
    int64_t sent_ns[CHORUS_VOICES];
    size_t back[CHORUS_VOICES];
};

static void send_all(struct experiment *experiment, struct voices *voices)
{
    static const char message[CHORUS_MESSAGE_BYTES];
    for (size_t i = 0; i < CHORUS_VOICES; i++) {
        voices->sent_ns[i] = client_clock_ns();
        voices->back[i] = 0;
        voices->at[i].events = POLLIN;
        if (!client_send(voices->at[i].fd, message, sizeof message))
            experiment_fail(experiment, "a client cannot send: %s", strerror(errno));
    }
}

/* True: the whole message is back. */
static bool hear(struct voices *voices, size_t i)
{
    char piece[CHORUS_MESSAGE_BYTES];
    if (!(voices->at[i].revents & POLLIN))
        return false;
    ssize_t got = recv(voices->at[i].fd, piece, sizeof piece - voices->back[i], MSG_DONTWAIT);
    voices->back[i] += got > 0 ? (size_t)got : 0;
    return voices->back[i] == sizeof piece;
}

/* Notes how long each took; returns how many did not come back. */
static unsigned hear_all(struct voices *voices, struct samples *us)
{
    unsigned open = CHORUS_VOICES;
    int64_t end_ns = client_clock_ns() + PATIENCE_MS * INT64_C(1000000);
    while (open > 0 && client_clock_ns() < end_ns &&
           poll(voices->at, CHORUS_VOICES, PATIENCE_MS) > 0) {
        for (size_t i = 0; i < CHORUS_VOICES; i++) {
            if (!hear(voices, i))
                continue;
            samples_add(us, (double)(client_clock_ns() - voices->sent_ns[i]) / 1e3);
            voices->at[i].events = 0;
            open--;
        }
    }
    for (unsigned i = 0; i < open; i++)
        samples_add(us, PATIENCE_MS * 1e3);
    return open;
}

static void sleep_until(int64_t ns)
{
    struct timespec at = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

struct chorus chorus_sing(struct experiment *experiment, uint16_t port, unsigned ms)
{
    struct chorus chorus = {0};
    struct voices voices = {0};
    struct samples us = {0};
    for (size_t i = 0; i < CHORUS_VOICES; i++)
        voices.at[i].fd = client_connect(experiment, port);
    int64_t next_ns = client_clock_ns(), end_ns = next_ns + (int64_t)ms * 1000000;
    while (client_clock_ns() < end_ns && chorus.unanswered == 0) {
        send_all(experiment, &voices);
        chorus.unanswered = hear_all(&voices, &us);
        next_ns += EVERY_NS;
        sleep_until(next_ns);
    }
    chorus.p50_us = samples_percentile(&us, 0.5);
    chorus.p99_us = samples_percentile(&us, 0.99);
    for (size_t i = 0; i < CHORUS_VOICES; i++)
        client_close(voices.at[i].fd);
    samples_finish(&us);
    return chorus;
}
