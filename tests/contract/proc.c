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
    ANSWER_SIZE = 32768, /* the kernel's largest datagram of a dump */
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

static long own_pss_kib(pid_t pid)
{
    return number_behind(pid, "smaps_rollup", "Pss:");
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

/* Asks the kernel about TCP sockets with this local port: about one connection if `peer_port` is
 * given, else about all. /proc/net/tcp would say the same, but it lists every connection of the
 * machine, those in TIME_WAIT too. Returns a socket for the answer, or -1. */
static int ask_about_sockets(unsigned local_port, unsigned peer_port)
{
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 about;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | (peer_port == 0 ? NLM_F_DUMP : 0)},
        .about = {.sdiag_family = AF_INET,
                  .sdiag_protocol = IPPROTO_TCP,
                  .idiag_states = ~(1U << TCP_LISTEN | 1U << TCP_TIME_WAIT),
                  .id = {.idiag_sport = htons((uint16_t)local_port),
                         .idiag_dport = htons((uint16_t)peer_port),
                         .idiag_src = {htonl(INADDR_LOOPBACK)},
                         .idiag_dst = {htonl(INADDR_LOOPBACK)},
                         .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd >= 0 && send(fd, &request, sizeof request, 0) != (ssize_t)sizeof request) {
        close(fd);
        return -1;
    }
    return fd;
}

/* One datagram of the answer. */
struct answer {
    _Alignas(struct nlmsghdr) char bytes[ANSWER_SIZE];
    size_t len;
    const struct nlmsghdr *next;
};

static bool receive_answer(int fd, struct answer *answer)
{
    ssize_t length = recv(fd, answer->bytes, sizeof answer->bytes, 0);
    answer->len = length > 0 ? (size_t)length : 0;
    answer->next = (const struct nlmsghdr *)answer->bytes;
    return length > 0;
}

/* The next socket in the datagram; NULL when there is none. `ended`: nor in the next datagram. */
static const struct inet_diag_msg *next_socket(struct answer *answer, bool *ended)
{
    const struct nlmsghdr *header = answer->next;
    if (!NLMSG_OK(header, answer->len))
        return NULL;
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
        *ended = true;
        return NULL;
    }
    answer->next = NLMSG_NEXT(header, answer->len);
    return NLMSG_DATA(header);
}

long proc_unread(unsigned local_port, unsigned peer_port)
{
    struct answer answer;
    bool ended = false;
    int fd = ask_about_sockets(local_port, peer_port);
    if (fd < 0)
        return -1;
    const struct inet_diag_msg *it =
        receive_answer(fd, &answer) ? next_socket(&answer, &ended) : NULL;
    long unread = it != NULL ? (long)it->idiag_rqueue : -1;
    close(fd);
    return unread;
}

unsigned proc_held(unsigned local_port)
{
    struct answer answer;
    bool ended = false;
    unsigned held = 0;
    int fd = ask_about_sockets(local_port, 0);
    while (fd >= 0 && !ended && receive_answer(fd, &answer))
        for (const struct inet_diag_msg *it; (it = next_socket(&answer, &ended)) != NULL;)
            held += it->idiag_inode != 0; /* which is of a socket that some process has */
    if (fd >= 0)
        close(fd);
    return held;
}
