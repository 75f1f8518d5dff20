/* SPDX-License-Identifier: MIT */
/* An echo of more than fits into all buffers between two peers: once the client writes everything
 * before it reads, once it reads whenever there is something. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/service.h"

enum { MESSAGE_BYTES = 32 << 20, PIECE_BYTES = 65536, STALL_MS = 500 };

static const char *const models[] = {"thread", "epoll-lt", "epoll-et", "libuv"};
enum { MODELS = sizeof models / sizeof *models };

struct echo {
    int fd;
    size_t sent, back;
};

static bool is_gone(ssize_t moved)
{
    return moved == 0 || (moved < 0 && errno != EAGAIN);
}

/* Until all of the message is back, or nothing has moved for STALL_MS. */
static void exchange(struct echo *echo, bool reads_always)
{
    static char piece[PIECE_BYTES];
    while (echo->back < MESSAGE_BYTES) {
        bool writes = echo->sent < MESSAGE_BYTES, reads = reads_always || !writes;
        struct pollfd one = {.fd = echo->fd,
                             .events = (short)((writes ? POLLOUT : 0) | (reads ? POLLIN : 0))};
        if (poll(&one, 1, STALL_MS) <= 0)
            return;
        if (one.revents & POLLIN) {
            ssize_t got = recv(echo->fd, piece, sizeof piece, MSG_DONTWAIT);
            if (is_gone(got))
                return;
            echo->back += got > 0 ? (size_t)got : 0;
        }
        if (one.revents & POLLOUT) {
            size_t left = MESSAGE_BYTES - echo->sent;
            ssize_t sent = send(echo->fd, piece, left < sizeof piece ? left : sizeof piece,
                                MSG_DONTWAIT | MSG_NOSIGNAL);
            if (is_gone(sent))
                return;
            echo->sent += sent > 0 ? (size_t)sent : 0;
        }
    }
}

static void one(struct experiment *experiment, size_t cell)
{
    static const char *const echo_protocol[] = {"--protocol", "echo", NULL};
    const char *model = models[cell / 2];
    bool reads_always = cell % 2;
    char name[FIGURE_NAME_SIZE];
    struct service service;
    service_start(experiment, &service, model, echo_protocol);
    struct echo echo = {.fd = client_connect(experiment, service.port)};
    exchange(&echo, reads_always);
    snprintf(name, sizeof name, "%s-%s", model, reads_always ? "reads-always" : "writes-first");
    experiment_share(experiment, name, "finished", echo.back == MESSAGE_BYTES, 1);
    if (echo.back < MESSAGE_BYTES)
        experiment_value(experiment, name, "stuck_after_bytes", (double)echo.sent);
    client_close(echo.fd);
    service_stop(experiment, &service);
}

static void run(struct experiment *experiment)
{
    experiment_blocks(experiment, 2 * (size_t)MODELS, one);
}

static struct claim_verdict judge(const struct figures *figures)
{
    double first = 0, always = 0;
    char name[FIGURE_NAME_SIZE];
    for (size_t i = 0; i < MODELS; i++) {
        snprintf(name, sizeof name, "%s-writes-first", models[i]);
        first += figures_interval(figures, name, "finished").mean;
        snprintf(name, sizeof name, "%s-reads-always", models[i]);
        always += figures_interval(figures, name, "finished").mean;
    }
    if (!(first >= 0 && always >= 0))
        return verdict_undecided("not every model was tried");
    if (first == 0 && always == MODELS)
        return verdict_confirmed();
    if (first == MODELS)
        return verdict_refuted();
    return verdict_depends("the server: not all of them stop at the same point");
}

const struct claim claim_d4 = {
    .id = "d4",
    .said = "Always be ready to read, or two peers deadlock.",
    .test =
        "32 MiB through echo servers: by a client that writes all of it before it reads, and by "
        "one that reads whenever there is something.",
    .rule = "Confirmed: who writes first never gets it all back, who always reads always does, "
            "whatever the server. Refuted: writing first always works. Else it depends on the "
            "server.",
    .repeats = 4,
    .quick_repeats = 2,
    .run = run,
    .judge = judge,
};
