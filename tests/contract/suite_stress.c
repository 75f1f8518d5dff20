/* SPDX-License-Identifier: MIT */
#include "tests/contract/suite.h"

#include "tests/contract/bystander.h"
#include "tests/contract/client.h"
#include "tests/contract/model.h"
#include "tests/contract/patience.h"
#include "tests/contract/proc.h"
#include "tests/contract/reply.h"
#include "tests/contract/server_process.h"
#include "tests/contract/tap.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define GET       "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define HEAD      "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
#define HALF_HEAD "GET / HTTP/1.1\r\nHost: x\r\n"

enum {
    FEW_DESCRIPTORS = 24,
    MORE_THAN_FEW = 40,
    PROCESSES_MAX = 256, /* of a server without a client */
    MORE_MEMORY_KIB = 64,
    HELD_UP_MS = 150, /* as in bystander.c */
    FEW_TASKS = 3,
    MORE_TASKS = 8,
    WATCH_MS = 250,   /* how long the CPU is watched */
    CPU_PERCENT = 25, /* a busy loop takes 100, or its share of a loaded machine */
    BEYOND_SELECT = 1100,
    NEEDED_DESCRIPTORS = 2500,
    MANY = 300,
    PIPELINED = 100000,
    WINDOW = 65536,
    STALL_MS = 300,
    PAUSE_MS = 50,
    SAID = 2000,
    GROWTH_KIB = 256,
    GROWTH_OF_MANY_KIB = 1024,
    WEIGHINGS = 3,
    CHURN = 10000,
    CHURN_SANITIZED = 1500,
    BATCH = 50,
    BESIDE_HOSE = 20,
    CLIENTS_MAX = 2048,
};

static const char *const no_options[] = {NULL};

/* Clients that came and asked at the same time, and what became of them. */
struct crowd {
    struct client *client[CLIENTS_MAX];
    bool answered[CLIENTS_MAX];
    unsigned count, answers, refusals;
};

static bool crowd_asks(struct crowd *crowd, unsigned count)
{
    *crowd = (struct crowd){.count = count};
    for (unsigned i = 0; i < count; i++) {
        crowd->client[i] = client_open();
        if (crowd->client[i] == NULL)
            return false;
        client_print(crowd->client[i], GET);
    }
    return true;
}

/* A refused client sees the end of the connection, perhaps after a 503. */
static bool crowd_hears(struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->count; i++) {
        struct client *client = crowd->client[i];
        struct reply reply = {0};
        while (reply_parse((struct bytes){client->in, client->len}, false, &reply) == 0 &&
               client_receive(client, patience_limit_ms()))
            continue;
        crowd->answered[i] = reply.status == 200;
        if (crowd->answered[i]) {
            crowd->answers++;
            reply_done(client, &reply);
            continue;
        }
        crowd->refusals++;
        if (!tap_check(client_wait_end(client), "a client is neither served nor refused"))
            return false;
    }
    return true;
}

/* Those who were served are served again. */
static void crowd_asks_again(struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->count; i++)
        if (crowd->answered[i] &&
            (!client_print(crowd->client[i], GET) || !reply_expect(crowd->client[i], "200")))
            return;
}

static bool nothing_held(void *unused)
{
    (void)unused;
    return clients_held() == 0;
}

static bool check_all_given_up(void)
{
    return tap_check(patience_until(nothing_held, NULL), "the server keeps %u connections",
                     clients_held());
}

static bool as_few_tasks(void *most)
{
    return proc_tasks(server_pid()) <= *(const unsigned *)most;
}

static bool check_no_more_tasks(unsigned most)
{
    return tap_check(patience_until(as_few_tasks, &most),
                     "%u threads and children are left, zombies included; there were %u",
                     proc_tasks(server_pid()), most);
}

/* Per cent of one CPU that the server uses while nobody asks for anything. */
static long idle_cpu_percent(void)
{
    long before = proc_cpu_us(server_pid());
    patience_pass_ms(WATCH_MS);
    return (proc_cpu_us(server_pid()) - before) / (WATCH_MS * 10);
}

/* A model that polls has its price at rest: only what comes on top of it is a busy loop. */
static void check_not_busy(long at_rest)
{
    long percent = idle_cpu_percent();
    tap_check(percent <= 2 * at_rest + CPU_PERCENT,
              "uses %ld %% of a CPU, and %ld %% in ordinary rest", percent, at_rest);
}

static rlim_t no_more_descriptors(pid_t pid)
{
    return (rlim_t)proc_highest_descriptor(pid) + 1;
}

static rlim_t some_descriptors(pid_t pid)
{
    (void)pid;
    return FEW_DESCRIPTORS;
}

static rlim_t little_more_memory(pid_t pid)
{
    return (rlim_t)(proc_address_space_kib(pid) + MORE_MEMORY_KIB) * 1024;
}

static rlim_t any_memory(pid_t pid)
{
    (void)pid;
    return RLIM_INFINITY;
}

/* Sets the limit of each of its processes, from what that one uses now. */
static void set_limits(__rlimit_resource_t resource, rlim_t (*value)(pid_t))
{
    pid_t pids[1 + PROCESSES_MAX] = {server_pid()};
    size_t count = 1 + proc_children(server_pid(), pids + 1, PROCESSES_MAX);
    for (size_t i = 0; i < count && i <= PROCESSES_MAX; i++) {
        struct rlimit limit;
        rlim_t wanted = value(pids[i]);
        prlimit(pids[i], resource, NULL, &limit);
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        tap_check(prlimit(pids[i], resource, &limit, NULL) == 0, "cannot set a limit");
    }
}

static void stop_with_refused(unsigned long least, unsigned long most)
{
    struct server_counts counts;
    if (server_stop(&counts))
        tap_check(counts.refused >= least && counts.refused <= most, "refused=%lu, not %lu",
                  counts.refused, least);
}

static bool few_are_answered(void *argument)
{
    struct crowd *crowd = argument;
    unsigned answered = 0;
    for (unsigned i = 0; i < crowd->count; i++) {
        struct client *client = crowd->client[i];
        struct reply reply = {0};
        client_receive(client, 0);
        answered += reply_parse((struct bytes){client->in, client->len}, false, &reply) > 0 &&
                    reply.status == 200;
    }
    return answered >= FEW_TASKS || answered == crowd->count;
}

/* Whichever they are, for workers may share the descriptors: the others may be refused or wait. */
static bool check_few_are_answered(struct crowd *crowd)
{
    return tap_check(patience_until(few_are_answered, crowd), "fewer than %d are served",
                     FEW_TASKS);
}

static void few_descriptors(const void *unused)
{
    (void)unused;
    static struct crowd crowd;
    server_next_limit(RLIMIT_NOFILE, FEW_DESCRIPTORS);
    if (!server_start(no_options))
        return;
    if (!crowd_asks(&crowd, model_clients(FEW_TASKS)) || !check_few_are_answered(&crowd))
        return;
    long at_rest = idle_cpu_percent();
    clients_close();
    if (!check_all_given_up() || !crowd_asks(&crowd, model_clients(MORE_THAN_FEW)) ||
        !check_few_are_answered(&crowd))
        return;
    check_not_busy(at_rest);
    tap_check(server_alive(), "the server has died");
    clients_close();
    check_all_given_up();
    bystander_is_served();
    server_stop(NULL);
}

static void no_descriptor_at_all(const void *unused)
{
    (void)unused;
    static struct crowd crowd;
    if (!server_start(no_options) || !bystander_is_served() || !check_all_given_up())
        return;
    long at_rest = idle_cpu_percent();
    set_limits(RLIMIT_NOFILE, no_more_descriptors);
    if (!crowd_asks(&crowd, MORE_TASKS))
        return;
    check_not_busy(at_rest);
    tap_check(server_alive(), "the server has died");
    set_limits(RLIMIT_NOFILE, some_descriptors);
    clients_close();
    check_all_given_up();
    bystander_is_served();
    server_stop(NULL);
}

/* Starts it. Returns how many threads and processes it has without a client, or 0. Processes are
 * counted before the first client, for a model may make one for each; threads after it, for right
 * behind the ready line some may still be starting. */
static unsigned start_and_count_tasks(void)
{
    pid_t first;
    if (!server_start(no_options))
        return 0;
    unsigned children = (unsigned)proc_children(server_pid(), &first, 1);
    if (!bystander_is_served() || !check_all_given_up())
        return 0;
    return proc_threads(server_pid()) + children;
}

static unsigned tasks_at_rest(void)
{
    unsigned tasks = start_and_count_tasks();
    return tasks > 0 && server_stop(NULL) ? tasks : 0;
}

static void no_more_tasks(const void *unused)
{
    (void)unused;
    static struct crowd crowd;
    unsigned tasks = tasks_at_rest();
    if (!server_next_unprivileged()) {
        tap_skip("only root can give the server a user of its own, with its own RLIMIT_NPROC");
        return;
    }
    server_next_limit(RLIMIT_NPROC, tasks + FEW_TASKS);
    if (tasks == 0 || !server_start(no_options) || !crowd_asks(&crowd, model_clients(MORE_TASKS)) ||
        !crowd_hears(&crowd))
        return;
    bool needs_tasks = proc_tasks(server_pid()) > tasks;
    tap_check((crowd.refusals > 0) == needs_tasks && crowd.answers > 0, "%u refused of %u",
              crowd.refusals, crowd.count);
    crowd_asks_again(&crowd);
    clients_close();
    if (!check_no_more_tasks(tasks))
        return;
    bystander_is_served();
    stop_with_refused(crowd.refusals, crowd.refusals);
}

static void no_more_memory(const void *unused)
{
    (void)unused;
    static struct crowd crowd;
    if (patience_sanitized()) {
        tap_skip("a sanitizer's allocator does not survive it");
        return;
    }
    if (!server_start(no_options) || !bystander_is_served() || !check_all_given_up())
        return;
    set_limits(RLIMIT_AS, little_more_memory);
    if (!crowd_asks(&crowd, model_clients(MANY)) || !crowd_hears(&crowd))
        return;
    tap_note("%u of %u were refused", crowd.refusals, crowd.count);
    tap_check(server_alive(), "the server has died");
    clients_close();
    check_all_given_up();
    set_limits(RLIMIT_AS, any_memory);
    bystander_is_served();
    stop_with_refused(crowd.refusals, crowd.refusals);
}

static bool enough_descriptors(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= NEEDED_DESCRIPTORS)
        return true;
    tap_skip("needs %d descriptors, the limit is %lu", NEEDED_DESCRIPTORS,
             (unsigned long)limit.rlim_cur);
    return false;
}

static void check_refusals(const struct crowd *crowd)
{
    json_int_t most = model()->max_descriptors;
    if (most == 0 || most > (json_int_t)crowd->count)
        tap_check(crowd->refusals == 0, "%u refused of %u", crowd->refusals, crowd->count);
    else
        tap_check(crowd->refusals > 0 && crowd->answers > 0 && crowd->answers < (unsigned)most &&
                      crowd->answers + 32 > (unsigned)most,
                  "%u served, though it has no more than %lld descriptors", crowd->answers,
                  (long long)most);
}

static void more_clients_than_select_has_room_for(const void *unused)
{
    (void)unused;
    static struct crowd crowd;
    if (!enough_descriptors())
        return;
    unsigned clients = patience_sanitized() && model()->max_descriptors == 0 ? MANY : BEYOND_SELECT;
    server_next_limit(RLIMIT_NOFILE, NEEDED_DESCRIPTORS);
    if (!server_start(no_options) || !crowd_asks(&crowd, model_clients(clients)) ||
        !crowd_hears(&crowd))
        return;
    check_refusals(&crowd);
    crowd_asks_again(&crowd);
    for (unsigned i = 0; i < crowd.count; i++)
        client_close(crowd.client[i], false);
    check_all_given_up();
    bystander_is_served();
    stop_with_refused(crowd.refusals, crowd.refusals);
}

static void resets_at_any_moment(const void *unused)
{
    (void)unused;
    static const char *const said[] = {"",
                                       "G",
                                       HALF_HEAD,
                                       GET,
                                       GET GET HALF_HEAD,
                                       "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nxx",
                                       "NONSENSE\r\n\r\n"};
    static const char *const options[] = {"--body-size", "100000", NULL};
    if (!server_start(options))
        return;
    for (unsigned i = 0; i < MANY; i++) {
        struct client *client = client_open_with_window(i % 2 == 0 ? WINDOW : 4096);
        if (client == NULL)
            return;
        client_print(client, said[i % (sizeof said / sizeof said[0])]);
        if (i % 3 == 0)
            client_is_read(client);
        if (i % 5 == 0)
            client_half_close(client);
        client_close(client, true);
    }
    check_all_given_up();
    bystander_is_served();
    server_stop(NULL);
}

static void resets_in_the_accept_queue(const void *unused)
{
    (void)unused;
    struct client *waiting[BATCH];
    if (!server_start(no_options))
        return;
    server_suspend();
    for (unsigned i = 0; i < BATCH; i++) {
        waiting[i] = client_open();
        if (waiting[i] == NULL)
            return;
        if (i % 2 == 0)
            client_print(waiting[i], GET);
    }
    for (unsigned i = 0; i < BATCH; i++)
        client_close(waiting[i], true);
    server_signal_group(SIGCONT);
    bystander_is_served();
    check_all_given_up();
    server_stop(NULL);
}

/* One connection's short life, in one of four ways. */
static bool live_and_die(struct client *client, unsigned way)
{
    switch (way % 4) {
    case 0:
        return client_print(client, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") &&
               reply_expect(client, "200") && reply_expect_end(client);
    case 1:
        return client_print(client, GET) && reply_expect(client, "200");
    case 2:
        return true;
    default:
        return client_print(client, HALF_HEAD);
    }
}

static bool churn(unsigned count)
{
    unsigned batch = model_clients(BATCH);
    for (unsigned done = 0; done < count; done += batch) {
        struct client *client[BATCH];
        for (unsigned i = 0; i < batch; i++) {
            client[i] = client_open();
            if (client[i] == NULL)
                return false;
        }
        for (unsigned i = 0; i < batch; i++) {
            if (!live_and_die(client[i], done + i))
                return false;
            client_close(client[i], (done + i) % 4 == 3);
        }
        clients_close();
    }
    return check_all_given_up();
}

/* A child may have ended its client's connection, and not yet itself. */
static bool as_few_descriptors(void *most)
{
    return proc_descriptors(server_pid()) <= *(const unsigned *)most;
}

/* Stores by how much the memory has grown; false when the case has failed. */
static bool churn_and_weigh(unsigned count, unsigned tasks, long *growth_kib)
{
    long before = proc_pss_kib(server_pid());
    if (!churn(count) || !check_no_more_tasks(tasks))
        return false;
    *growth_kib = proc_pss_kib(server_pid()) - before;
    tap_note("memory has grown by %ld KiB", *growth_kib);
    return true;
}

/* Each thread keeps buffers for its next clients, as many as it has had use for at once: on a
 * loaded machine one may learn late how many that is. A leak grows each time. */
static void churn_leaves_nothing(const void *unused)
{
    (void)unused;
    unsigned all = patience_sanitized() ? CHURN_SANITIZED : CHURN;
    if (!server_start(no_options) || !churn(all / 10))
        return;
    unsigned tasks = proc_tasks(server_pid());
    unsigned descriptors = proc_descriptors(server_pid());
    long growth_kib = LONG_MAX;
    for (int i = 0; i < WEIGHINGS && growth_kib >= GROWTH_OF_MANY_KIB; i++)
        if (!churn_and_weigh(all - all / 10, tasks, &growth_kib))
            return;
    tap_check(patience_until(as_few_descriptors, &descriptors), "%u descriptors, before %u",
              proc_descriptors(server_pid()), descriptors);
    tap_check(patience_sanitized() || growth_kib < GROWTH_OF_MANY_KIB,
              "memory has grown by %ld KiB, %d times", growth_kib, WEIGHINGS);
    server_stop(NULL);
}

static void all_leave_at_once(const void *unused)
{
    (void)unused;
    static struct crowd crowd;
    struct server_counts counts;
    unsigned tasks = start_and_count_tasks();
    if (tasks == 0 || !crowd_asks(&crowd, model_clients(MANY)) || !crowd_hears(&crowd))
        return;
    tap_check(crowd.refusals == 0, "%u refused", crowd.refusals);
    clients_close();
    /* Others come while children die by the hundred. */
    for (unsigned i = 0; i < BATCH; i++)
        if (!bystander_is_served())
            return;
    check_all_given_up();
    check_no_more_tasks(tasks + 1);
    unsigned served = 1 + crowd.count + BATCH;
    if (server_stop(&counts))
        tap_check(counts.accepted == served && counts.answered == served,
                  "accepted=%lu answered=%lu, not %u", counts.accepted, counts.answered, served);
}

/* A client that asks without a pause and takes every answer at once. */
struct hose {
    int fd;
    atomic_bool stop;
    atomic_ulong taken;
};

static void *run_hose(void *argument)
{
    struct hose *hose = argument;
    static char requests[WINDOW], answers[WINDOW];
    for (size_t i = 0; i < sizeof requests; i++)
        requests[i] = GET[i % (sizeof GET - 1)];
    /* The last request is cut where the next block begins anew: whole ones only. */
    size_t whole = sizeof requests / (sizeof GET - 1) * (sizeof GET - 1);
    for (size_t sent = 0; !atomic_load(&hose->stop);) {
        struct pollfd wait = {.fd = hose->fd, .events = POLLIN | POLLOUT};
        poll(&wait, 1, WATCH_MS);
        ssize_t came = recv(hose->fd, answers, sizeof answers, MSG_DONTWAIT);
        if (came > 0)
            atomic_fetch_add(&hose->taken, (unsigned long)came);
        ssize_t went = send(hose->fd, requests + sent, whole - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (came == 0 || (went < 0 && errno != EAGAIN))
            break;
        if (went > 0)
            sent = (sent + (size_t)went) % whole;
    }
    return NULL;
}

static bool hose_flows(void *argument)
{
    struct hose *hose = argument;
    return atomic_load(&hose->taken) > WINDOW;
}

static void fire_hose(const void *unused)
{
    (void)unused;
    static struct hose hose;
    pthread_t thread;
    if (!server_start(no_options))
        return;
    hose.fd = client_connect();
    if (pthread_create(&thread, NULL, run_hose, &hose) != 0)
        tap_bail_out("no thread");
    tap_check(patience_until(hose_flows, &hose), "the fire hose does not flow");
    unsigned others = model_is_one_at_a_time() ? 1 : BESIDE_HOSE;
    long since = patience_now_ms();
    for (unsigned i = 0; i < others && bystander_asks(); i++)
        continue;
    tap_note("%u others beside %lu bytes of the fire hose in %ld ms", others,
             atomic_load(&hose.taken), patience_now_ms() - since);
    atomic_store(&hose.stop, true);
    pthread_join(thread, NULL);
    close(hose.fd);
    bystander_leaves();
    server_stop(NULL);
}

static void silent_client(const void *argument)
{
    const char *said = argument;
    if (!server_start(no_options))
        return;
    struct client *client = client_open();
    if (client == NULL || !client_print(client, said) || !client_is_read(client))
        return;
    bystander_asks();
    client_close(client, false);
    bystander_leaves();
    server_stop(NULL);
}

static char *many_requests(struct bytes *bytes)
{
    size_t one = sizeof GET - 1;
    char *all = malloc(PIPELINED * one);
    if (all == NULL)
        tap_bail_out("out of memory");
    for (size_t i = 0; i < PIPELINED; i++)
        memcpy(all + i * one, GET, one);
    *bytes = (struct bytes){all, PIPELINED * one};
    return all;
}

static void check_growth(long before)
{
    long growth = proc_pss_kib(server_pid()) - before;
    tap_check(patience_sanitized() || growth < GROWTH_KIB, "memory has grown by %ld KiB", growth);
}

/* Sends without reading as much as goes, looks at the server, then takes all answers. */
static void read_slowly(struct client *client, struct bytes requests)
{
    if (!client_print(client, GET) || !reply_expect(client, "200"))
        return;
    long before = proc_pss_kib(server_pid());
    size_t sent = client_push(client, requests, STALL_MS);
    tap_note("%zu bytes of %zu went without reading", sent, requests.len);
    check_growth(before);
    bystander_asks();
    struct bytes rest = {requests.at + sent, requests.len - sent};
    if (!tap_check(client_send(client, rest), "the connection breaks"))
        return;
    for (unsigned i = 0; i < PIPELINED; i++)
        if (!tap_check(reply_expect(client, "200"), "... as answer %u", i + 1))
            return;
    tap_check(client->len == 0, "more than the answers");
    check_growth(before);
}

static void slow_reader(const void *unused)
{
    (void)unused;
    struct bytes requests;
    char *all = many_requests(&requests);
    struct client *client = NULL;
    if (server_start(no_options))
        client = client_open_with_window(WINDOW);
    if (client != NULL) {
        read_slowly(client, requests);
        client_close(client, false);
        bystander_leaves();
        server_stop(NULL);
    }
    free(all);
}

/* What is said beside an answer that is not taken: a little, a pause, and more than any buffer has
   room for behind that. */
static void words_beside_an_answer(const void *unused)
{
    (void)unused;
    static const char *const options[] = {"--body-size", "10000000", NULL};
    if (!server_start(options))
        return;
    struct client *client = client_open_with_window(WINDOW);
    if (client == NULL || !client_print(client, GET) || !reply_expect(client, "200"))
        return;
    client_push(client, (struct bytes)BYTES(GET), STALL_MS);
    patience_pass_ms(PAUSE_MS);
    client_push(client, (struct bytes)BYTES(HEAD), STALL_MS);
    patience_pass_ms(PAUSE_MS);
    for (unsigned i = 0; i < SAID; i++)
        client_push(client, (struct bytes)BYTES(HEAD), STALL_MS);
    bool all = reply_expect(client, "200");
    for (unsigned i = 0; all && i <= SAID; i++)
        all = tap_check(reply_expect(client, "200H"), "... as answer %u", i + 1);
    client_close(client, false);
    bystander_leaves();
    server_stop(NULL);
}

static unsigned count_ended(struct crowd *crowd)
{
    unsigned ended = 0;
    for (unsigned i = 0; i < crowd->count; i++) {
        client_receive(crowd->client[i], 0);
        ended += crowd->client[i]->ended;
        crowd->answered[i] = !crowd->client[i]->ended;
    }
    return ended;
}

static bool somebody_ended(void *argument)
{
    return count_ended(argument) > 0;
}

/* Worker processes, and the one among them that a case has ended. */
struct workers {
    pid_t ended;
    size_t count;
};

static bool worker_is_replaced(void *argument)
{
    const struct workers *workers = argument;
    pid_t children[PROCESSES_MAX];
    size_t count = proc_children(server_pid(), children, PROCESSES_MAX);
    for (size_t i = 0; i < count && i < PROCESSES_MAX; i++)
        if (children[i] == workers->ended)
            return false;
    return count == workers->count;
}

/* After the crash of a process that was there for one client: nobody else is harmed. */
static void check_crash_of_its_own(struct crowd *crowd, unsigned tasks)
{
    tap_check(patience_until(somebody_ended, crowd), "nobody's connection has ended");
    check_no_more_tasks(tasks - 1);
    tap_check(count_ended(crowd) == 1, "%u connections have ended", count_ended(crowd));
}

/* After the crash of a worker, which may have had any number of clients: it is replaced. */
static void check_crash_of_worker(struct crowd *crowd, struct workers workers)
{
    tap_check(patience_until(worker_is_replaced, &workers), "the worker is not replaced");
    unsigned ended = count_ended(crowd);
    tap_note("%u connections of %u have ended", ended, crowd->count);
    if (model()->clients_at_once == (json_int_t)crowd->count)
        tap_check(ended == 1, "%u connections have ended", ended);
    for (size_t i = 0; i < 2 * workers.count; i++)
        bystander_is_served();
}

static void crash_of_a_child(const void *unused)
{
    (void)unused;
    static struct crowd crowd;
    pid_t children[MORE_TASKS];
    server_next_limit(RLIMIT_CORE, 0);
    if (!server_start(no_options))
        return;
    size_t workers = proc_children(server_pid(), children, MORE_TASKS);
    if (!crowd_asks(&crowd, model_clients(FEW_TASKS)) || !crowd_hears(&crowd))
        return;
    unsigned tasks = proc_tasks(server_pid());
    if (proc_children(server_pid(), children, MORE_TASKS) == 0) {
        tap_skip("the model has no processes beside its first");
        server_stop(NULL);
        return;
    }
    /* As a failed assertion ends it. (Sanitizers start a process of their own on SIGSEGV.) */
    kill(children[0], SIGABRT);
    if (workers > 0)
        check_crash_of_worker(&crowd, (struct workers){children[0], workers});
    else
        check_crash_of_its_own(&crowd, tasks);
    crowd_asks_again(&crowd);
    bystander_is_served();
    clients_close();
    server_stop(NULL);
}

/* The limit that a model names is kept to: no more, and no fewer. */
static void one_more_than_it_serves(const void *unused)
{
    (void)unused;
    static struct crowd crowd;
    unsigned count = model_clients(BATCH);
    if (!server_start(no_options) || !crowd_asks(&crowd, count) || !crowd_hears(&crowd))
        return;
    tap_check(crowd.answers == count, "serves %u of %u", crowd.answers, count);
    struct client *late = client_open();
    if (late == NULL || !client_print(late, GET))
        return;
    if (model()->clients_at_once == (json_int_t)count) {
        tap_check(client_quiet(late, HELD_UP_MS), "says that it serves %u, yet serves one more",
                  count);
        client_close(crowd.client[0], false);
    }
    reply_expect(late, "200");
    clients_close();
    server_stop(NULL);
}

/* What is told of the newcomer may be lost among what is told of others (signals queue only so
 * far).
 */
static void newcomer_behind_a_burst(const void *unused)
{
    (void)unused;
    if (!server_start(no_options))
        return;
    struct client *first = client_open();
    if (first == NULL || !client_print(first, GET) || !reply_expect(first, "200"))
        return;
    server_suspend();
    client_print(first, GET);
    struct client *late = client_open();
    bool came = late != NULL && client_print(late, GET);
    server_signal_group(SIGCONT);
    if (!came || !reply_expect(first, "200"))
        return;
    if (model_clients(2) < 2)
        client_close(first, false);
    reply_expect(late, "200");
    clients_close();
    server_stop(NULL);
}

static void no_death_by_sigpipe(const void *unused)
{
    (void)unused;
    static const char *const options[] = {"--body-size", "10000000", NULL};
    if (!server_start(options))
        return;
    for (unsigned i = 0; i < FEW_TASKS; i++) {
        struct client *client = client_open();
        if (client == NULL || !client_print(client, GET GET GET) ||
            !tap_check(client_receive(client, patience_limit_ms()), "no answer"))
            return;
        client_close(client, true);
    }
    check_all_given_up();
    server_signal(SIGPIPE);
    bystander_is_served();
    server_stop(NULL);
}

static void exhaustion(void)
{
    suite_case("with few descriptors it goes on, without a busy loop", few_descriptors, NULL);
    suite_case("with no descriptor left it goes on, without a busy loop", no_descriptor_at_all,
               NULL);
    suite_case("where no process or thread can be had the client is refused, the rest served",
               no_more_tasks, NULL);
    suite_case("where no memory can be had the client is refused, the server goes on",
               no_more_memory, NULL);
    suite_case("1100 clients at once are served, or refused where the model has no room",
               more_clients_than_select_has_room_for, NULL);
}

void suite_stress(void)
{
    exhaustion();
    suite_case("a reset at any moment ends only its own connection", resets_at_any_moment, NULL);
    suite_case("resets in the accept queue end nothing else", resets_in_the_accept_queue, NULL);
    suite_case("thousands of connections leave no descriptor, process or memory",
               churn_leaves_nothing, NULL);
    suite_case("when hundreds leave at once none remains and no newcomer is lost",
               all_leave_at_once, NULL);
    suite_case("beside a fire hose others are served, or held up where the model says so",
               fire_hose, NULL);
    suite_case("beside a silent client others are served, or held up where the model says so",
               silent_client, "");
    suite_case("beside half a head others are served, or held up where the model says so",
               silent_client, HALF_HEAD);
    suite_case("100000 requests of a slow reader are answered from bounded memory", slow_reader,
               NULL);
    suite_case("what is said while an answer is not taken is answered after it",
               words_beside_an_answer, NULL);
    suite_case("the crash of a process is its own clients' loss alone", crash_of_a_child, NULL);
    suite_case("it serves as many clients at once as it says, and keeps one more waiting",
               one_more_than_it_serves, NULL);
    suite_case("a newcomer whose coming is one event too many is served", newcomer_behind_a_burst,
               NULL);
    suite_case("SIGPIPE never kills", no_death_by_sigpipe, NULL);
}
