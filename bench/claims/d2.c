/* SPDX-License-Identifier: MIT */
/* A client that asks 100 000 times before it reads: what does the server hold meanwhile, are others
 * served, and is every byte right at the end? By every model, and by two servers of a few lines:
 * one that keeps all that it owes, one that forgets what send() did not take. */
#include "bench/claims/claims.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/places.h"
#include "bench/base/text.h"
#include "bench/lab/asker.h"
#include "bench/lab/client.h"
#include "bench/lab/experiment.h"
#include "bench/lab/knock.h"
#include "bench/lab/service.h"
#include "bench/lab/subject.h"
#include "bench/machine/footprint.h"
#include "bench/run/catalogue.h"

enum {
    REQUESTS = 100000,
    SETTLE_MS = 2000,
    OTHERS = 10,
    PIECE_BYTES = 65536,
    BOUND_BYTES = 128 << 10, /* 33 152 are documented; how pages are shared moves Pss as much */
    HOARD_BYTES = 2 * BOUND_BYTES
};

/* Two faulty ones, which answer every request with the same bytes. */
enum fault { HOARDS, FORGETS };
static const char *const faults[] = {"hoards", "forgets"};
static const char plain_answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, world!";
struct faulty {
    enum fault fault;
    int listener;
    atomic_long sends, partial, owed_most;
};

static void note_bytes(struct experiment *experiment, const char *name, struct asker *asker)
{
    size_t expected = asker_finish(asker);
    experiment_share(experiment, name, "all_right",
                     asker->received == expected && asker->wrong == 0, 1);
    experiment_value(experiment, name, "lost_bytes", (double)(expected - asker->received));
}

/* ---- The models ---- */

static struct catalogue models;

static struct footprint weigh(struct experiment *experiment, const struct service *service)
{
    struct footprint_place place = {service->meter, NULL, service->port};
    struct footprint footprint;
    if (!footprint_settle(footprint_read, &place, SETTLE_MS, &footprint))
        experiment_fail(experiment, "memory does not come to rest");
    return footprint;
}

static void ask_beside(struct experiment *experiment, const char *name, uint16_t port)
{
    int served = 0;
    for (int i = 0; i < OTHERS; i++) {
        int fd = client_connect(experiment, port);
        served += client_send(fd, client_request, strlen(client_request)) && client_read_answer(fd);
        client_close(fd);
    }
    experiment_share(experiment, name, "others_served", served, OTHERS);
}

static void try_model(struct experiment *experiment, const char *name)
{
    struct service service;
    struct asker_sample sample;
    struct asker asker;
    service_start(experiment, &service, name, NULL);
    asker_take_sample(experiment, service.port, &sample);
    struct footprint before = weigh(experiment, &service);
    asker_start(experiment, &asker, service.port, &sample, REQUESTS);
    struct footprint during = weigh(experiment, &service);
    int64_t grown = during.user_bytes - before.user_bytes;
    experiment_value(experiment, name, "user_bytes", grown > 0 ? (double)grown : 0);
    experiment_value(experiment, name, "kernel_bytes",
                     (double)(during.kernel_bytes - before.kernel_bytes));
    ask_beside(experiment, name, service.port);
    note_bytes(experiment, name, &asker);
    service_stop(experiment, &service);
}

/* ---- Two servers that are wrong ---- */

struct debt {
    char *bytes;
    size_t from, to;
};

static void pay(struct faulty *faulty, int fd, struct debt *debt)
{
    size_t owed = debt->to - debt->from;
    ssize_t sent = send(fd, debt->bytes + debt->from, owed, MSG_DONTWAIT | MSG_NOSIGNAL);
    faulty->sends++;
    faulty->partial += sent < (ssize_t)owed;
    debt->from += sent > 0 ? (size_t)sent : 0;
    if (faulty->fault == FORGETS)
        debt->from = debt->to;
    if (debt->from == debt->to)
        debt->from = debt->to = 0;
    if ((long)(debt->to - debt->from) > faulty->owed_most)
        faulty->owed_most = (long)(debt->to - debt->from);
}

/* Takes requests for so many bytes, however they are cut, and owes an answer for each. */
static bool take_requests(int fd, struct debt *debt, size_t *left_over)
{
    static char piece[PIECE_BYTES];
    size_t one = strlen(client_request), answer = sizeof plain_answer - 1;
    ssize_t got = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN))
        return false;
    size_t have = *left_over + (got > 0 ? (size_t)got : 0);
    for (; have >= one; have -= one, debt->to += answer)
        memcpy(debt->bytes + debt->to, plain_answer, answer);
    *left_over = have;
    return true;
}

static void serve_faultily(int fd, struct faulty *faulty)
{
    struct debt debt = {.bytes = malloc(2 * REQUESTS * sizeof plain_answer)};
    size_t left_over = 0;
    bool open = debt.bytes != NULL;
    while (open) {
        struct pollfd one = {.fd = fd, .events = POLLIN | (debt.to > debt.from ? POLLOUT : 0)};
        if (poll(&one, 1, -1) < 0)
            break;
        if (one.revents & ~POLLOUT)
            open = take_requests(fd, &debt, &left_over);
        if (debt.to > debt.from)
            pay(faulty, fd, &debt);
    }
    free(debt.bytes);
    close(fd);
}

static void be_faulty(void *memory)
{
    struct faulty *faulty = memory;
    struct pollfd door = {.fd = faulty->listener, .events = POLLIN};
    while (poll(&door, 1, -1) == 1) {
        int fd = accept4(faulty->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            serve_faultily(fd, faulty);
    }
}

static void try_fault(struct experiment *experiment, enum fault fault)
{
    uint16_t port;
    struct asker_sample sample;
    struct asker asker;
    struct faulty *faulty = subject_memory(experiment, sizeof *faulty);
    *faulty = (struct faulty){.fault = fault, .listener = knock_listen(experiment, 1, &port)};
    pid_t server = subject_start(experiment, be_faulty, faulty);
    asker_take_sample(experiment, port, &sample);
    asker_start(experiment, &asker, port, &sample, REQUESTS);
    experiment_value(experiment, faults[fault], "user_bytes", (double)faulty->owed_most);
    note_bytes(experiment, faults[fault], &asker);
    experiment_share(experiment, faults[fault], "partial_sends", faulty->partial, faulty->sends);
    subject_wait(server, 0, NULL);
    close(faulty->listener);
    munmap(faulty, sizeof *faulty);
}

/* ---- All ---- */

static bool is_tried(const struct model *model)
{
    return model->clients_at_once == 0 && strcmp(model->family, "blocking") != 0;
}

static void one(struct experiment *experiment, size_t cell)
{
    if (cell >= models.count)
        try_fault(experiment, cell - models.count == 0 ? HOARDS : FORGETS);
    else if (is_tried(&models.models[cell]))
        try_model(experiment, models.models[cell].name);
}

static void run(struct experiment *experiment)
{
    char *folder = places_servers();
    catalogue_read(&models, folder, NULL);
    free(folder);
    experiment_blocks(experiment, models.count + 2, one);
}

/* In every repeat. */
static bool stayed_under(const struct figures *figures, const char *cell, double bytes)
{
    const struct figure *figure = figures_find(figures, NULL, cell, "user_bytes");
    for (size_t i = 0; figure && i < figure->count; i++)
        if (figure->values[i] > bytes)
            return false;
    return figure != NULL;
}

static bool is_right(const struct figures *figures, const char *cell)
{
    return figures_interval(figures, cell, "all_right").mean == 1;
}

static struct claim_verdict judge(const struct figures *figures)
{
    size_t tried = 0, bad = 0;
    const char *first_bad = NULL;
    for (size_t i = 0; i < figures->count; i++) {
        const char *cell = figures->all[i].cell;
        if (strcmp(figures->all[i].metric, "others_served") != 0)
            continue;
        tried++;
        if (is_right(figures, cell) && stayed_under(figures, cell, BOUND_BYTES) &&
            figures_interval(figures, cell, "others_served").mean == 1)
            continue;
        first_bad = bad++ ? first_bad : cell;
    }
    struct interval partial = figures_interval(figures, faults[FORGETS], "partial_sends");
    if (tried == 0 || partial.n == 0 || !figures_find(figures, NULL, faults[HOARDS], "user_bytes"))
        return verdict_undecided("nothing was tried");
    if (partial.mean == 0 || is_right(figures, faults[FORGETS]) ||
        stayed_under(figures, faults[HOARDS], HOARD_BYTES))
        return verdict_refuted();
    if (bad == 0)
        return verdict_confirmed();
    return verdict_depends("the model: %s and %zu of %zu others lose bytes, hold up other clients, "
                           "or hold more than their bound",
                           first_bad, bad - 1, tried - 1);
}

const struct claim claim_d2 = {
    .id = "d2",
    .said = "A write may be partial; choose a buffering strategy and a bound.",
    .test = "A client sends 100 000 requests before it reads an answer, while ten others ask; then "
            "it reads. Every event-driven model, a server that keeps all that it owes, and one "
            "that forgets what send() did not take.",
    .rule =
        "Confirmed (it must be done, and can be): send() takes less than it is given, who "
        "forgets the rest loses bytes, who keeps it all keeps more than 256 KiB; and every model "
        "grows by less than 128 KiB in each repeat, serves the others and delivers every byte. "
        "Refuted: no write was partial, nothing was lost by forgetting, or hoarding took less. "
        "Else it depends on the model.",
    .repeats = 4,
    .quick_repeats = 1,
    .run = run,
    .judge = judge,
};
