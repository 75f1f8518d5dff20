/* SPDX-License-Identifier: MIT */
#include "tests/unit/rig.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 }; /* the loopback interface is quicker by far, or broken */

int64_t rig_now_ms = -1;
bool rig_stopping;
atomic_uint rig_resumptions;

static bool is_stopping(void)
{
    return rig_stopping;
}

/* The linker puts this in clock_gettime()'s place. */
int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __real_clock_gettime(clockid_t id, struct timespec *now);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
    if (rig_now_ms < 0)
        return __real_clock_gettime(id, now);
    *now = (struct timespec){rig_now_ms / 1000, rig_now_ms % 1000 * 1000000};
    errno = ENOENT; /* a call that succeeds may set it all the same */
    return 0;
}

void rig_pair(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof address;
    int failed = bind(listener, (struct sockaddr *)&address, len) || listen(listener, 1) ||
                 getsockname(listener, (struct sockaddr *)&address, &len);

    ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    failed = failed || connect(ends[1], (struct sockaddr *)&address, len);
    ends[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    close(listener);
    assert(!failed && ends[0] >= 0);
}

void rig_init(struct rig *rig, const struct protocol *protocol)
{
    memset(rig, 0, sizeof *rig);
    rig->rules = (struct conn_rules){
        .protocol = protocol,
        .timeout_ms = {[TIMER_IDLE] = RIG_IDLE_MS,
                       [TIMER_HEADER] = RIG_HEADER_MS,
                       [TIMER_DRAIN] = RIG_DRAIN_MS},
        .stopping = is_stopping,
        .resumptions = &rig_resumptions,
        .counts = rig->counts,
    };
    rig->peer = -1;
    rig_stopping = false;
    rig_now_ms = RIG_START_MS;
    conns_init(&rig->conns, &rig->rules);
}

void rig_open(struct rig *rig, bool sockets)
{
    int ends[2] = {-1, -1};

    if (sockets)
        rig_pair(ends);
    rig->peer = ends[1];
    rig->conn = conns_open(&rig->conns, ends[0]);
}

void rig_finish(struct rig *rig)
{
    if (rig->conn)
        conn_close(rig->conn);
    if (rig->peer >= 0)
        close(rig->peer);
    rig->conn = NULL;
    rig->peer = -1;
    conns_finish(&rig->conns);
    rig_now_ms = -1;
}

void rig_wait_readable(int fd)
{
    struct pollfd readable = {fd, POLLIN, 0};
    int ready = poll(&readable, 1, PATIENCE_MS);

    assert(ready == 1);
}

static void say_by_socket(struct rig *rig, const char *bytes, size_t len)
{
    ssize_t sent = send(rig->peer, bytes, len, MSG_NOSIGNAL);

    assert(sent == (ssize_t)len);
    rig_wait_readable(rig->conn->fd);
    (void)conn_read(rig->conn);
}

bool rig_say(struct rig *rig, const char *bytes, size_t len)
{
    if (rig->peer >= 0) {
        say_by_socket(rig, bytes, len);
        return true;
    }
    do {
        struct room room = conn_room(rig->conn);
        size_t piece = len < room.size ? len : room.size;

        if (room.size == 0) {
            assert(conn_want(rig->conn) == CONN_CLOSE); /* there is room whenever it would read */
            return false;
        }
        if (piece)
            memcpy(room.at, bytes, piece);
        conn_received(rig->conn, piece);
        bytes += piece;
        len -= piece;
    } while (len && conn_want(rig->conn) == CONN_READ);
    return true;
}

bool rig_say_text(struct rig *rig, const char *text)
{
    return rig_say(rig, text, strlen(text));
}

long rig_client_read(const struct rig *rig, char *bytes, size_t size)
{
    rig_wait_readable(rig->peer);
    return recv(rig->peer, bytes, size, 0);
}

size_t rig_hear(struct rig *rig, char *heard, size_t size)
{
    struct span pending = conn_pending(rig->conn);
    size_t wanted = pending.len, len = 0;

    assert(wanted < size);
    if (rig->peer < 0) {
        memcpy(heard, pending.at, wanted);
        conn_sent(rig->conn, wanted);
        len = wanted;
    } else {
        (void)conn_write(rig->conn);
    }
    while (len < wanted) {
        long n = rig_client_read(rig, heard + len, wanted - len);

        assert(n > 0);
        len += (size_t)n;
    }
    heard[len] = '\0';
    return len;
}

/* In small steps, so that none of them looks as if the process had been suspended. */
void rig_wait(struct rig *rig, int64_t ms)
{
    enum { STEP_MS = 50 };

    while (ms > 0) {
        int64_t step_ms = ms < STEP_MS ? ms : STEP_MS;

        (void)conns_wait_ms(&rig->conns);
        rig_now_ms += step_ms;
        ms -= step_ms;
        conns_tick(&rig->conns);
    }
}
