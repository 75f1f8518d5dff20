/* SPDX-License-Identifier: MIT */
#include "tests/contract/proc.h"

#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PID_DIGITS = 20,
    PATH_SIZE = 96,
    ANSWER_SIZE = 8192,  /* of the kernel about one socket: far more than it takes */
    CHILDREN_MAX = 4096, /* more than any case lets a server have */
};

static FILE *open_entry(pid_t pid, const char *entry)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, entry);
    return fopen(path, "re");
}

/* Counts the numbers that name entries of a folder; stores the highest. */
static unsigned count_entries(pid_t pid, const char *folder, int *highest)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, folder);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return 0;
    unsigned count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        int number = (int)strtol(entry->d_name, NULL, 10);
        if (highest != NULL && number > *highest)
            *highest = number;
        count++;
    }
    closedir(directory);
    return count;
}

int proc_highest_descriptor(pid_t pid)
{
    int highest = -1;
    count_entries(pid, "fd", &highest);
    return highest;
}

unsigned proc_threads(pid_t pid)
{
    return count_entries(pid, "task", NULL);
}

/* Children hang on the thread that made them. */
static size_t thread_children(pid_t pid, const char *thread, pid_t *children, size_t size)
{
    char entry[sizeof "task//children" + PID_DIGITS];
    snprintf(entry, sizeof entry, "task/%.*s/children", PID_DIGITS, thread);
    FILE *file = open_entry(pid, entry);
    if (file == NULL)
        return 0;
    size_t count = 0;
    for (int child; fscanf(file, "%d", &child) == 1; count++)
        if (count < size)
            children[count] = child;
    fclose(file);
    return count;
}

size_t proc_children(pid_t pid, pid_t *children, size_t size)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return 0;
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        size_t stored = count < size ? count : size;
        if (entry->d_name[0] != '.')
            count += thread_children(pid, entry->d_name, children + stored, size - stored);
    }
    closedir(directory);
    return count;
}

unsigned proc_tasks(pid_t pid)
{
    pid_t first;
    return proc_threads(pid) + (unsigned)proc_children(pid, &first, 1);
}

/* The number behind `key` in a file of lines such as `Pss:     12 kB`. */
static long number_behind(pid_t pid, const char *entry, const char *key)
{
    FILE *file = open_entry(pid, entry);
    if (file == NULL)
        return 0;
    char line[256];
    long number = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        number = strtol(line + strlen(key), NULL, 10);
        break;
    }
    fclose(file);
    return number;
}

static long sum_with_children(pid_t pid, long (*of)(pid_t))
{
    static pid_t children[CHILDREN_MAX];
    size_t count = proc_children(pid, children, CHILDREN_MAX);
    long sum = of(pid);
    for (size_t i = 0; i < count && i < CHILDREN_MAX; i++)
        sum += of(children[i]);
    return sum;
}

static long own_descriptors(pid_t pid)
{
    return count_entries(pid, "fd", NULL);
}

unsigned proc_descriptors(pid_t pid)
{
    return (unsigned)sum_with_children(pid, own_descriptors);
}

/* Not the whole of Pss: a page of libc weighs more as soon as other processes that map it end. */
static long own_pss_kib(pid_t pid)
{
    return number_behind(pid, "smaps_rollup", "Pss_Anon:");
}

long proc_pss_kib(pid_t pid)
{
    return sum_with_children(pid, own_pss_kib);
}

long proc_address_space_kib(pid_t pid)
{
    return number_behind(pid, "status", "VmSize:");
}

static long own_cpu_us(pid_t pid)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return 0;
    return (long)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

long proc_cpu_us(pid_t pid)
{
    return sum_with_children(pid, own_cpu_us);
}

/* What the kernel says of one connection; `state`: TCP_CLOSE where there is none. */
struct end {
    unsigned state;
    unsigned inode; /* 0: no process has it */
    long unread;
};

static int open_diag(void)
{
    return socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

/* The first TCP socket in the kernel's answer. */
static struct end receive_end(int fd)
{
    _Alignas(struct nlmsghdr) char bytes[ANSWER_SIZE];
    const struct nlmsghdr *header = (const struct nlmsghdr *)bytes;
    ssize_t length = recv(fd, bytes, sizeof bytes, 0);
    if (length <= 0 || !NLMSG_OK(header, (size_t)length) ||
        header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return (struct end){.state = TCP_CLOSE};
    const struct inet_diag_msg *it = NLMSG_DATA(header);
    return (struct end){it->idiag_state, it->idiag_inode, (long)it->idiag_rqueue};
}

/* Asks the kernel for the end of a connection that has `local_port`. It finds it at once. A list of
 * all connections, from there or from /proc/net/tcp, would walk through those of the whole machine,
 * in TIME_WAIT too: tens of thousands behind a few stress tests, 10 ms of CPU, and one at a time.
 */
static struct end ask_for_end(int fd, unsigned local_port, unsigned peer_port)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 about;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST},
        .about = {.sdiag_family = AF_INET,
                  .sdiag_protocol = IPPROTO_TCP,
                  .id = {.idiag_sport = htons((uint16_t)local_port),
                         .idiag_dport = htons((uint16_t)peer_port),
                         .idiag_src = {htonl(INADDR_LOOPBACK)},
                         .idiag_dst = {htonl(INADDR_LOOPBACK)},
                         .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    if (send(fd, &request, sizeof request, 0) != (ssize_t)sizeof request)
        return (struct end){.state = TCP_CLOSE};
    struct end end = receive_end(fd);
    if (end.state == TCP_LISTEN) /* which answers for a connection that is not there */
        end.state = TCP_CLOSE;
    return end;
}

long proc_unread(unsigned local_port, unsigned peer_port)
{
    int fd = open_diag();
    if (fd < 0)
        return -1;
    struct end end = ask_for_end(fd, local_port, peer_port);
    close(fd);
    return end.state == TCP_CLOSE ? -1 : end.unread;
}

unsigned proc_held(unsigned local_port, const uint16_t *peer_ports, size_t count)
{
    unsigned held = 0;
    int fd = open_diag();
    for (size_t i = 0; fd >= 0 && i < count; i++) {
        struct end end = ask_for_end(fd, local_port, peer_ports[i]);
        held += end.state != TCP_CLOSE && end.state != TCP_TIME_WAIT && end.inode != 0;
    }
    if (fd >= 0)
        close(fd);
    return held;
}
