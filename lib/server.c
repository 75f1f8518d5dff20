/* SPDX-License-Identifier: MIT */
#include "lib/server.h"
#include "lib/die.h"
#include "lib/options.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Between a server's processes. */
struct shared {
    atomic_bool stopping; /* the one that listens was told to stop, and so are all others */
    _Atomic uint64_t counts[CONN_COUNTS];
};

static struct {
    const struct model *model;
    struct options options;
    struct conn_rules rules;
    _Atomic int listener;             /* the signal handler shuts it down */
    int others[SERVER_LISTENERS - 1]; /* and those that listen beside it */
    _Atomic int other_count;
    pid_t pid;                    /* that listens */
    pthread_mutex_t reserve_lock; /* threads may accept side by side */
    int reserve; /* a descriptor to give up when there are no others: see accept_with_reserve() */
    bool flag_alone;
    atomic_bool stopping; /* this process was told to */
    atomic_uint resumptions;
    struct shared *shared;
} server = {.listener = -1, .reserve_lock = PTHREAD_MUTEX_INITIALIZER, .reserve = -1};

/* ---- Signals ---- */

static void shut_listeners(void)
{
    (void)shutdown(server.listener, SHUT_RDWR);
    for (int i = 0; i < server.other_count; i++)
        (void)shutdown(server.others[i], SHUT_RDWR);
}

/* shutdown() on a listening socket makes accept fail and poll say POLLHUP, at once and from then
   on: there is no moment between a test and a wait in which the signal could be lost. Waits on
   other sockets are interrupted, again and again, for the same reason; and so is whatever a child
   waits for, whose signal may be for it alone, and which then leaves the listener to the others.
   But where the parent has gone, there is nobody else to shut the listener. */
static void on_stop(int signal)
{
    const struct timeval nudge = {0, SERVER_NUDGE_MS * 1000};
    int saved = errno;
    bool first = !atomic_exchange(&server.stopping, true); /* before anybody is woken to see it */
    bool child = getpid() != server.pid;

    (void)signal;
    if (server.listener >= 0 && (!child || getppid() != server.pid)) {
        server.shared->stopping = true;
        if (!server.flag_alone)
            shut_listeners();
    }
    if ((server.model->blocking || child) && first)
        (void)setitimer(ITIMER_REAL, &(struct itimerval){nudge, nudge}, NULL);
    errno = saved;
}

static void on_continue(int signal)
{
    (void)signal;
    atomic_fetch_add(&server.resumptions, 1);
}

static void on_nudge(int signal)
{
    (void)signal; /* what it interrupts returns EINTR: that is all */
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART: waits shall end */

    sigemptyset(&action.sa_mask);
    if (sigaction(signal, &action, NULL))
        die("cannot handle signal %d", signal);
}

static void handle_signals(void)
{
    static const int STOPS[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    sigset_t none;

    for (size_t i = 0; i < sizeof STOPS / sizeof *STOPS; i++)
        handle(STOPS[i], on_stop);
    handle(SIGALRM, on_nudge);
    handle(SIGCONT, on_continue);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* whoever started us may have blocked some */
    handle(SIGPIPE, SIG_IGN); /* a client that has gone is an error of write, and its own */
}

/* ---- Start ---- */

/* host:port, an IPv6 address in brackets. */
static const char *written(const char *host, int port, char text[80])
{
    snprintf(text, 80, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
    return text;
}

static struct addrinfo *resolve(const char *host, int port)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *address;
    char service[8];

    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &address))
        die_usage("--host: '%s' is not an IPv4 or IPv6 address", host);
    return address;
}

/* What accepted sockets inherit costs no call for each of them. */
static void set_options(int fd)
{
    int64_t idle_ms = server.options.timeout_ms[TIMER_IDLE];
    struct timeval idle = {0, 0};
    const int one = 1;

    if (idle_ms != NEVER_MS)
        idle = (struct timeval){idle_ms / 1000, idle_ms % 1000 * 1000};
    /* TCP_NODELAY: an answer of several segments must not wait for the client's delayed ACK. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one))
        die("cannot set SO_REUSEADDR and TCP_NODELAY");
    if (!server.model->blocking)
        return;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle) ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof idle))
        die("cannot set SO_RCVTIMEO and SO_SNDTIMEO");
}

static int make_socket(int family)
{
    int type = SOCK_STREAM | SOCK_CLOEXEC | (server.model->accept_blocks ? 0 : SOCK_NONBLOCK);
    int fd = socket(family, type, 0);

    if (fd < 0)
        die("cannot make a socket");
    set_options(fd);
    return fd;
}

static void share_port(int fd)
{
    const int one = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one))
        die("cannot set SO_REUSEPORT");
}

/* Where the port is to be shared among our listeners, it must be ours: set before the bind,
   SO_REUSEPORT would join another server's port without a word. */
static int listen_on(const char *host, int port)
{
    struct addrinfo *address = resolve(host, port);
    int fd = make_socket(address->ai_family);
    bool bound = bind(fd, address->ai_addr, address->ai_addrlen) == 0;
    char text[80];

    if (bound && server.model->reuse_port)
        share_port(fd);
    if (!bound || listen(fd, server.options.backlog))
        die("cannot listen on %s", written(host, port, text));
    freeaddrinfo(address);
    return fd;
}

int server_listen_again(void)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    int fd;

    if (getsockname(server.listener, (struct sockaddr *)&address, &len))
        die("cannot read the listener's own address");
    fd = make_socket(address.ss_family);
    share_port(fd);
    if (bind(fd, (struct sockaddr *)&address, len) || listen(fd, server.options.backlog))
        die("cannot listen once more on the same port");
    assert(server.other_count < SERVER_LISTENERS - 1);
    server.others[server.other_count] = fd;
    server.other_count++;
    if (server_stopping()) /* the handler may have come before it could know of this one */
        shut_listeners();
    return fd;
}

void server_ready(void)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char host[NI_MAXHOST], service[NI_MAXSERV], text[80];

    if (getsockname(server.listener, (struct sockaddr *)&address, &len) ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof host, service, sizeof service,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        die("cannot read the listener's own address");
    printf("ready %s\n", written(host, (int)strtol(service, NULL, 10), text));
    if (fflush(stdout))
        die("cannot write the ready line");
}

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void share(void)
{
    server.shared = mmap(NULL, sizeof *server.shared, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (server.shared == MAP_FAILED)
        die("cannot map memory");
}

void server_start(const struct model *model, int argc, char **argv)
{
    server.model = model;
    server.pid = getpid();
    options_read(&server.options, model, argc, argv);
    server.options.protocol->prepare(&server.options.settings);
    share();
    server.rules = (struct conn_rules){
        .protocol = server.options.protocol,
        .blocking = model->blocking,
        .trace = server.options.trace,
        .stopping = server_stopping,
        .resumptions = &server.resumptions,
        .counts = server.shared->counts,
    };
    memcpy(server.rules.timeout_ms, server.options.timeout_ms, sizeof server.rules.timeout_ms);
    server.listener = listen_on(server.options.host, server.options.port);
    server.reserve = open_reserve();
    handle_signals();
    if (!model->workers)
        server_ready();
}

const struct conn_rules *server_rules(void)
{
    return &server.rules;
}

int server_listener(void)
{
    return server.listener;
}

int server_backlog(void)
{
    return server.options.backlog;
}

/* ---- Accepting ---- */

static int accept_once(int listener)
{
    return accept4(listener, NULL, NULL,
                   SOCK_CLOEXEC | (server.model->blocking ? 0 : SOCK_NONBLOCK));
}

/* A moment for whoever has what we lack to give it back: a retry at once would be a busy loop. */
static void pause_briefly(void)
{
    const struct timespec moment = {0, 10 * 1000 * 1000};

    (void)nanosleep(&moment, NULL);
}

/* No descriptor is left, and the client would wait in the queue, keeping the listener ready and
   us busy. With the reserve's it is accepted; where that cannot be had back, it is turned away.
   Returns a client's socket after all, or -1 and errno as accept has it. */
static int accept_with_reserve(int listener)
{
    int fd, error;

    pthread_mutex_lock(&server.reserve_lock);
    if (server.reserve >= 0)
        close(server.reserve);
    fd = accept_once(listener);
    error = errno;
    server.reserve = open_reserve();
    if (fd >= 0 && server.reserve < 0) {
        server_count(COUNT_ACCEPTED);
        server_refuse(fd);
        server.reserve = open_reserve();
        fd = -1;
        error = EAGAIN; /* the others' turn before the next is turned away */
    }
    pthread_mutex_unlock(&server.reserve_lock);
    errno = error;
    return fd;
}

/* What an error of accept(2) means: whether to try again. */
static bool try_again(int error)
{
    switch (error) {
    case EAGAIN: /* a blocking listener has the idle timeout, for accepted sockets to inherit */
        return server.model->accept_blocks;
    case EMFILE: /* and the reserve was of no use */
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        pause_briefly();
        return server.model->accept_blocks; /* a loop goes on with those that it has */
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
        if (!server_stopping())
            die("cannot accept");
        return false;
    default: /* EINTR, or an error of the network: that client has gone already */
        return true;
    }
}

int server_accept_from(int listener)
{
    while (!server_stopping()) {
        int fd = accept_once(listener);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            fd = accept_with_reserve(listener);
        if (fd >= 0) {
            server_count(COUNT_ACCEPTED);
            return fd;
        }
        if (!try_again(errno))
            return -1;
    }
    return -1;
}

int server_accept(void)
{
    return server_accept_from(server.listener);
}

void server_welcome(struct conns *conns, void (*serve)(struct conn *))
{
    for (int i = 0; i < SERVER_ACCEPTS; i++) {
        int fd = server_accept();
        struct conn *conn;

        if (fd < 0)
            return;
        conn = conns_open(conns, fd);
        if (conn)
            serve(conn);
    }
}

void server_refuse(int fd)
{
    server_count(COUNT_REFUSED);
    close(fd);
}

void server_count(enum conn_count what)
{
    atomic_fetch_add_explicit(&server.rules.counts[what], 1, memory_order_relaxed);
}

/* ---- Stopping ---- */

bool server_stopping(void)
{
    return server.stopping || server.shared->stopping;
}

void server_stop_by_flag_alone(void)
{
    server.flag_alone = true;
}

void server_deafen(void)
{
    int fd = server.listener;

    server.listener = -1; /* first: the handler must not meet a descriptor that is used again */
    if (fd >= 0)
        close(fd);
}

int server_end(void)
{
    const _Atomic uint64_t *counts = server.rules.counts;

    fprintf(stderr, "stopped: accepted=%ju answered=%ju refused=%ju cut-off=%ju failed=%ju\n",
            (uintmax_t)counts[COUNT_ACCEPTED], (uintmax_t)counts[COUNT_ANSWERED],
            (uintmax_t)counts[COUNT_REFUSED], (uintmax_t)counts[COUNT_CUT_OFF],
            (uintmax_t)counts[COUNT_FAILED]);
    return EXIT_SUCCESS;
}
