/* SPDX-License-Identifier: MIT */
#include "bench/machine/netns.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/say.h"
#include "bench/base/text.h"

/* reno is in every kernel and allowed in every namespace (cubic may not be); a host set to bbr
 * would put pacing timers into the data path. tcp_tw_reuse and the wide range keep a churn window
 * from running out of ports. */
static const struct {
    const char *name, *path, *value;
} settings[] = {
    {"net.ipv4.tcp_congestion_control", "/proc/sys/net/ipv4/tcp_congestion_control", "reno"},
    {"net.ipv4.ip_local_port_range", "/proc/sys/net/ipv4/ip_local_port_range", "1024 65535"},
    {"net.ipv4.tcp_tw_reuse", "/proc/sys/net/ipv4/tcp_tw_reuse", "1"},
    {"net.core.somaxconn", "/proc/sys/net/core/somaxconn", "65535"},
    {"net.ipv4.tcp_max_syn_backlog", "/proc/sys/net/ipv4/tcp_max_syn_backlog", "65535"},
    {"net.ipv4.tcp_syncookies", "/proc/sys/net/ipv4/tcp_syncookies", "1"},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static struct {
    bool refused, warned_of_setting;
} self;

static bool raise_loopback(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct ifreq request = {.ifr_name = "lo"};
    bool up = ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
    up = up && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    close(fd);
    return up;
}

static void make_settings(void)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (text_write(settings[i].path, settings[i].value) || self.warned_of_setting)
            continue;
        say("cannot set %s to %s: %s", settings[i].name, settings[i].value, strerror(errno));
        self.warned_of_setting = true;
    }
}

bool netns_renew(void)
{
    if (self.refused)
        return false;
    if (unshare(CLONE_NEWNET) < 0) {
        self.refused = true;
        say("no network namespace per trial (%s): trials share the host's ports and counters",
            strerror(errno));
        return false;
    }
    if (!raise_loopback())
        say_and_exit("cannot bring loopback up in a new network namespace: %s", strerror(errno));
    make_settings();
    return true;
}

json_t *netns_settings(void)
{
    json_t *object = json_object();
    for (size_t i = 0; i < SETTINGS; i++) {
        char *value = text_read_trimmed(settings[i].path);
        json_object_set_new(object, settings[i].name, json_string(value));
        free(value);
    }
    return object;
}

/* /proc/net/snmp and netstat: a line "Tcp: Name Name ..." and one "Tcp: 1 2 ..." under it. */
static int64_t pick(const char *text, const char *prefix, const char *name)
{
    const char *names = strstr(text, prefix);
    const char *values = names ? strstr(names + 1, prefix) : NULL;
    size_t length = strlen(name);
    while (values) {
        names = strchr(names, ' ');
        values = strchr(values, ' ');
        if (!names || !values)
            break;
        names++, values++;
        if (strncmp(names, name, length) == 0 && strchr(" \n", names[length]))
            return strtoll(values, NULL, 10);
    }
    return -1;
}

struct netns_counters netns_count(void)
{
    char *extended = text_read_trimmed("/proc/thread-self/net/netstat");
    char *basic = text_read_trimmed("/proc/thread-self/net/snmp");
    struct netns_counters counters = {
        .listen_overflows = pick(extended, "TcpExt:", "ListenOverflows"),
        .listen_drops = pick(extended, "TcpExt:", "ListenDrops"),
        .retransmitted_segments = pick(basic, "Tcp:", "RetransSegs"),
        .loss_probes = pick(extended, "TcpExt:", "TCPLossProbes"),
    };
    free(extended);
    free(basic);
    return counters;
}
