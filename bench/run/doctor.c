/* SPDX-License-Identifier: MIT */
#include "bench/run/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/show/chart.h"
#include "bench/base/text.h"
#include "bench/run/wrk.h"

/* What a default run needs: 1 000 connections, and a process for each of fork's. */
enum { CONNECTIONS = 1000, SPARE = 64, MOST_CONNECTIONS = 10000 };

enum { PORTS_WANTED = 50000, PORTS_NEEDED = 10000 }; /* churn uses one for each request */

enum { LOST_NOTE_PPM = 10000, LOST_BAD_PPM = 50000 }; /* 1 and 5 % */
enum { LONG_LOOK_MS = 500 };                   /* in a shorter one a single interrupt can be 5 % */
static const uint64_t long_gap_ns = 20000000;  /* a twentieth of a default window */
static const double steal_allowed_percent = 1; /* what one tick of 10 ms is of a second */
static const double load_noted = 0.25;

/* Clocks that user space reads without a system call. */
static const char *const quick_clocks[] = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page",
                                           "arch_sys_counter", "riscv_clocksource"};
static const char *const slow_clocks[] = {"hpet", "acpi_pm", "jiffies", "refined-jiffies"};

struct check {
    const char *name;
    enum doctor_level (*judge)(const struct check *, const struct doctor_facts *, size_t nth,
                               char **found);
    const char *means, *advice;
    const char *subject; /* which member of the manifest, where several checks share a judge */
    enum doctor_level otherwise; /* how bad it is when it is not as it should be */
    bool each_cpu;
};

static const json_t *fact(const struct doctor_facts *facts, const char *group, const char *name)
{
    return json_object_get(json_object_get(facts->manifest, group), name);
}

static const char *fact_text(const struct doctor_facts *facts, const char *group, const char *name)
{
    const char *text = json_string_value(fact(facts, group, name));
    return text && *text ? text : NULL;
}

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

static enum doctor_level judge_cpus(const struct check *check, const struct doctor_facts *facts,
                                    size_t nth, char **found)
{
    (void)check, (void)nth;
    *found = text_format("%d may be used; server on %s, load on %s%s", facts->cpus.allowed,
                         facts->cpus.server, facts->cpus.load,
                         facts->same_core ? ", two threads of one core" : "");
    if (facts->cpus.shared)
        return DOCTOR_BAD;
    return facts->same_core ? DOCTOR_NOTE : DOCTOR_OK;
}

static enum doctor_level judge_governor(const struct check *check, const struct doctor_facts *facts,
                                        size_t nth, char **found)
{
    (void)check, (void)nth;
    const char *governor = fact_text(facts, "machine", "governor");
    *found = text_copy(governor ? governor : "none: the hardware or the host decides");
    return governor && strcmp(governor, "performance") == 0 ? DOCTOR_OK : DOCTOR_NOTE;
}

static enum doctor_level judge_turbo(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)check, (void)nth;
    *found = text_copy(facts->turbo < 0   ? "the kernel does not tell"
                       : facts->turbo > 0 ? "on"
                                          : "off");
    return facts->turbo == 0 ? DOCTOR_OK : DOCTOR_NOTE;
}

static enum doctor_level judge_clock(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)check, (void)nth;
    uint64_t reading_ns = facts->hiccup_count ? facts->hiccups[0].median_ns : 0;
    *found = text_format("%s, %" PRIu64 " ns a reading", facts->clock_source, reading_ns);
    if (is_one_of(facts->clock_source, quick_clocks, sizeof quick_clocks / sizeof *quick_clocks))
        return DOCTOR_OK;
    if (is_one_of(facts->clock_source, slow_clocks, sizeof slow_clocks / sizeof *slow_clocks))
        return DOCTOR_BAD;
    return DOCTOR_NOTE;
}

static enum doctor_level judge_mitigations(const struct check *check,
                                           const struct doctor_facts *facts, size_t nth,
                                           char **found)
{
    (void)check, (void)nth;
    const json_t *all = fact(facts, "machine", "mitigations");
    size_t active = 0, vulnerable = 0;
    for (void *at = json_object_iter((json_t *)all); at;
         at = json_object_iter_next((json_t *)all, at)) {
        const char *state = json_string_value(json_object_iter_value(at));
        active += state && strncmp(state, "Mitigation", strlen("Mitigation")) == 0;
        vulnerable += state && strncmp(state, "Vulnerable", strlen("Vulnerable")) == 0;
    }
    *found = text_format("%zu at work, %zu faults without one, of %zu known", active, vulnerable,
                         json_object_size(all));
    return vulnerable ? DOCTOR_NOTE : DOCTOR_OK;
}

static enum doctor_level judge_load(const struct check *check, const struct doctor_facts *facts,
                                    size_t nth, char **found)
{
    (void)check, (void)nth;
    *found = text_format("%.2f on %d CPUs", facts->load, facts->cpus.allowed);
    return facts->load > load_noted ? DOCTOR_NOTE : DOCTOR_OK;
}

static enum doctor_level judge_steal(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)check, (void)nth;
    if (isnan(facts->steal_percent)) {
        *found = text_copy("the kernel does not tell");
        return DOCTOR_NOTE;
    }
    *found = facts->steal_percent > 0 ? text_format("at least %.1f %% while each CPU was kept busy",
                                                    facts->steal_percent)
                                      : text_copy("none seen while each CPU was kept busy");
    return facts->steal_percent > steal_allowed_percent ? DOCTOR_BAD : DOCTOR_OK;
}

static enum doctor_level judge_hiccups(const struct check *check, const struct doctor_facts *facts,
                                       size_t nth, char **found)
{
    (void)check;
    const struct hiccups *seen = &facts->hiccups[nth];
    *found = text_format(
        "CPU %d: longest %.3f ms, 99.9 %% within %.3f us, %.2f %% of the time lost", seen->cpu,
        (double)seen->longest_ns / 1e6, (double)seen->p999_ns / 1e3, (double)seen->lost_ppm / 1e4);
    if (seen->lost_ppm > LOST_BAD_PPM && seen->looked_ms >= LONG_LOOK_MS)
        return DOCTOR_BAD;
    return seen->lost_ppm > LOST_NOTE_PPM || seen->longest_ns > long_gap_ns ? DOCTOR_NOTE
                                                                            : DOCTOR_OK;
}

static enum doctor_level judge_limit(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)nth;
    const json_t *limit = fact(facts, "limits", check->subject);
    if (!json_is_integer(limit)) {
        *found = text_copy("no limit");
        return DOCTOR_OK;
    }
    json_int_t most = json_integer_value(limit);
    *found = text_format("%" JSON_INTEGER_FORMAT, most);
    if (most < CONNECTIONS + SPARE)
        return DOCTOR_BAD;
    return most < MOST_CONNECTIONS + SPARE ? DOCTOR_NOTE : DOCTOR_OK;
}

/* The setting as text, and found filled; NULL when the kernel has none. */
static const char *setting(const struct check *check, const struct doctor_facts *facts,
                           char **found)
{
    const char *value = fact_text(facts, "sysctls", check->subject);
    *found = text_copy(value ? value : "the kernel does not tell");
    return value;
}

static enum doctor_level judge_congestion(const struct check *check,
                                          const struct doctor_facts *facts, size_t nth,
                                          char **found)
{
    (void)nth;
    static const char *const plain[] = {"reno", "cubic"};
    const char *value = setting(check, facts, found);
    return value && is_one_of(value, plain, sizeof plain / sizeof *plain) ? DOCTOR_OK
                                                                          : check->otherwise;
}

static enum doctor_level judge_ports(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)nth;
    const char *value = setting(check, facts, found);
    char *end;
    if (!value)
        return check->otherwise;
    long low = strtol(value, &end, 10), high = strtol(end, NULL, 10);
    free(*found);
    *found = text_format("%ld to %ld", low, high);
    if (high - low < PORTS_NEEDED)
        return DOCTOR_BAD;
    return high - low < PORTS_WANTED ? check->otherwise : DOCTOR_OK;
}

static enum doctor_level judge_reuse(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)nth;
    const char *value = setting(check, facts, found);
    return value && strtol(value, NULL, 10) > 0 ? DOCTOR_OK : check->otherwise;
}

static enum doctor_level judge_queue(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)nth;
    const char *value = setting(check, facts, found);
    return value && strtol(value, NULL, 10) >= CONNECTIONS ? DOCTOR_OK : check->otherwise;
}

static enum doctor_level judge_tool(const struct check *check, const struct doctor_facts *facts,
                                    size_t nth, char **found)
{
    (void)nth;
    const char *version = fact_text(facts, "tools", check->subject);
    *found = text_copy(version ? version : "not installed");
    return version ? DOCTOR_OK : check->otherwise;
}

static enum doctor_level judge_namespace(const struct check *check,
                                         const struct doctor_facts *facts, size_t nth, char **found)
{
    (void)nth;
    bool own = json_is_true(json_object_get(facts->manifest, "namespace_per_trial"));
    *found = text_copy(own ? "one for each trial" : "none of our own");
    return own ? DOCTOR_OK : check->otherwise;
}

static enum doctor_level judge_group(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)nth;
    *found = text_copy(facts->cpu_stat ? "version 2, cpu.stat of one for each trial"
                                       : "none of our own that tells CPU time");
    return facts->cpu_stat ? DOCTOR_OK : check->otherwise;
}

static enum doctor_level judge_error(const struct check *check, int error, const char *no_such,
                                     char **found)
{
    *found = text_copy(error == 0                           ? "allowed"
                       : error == ENOENT || error == ENOSYS ? no_such
                       : error == EPERM || error == EACCES  ? "not permitted"
                                                            : strerror(error));
    return error ? check->otherwise : DOCTOR_OK;
}

static enum doctor_level judge_tracepoint(const struct check *check,
                                          const struct doctor_facts *facts, size_t nth,
                                          char **found)
{
    (void)nth;
    return judge_error(check, facts->tracepoint_error,
                       "no tracepoint raw_syscalls:sys_enter to be seen", found);
}

static enum doctor_level judge_io_uring(const struct check *check, const struct doctor_facts *facts,
                                        size_t nth, char **found)
{
    (void)nth;
    return judge_error(check, facts->io_uring_error, "the kernel has none", found);
}

static enum doctor_level judge_build(const struct check *check, const struct doctor_facts *facts,
                                     size_t nth, char **found)
{
    (void)nth;
    const char *sanitizer = fact_text(facts, "build", "sanitizer");
    const char *optimization = fact_text(facts, "build", "optimization");
    const char *compiler = fact_text(facts, "build", "compiler");
    bool sanitized = sanitizer && strcmp(sanitizer, "none") != 0;
    *found = text_format("%s, optimisation %s, %s sanitizer", compiler ? compiler : "unknown",
                         optimization ? optimization : "unknown", sanitized ? sanitizer : "no");
    bool slow = optimization && strchr("01g", *optimization);
    return sanitized || slow ? check->otherwise : DOCTOR_OK;
}

static const struct check checks[] = {
    {"CPUs", judge_cpus, "sharing a CPU, server and load slow each other",
     "let this process use two CPUs on two cores (taskset, the container's cpuset)", NULL,
     DOCTOR_BAD, false},
    {"governor", judge_governor, "any but `performance` lets the clock follow the load",
     "cpupower frequency-set -g performance; in a virtual machine, on its host", NULL, DOCTOR_NOTE,
     false},
    {"turbo", judge_turbo, "with it the clock depends on heat and on how many CPUs are busy",
     "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, or 0 > .../cpufreq/boost", NULL,
     DOCTOR_NOTE, false},
    {"clock source", judge_clock, "a clock that needs a system call to read slows what it times",
     "boot with clocksource=tsc where the CPU's is stable", NULL, DOCTOR_NOTE, false},
    {"mitigations", judge_mitigations,
     "they make system calls dearer: compare only machines that have the same",
     "leave them as they are; the manifest of each run lists them", NULL, DOCTOR_NOTE, false},
    {"load average", judge_load, "what else runs takes CPU time, caches and turns from both sides",
     "end other work, wait a minute, ask again; a run just ended raises it, too", NULL, DOCTOR_NOTE,
     false},
    {"steal", judge_steal, "time that the host gave to others is measured as if it were ours",
     "run at a quieter hour, or on a machine with CPUs of its own", NULL, DOCTOR_BAD, false},
    {"hiccups", judge_hiccups,
     "gaps in a thread that only reads the clock: what other work on the machine costs",
     "end other work; move interrupts and daemons to other CPUs (isolcpus, irqbalance)", NULL,
     DOCTOR_BAD, true},
    {"open files", judge_limit, "server and load each need a descriptor for every connection",
     "ulimit -Hn 20000, or LimitNOFILE=, nofile in limits.conf", "open_files", DOCTOR_BAD, false},
    {"processes", judge_limit, "fork and thread need one for every connection",
     "ulimit -Hu 20000, or TasksMax=, nproc in limits.conf", "processes", DOCTOR_BAD, false},
    {"congestion control", judge_congestion, "others than reno and cubic put timers into the path",
     "sysctl net.ipv4.tcp_congestion_control=cubic", "net.ipv4.tcp_congestion_control", DOCTOR_NOTE,
     false},
    {"ports", judge_ports, "churn uses a port for every request and gets it back a minute later",
     "sysctl net.ipv4.ip_local_port_range=\"1024 65535\"", "net.ipv4.ip_local_port_range",
     DOCTOR_NOTE, false},
    {"port reuse", judge_reuse, "without it churn can run out of ports inside a window",
     "sysctl net.ipv4.tcp_tw_reuse=1", "net.ipv4.tcp_tw_reuse", DOCTOR_NOTE, false},
    {"accept queue", judge_queue, "a shorter one overflows when 1 000 clients come at once",
     "sysctl net.core.somaxconn=65535", "net.core.somaxconn", DOCTOR_BAD, false},
    {"handshake queue", judge_queue, "a shorter one makes the kernel answer storms with cookies",
     "sysctl net.ipv4.tcp_max_syn_backlog=65535", "net.ipv4.tcp_max_syn_backlog", DOCTOR_NOTE,
     false},
    {"load generator", judge_tool, "nothing can be measured under load without wrk",
     "scripts/setup.sh bench, or install the package wrk", wrk_name, DOCTOR_BAD, false},
    {"charts", judge_tool, "gnuplot draws them; c10kit report does so later as well",
     "scripts/setup.sh bench, or install the package gnuplot-nox", chart_tool, DOCTOR_NOTE, false},
    {"timing of starts", judge_tool, "hyperfine times start-up and the textbook table",
     "scripts/setup.sh bench, or install the package hyperfine", "hyperfine", DOCTOR_NOTE, false},
    {"network namespace", judge_namespace,
     "trials would share the host's ports, counters, settings",
     "run as root, or with CAP_SYS_ADMIN and CAP_NET_ADMIN", NULL, DOCTOR_NOTE, false},
    {"control group", judge_group, "CPU time from /proc misses processes shorter than a tick",
     "run as root, or in a systemd scope with Delegate=yes", NULL, DOCTOR_NOTE, false},
    {"system call counts", judge_tracepoint,
     "tracepoints count a server's system calls without slowing it much",
     "mount -t tracefs none /sys/kernel/tracing; run as root, or with CAP_PERFMON", NULL,
     DOCTOR_NOTE, false},
    {"io_uring", judge_io_uring, "a server that waits with io_uring cannot start without it",
     "sysctl kernel.io_uring_disabled=0; in a container, a seccomp profile that lets it through",
     NULL, DOCTOR_NOTE, false},
    {"build", judge_build, "unoptimised or sanitized servers are not what anybody runs",
     "meson setup build, with the defaults", NULL, DOCTOR_BAD, false},
};

const char *doctor_level_name(enum doctor_level level)
{
    static const char *const names[] = {
        [DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_BAD] = "bad"};
    return names[level];
}

void doctor_examine(struct doctor_findings *findings, const struct doctor_facts *facts)
{
    enum { CHECKS = sizeof checks / sizeof *checks };
    findings->count = 0;
    findings->all = text_allocate(CHECKS + facts->hiccup_count, sizeof *findings->all);
    for (size_t i = 0; i < CHECKS; i++)
        for (size_t nth = 0; nth < (checks[i].each_cpu ? facts->hiccup_count : 1); nth++) {
            struct doctor_finding *finding = &findings->all[findings->count++];
            *finding = (struct doctor_finding){
                .check = checks[i].name, .means = checks[i].means, .advice = checks[i].advice};
            finding->level = checks[i].judge(&checks[i], facts, nth, &finding->found);
        }
}

void doctor_findings_finish(struct doctor_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        free(findings->all[i].found);
    free(findings->all);
    *findings = (struct doctor_findings){0};
}

size_t doctor_count(const struct doctor_findings *findings, enum doctor_level level)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->all[i].level == level;
    return count;
}

bool doctor_is_fit(const struct doctor_findings *findings)
{
    return doctor_count(findings, DOCTOR_BAD) == 0;
}

static json_t *hiccups_to_json(const struct doctor_facts *facts)
{
    json_t *array = json_array();
    for (size_t i = 0; i < facts->hiccup_count; i++) {
        const struct hiccups *seen = &facts->hiccups[i];
        json_array_append_new(
            array, json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:I}", "cpu", seen->cpu, "looked_ms",
                             (json_int_t)seen->looked_ms, "readings", (json_int_t)seen->readings,
                             "median_ns", (json_int_t)seen->median_ns, "p999_ns",
                             (json_int_t)seen->p999_ns, "longest_ns", (json_int_t)seen->longest_ns,
                             "lost_ppm", (json_int_t)seen->lost_ppm));
    }
    return array;
}

json_t *doctor_to_json(const struct doctor_findings *findings, const struct doctor_facts *facts)
{
    json_t *array = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct doctor_finding *finding = &findings->all[i];
        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:s}", "check", finding->check,
                                               "level", doctor_level_name(finding->level), "found",
                                               finding->found, "means", finding->means, "advice",
                                               finding->advice));
    }
    return json_pack("{s:b, s:o, s:o}", "fit", doctor_is_fit(findings), "checks", array, "hiccups",
                     hiccups_to_json(facts));
}
