/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <uv.h>

#include "bench/cgroup.h"
#include "bench/chart.h"
#include "bench/doctor.h"
#include "bench/histogram.h"
#include "bench/host.h"
#include "bench/loop.h"
#include "bench/meter.h"
#include "bench/say.h"
#include "bench/text.h"
#include "bench/wrk.h"

enum {
    EXACT_NS = 1 << 16, /* shorter gaps are counted by their length, longer ones kept one by one */
    LOST_NS = 1000,     /* a longer gap was not the thread's own */
    SPIN_SPARE_MS = 60000
};

struct doctor_options {
    bool json;
    unsigned spin_ms;
};

/* One CPU's share of the hiccup baseline. The worker thread's until it has ended. */
struct spin {
    uv_work_t work;
    atomic_bool stop;
    bool pinned, ended;
    int cpu;
    uint64_t limit_ns;
    uint64_t *counts; /* by length in ns, EXACT_NS of them */
    uint64_t *gaps;   /* the others */
    size_t gap_count;
};

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "Print one JSON object", 0},
    {"spin", 's', "SECONDS", 0, "Look for hiccups so long on each CPU (default: 1)", 0},
    {0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct doctor_options *chosen = state->input;
    char *end;
    double seconds;
    switch (key) {
    case 'j':
        chosen->json = true;
        return 0;
    case 's':
        seconds = strtod(argument, &end);
        if (end == argument || *end || !(seconds >= 0.01 && seconds <= 60))
            argp_error(state, "%s is not a number from 0.01 to 60", argument);
        chosen->spin_ms = (unsigned)lround(1e3 * seconds);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void work_spin(uv_work_t *work)
{
    struct spin *spin = work->data;
    char cpu[16];
    snprintf(cpu, sizeof cpu, "%d", spin->cpu);
    spin->pinned = cpus_pin(cpu);
    uint64_t last = clock_ns(), end = last + spin->limit_ns;
    while (spin->pinned && last < end && !atomic_load_explicit(&spin->stop, memory_order_relaxed)) {
        uint64_t now = clock_ns(), gap = now - last;
        if (gap < EXACT_NS)
            spin->counts[gap]++;
        else
            spin->gaps[spin->gap_count++] = gap;
        last = now;
    }
}

static void on_spun(uv_work_t *work, int status)
{
    (void)status;
    struct spin *spin = work->data;
    spin->ended = true;
}

static bool has_ended(const void *argument)
{
    const struct spin *spin = argument;
    return spin->ended;
}

static int by_length(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

static struct doctor_hiccups hiccups_of(struct spin *spin)
{
    struct histogram seen = {0};
    double total_ns = 0, lost_ns = 0;
    qsort(spin->gaps, spin->gap_count, sizeof *spin->gaps, by_length);
    for (uint64_t gap = 0; gap < EXACT_NS; gap++)
        if (spin->counts[gap])
            histogram_add(&seen, gap, spin->counts[gap]);
    for (size_t i = 0; i < spin->gap_count; i++)
        histogram_add(&seen, spin->gaps[i], 1);
    for (size_t i = 0; i < seen.used; i++) {
        double length_ns = (double)seen.bins[i].value * (double)seen.bins[i].count;
        total_ns += length_ns;
        lost_ns += seen.bins[i].value > LOST_NS ? length_ns : 0;
    }
    struct doctor_hiccups hiccups = {
        .cpu = spin->cpu,
        .readings = histogram_count(&seen),
        .median_ns = histogram_percentile(&seen, 0.5),
        .p999_ns = histogram_percentile(&seen, 0.999),
        .longest_ns = histogram_max(&seen),
        .lost_ppm = total_ns > 0 ? (int64_t)lround(1e6 * lost_ns / total_ns) : 0,
    };
    histogram_finish(&seen);
    return hiccups;
}

/* False when it could not run there or was interrupted. */
static bool spin_on(int cpu, unsigned limit_ms, struct doctor_hiccups *hiccups)
{
    struct spin spin = {.cpu = cpu, .limit_ns = (uint64_t)limit_ms * 1000000};
    spin.counts = text_allocate(EXACT_NS, sizeof *spin.counts);
    spin.gaps = text_allocate(spin.limit_ns / EXACT_NS + 2, sizeof *spin.gaps);
    spin.work.data = &spin;
    uv_queue_work(loop_get(), &spin.work, work_spin, on_spun);
    bool whole = loop_until(has_ended, &spin, limit_ms + SPIN_SPARE_MS, LOOP_INTERRUPTIBLE);
    atomic_store(&spin.stop, true);
    while (!spin.ended) /* it owns our memory till then */
        loop_until(has_ended, &spin, SPIN_SPARE_MS, LOOP_REGARDLESS);
    whole = whole && spin.pinned;
    if (whole)
        *hiccups = hiccups_of(&spin);
    free(spin.gaps);
    free(spin.counts);
    return whole;
}

/* Steal shows only on a CPU that wants to run, so it is read around the spinning. */
static void look_for_hiccups(struct doctor_facts *facts, unsigned spin_ms)
{
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    facts->allowed_cpus = CPU_COUNT(&allowed);
    facts->hiccups = text_allocate((size_t)facts->allowed_cpus, sizeof *facts->hiccups);
    int64_t before_us = meter_machine().steal_us;
    for (int cpu = 0; cpu < CPU_SETSIZE && !loop_interrupted(); cpu++) {
        if (!CPU_ISSET((size_t)cpu, &allowed))
            continue;
        say_progress("looking for hiccups on CPU %d", cpu);
        facts->hiccup_count += spin_on(cpu, spin_ms, &facts->hiccups[facts->hiccup_count]);
    }
    say_progress_end();
    double wanted_us = 1e3 * spin_ms * (double)facts->hiccup_count;
    facts->steal_percent = before_us < 0 || wanted_us <= 0
                               ? NAN
                               : 100 * (double)(meter_machine().steal_us - before_us) / wanted_us;
}

/* Intel's driver has a switch of its own, and it means the opposite. */
static int read_turbo(void)
{
    char *off = text_read_trimmed("/sys/devices/system/cpu/intel_pstate/no_turbo");
    char *on = text_read_trimmed("/sys/devices/system/cpu/cpufreq/boost");
    int turbo = *off ? *off == '0' : *on ? *on == '1' : -1;
    free(off);
    free(on);
    return turbo;
}

static bool share_a_core(const struct cpus *cpus)
{
    static const char format[] = "/sys/devices/system/cpu/cpu%s/topology/thread_siblings_list";
    char *path_of_server = text_format(format, cpus->server);
    char *path_of_load = text_format(format, cpus->load);
    char *server = text_read_trimmed(path_of_server), *load = text_read_trimmed(path_of_load);
    bool same = *server && strcmp(server, load) == 0;
    free(server);
    free(load);
    free(path_of_server);
    free(path_of_load);
    return same;
}

static bool try_control_group(void)
{
    char *group = cgroup_init() ? cgroup_make("server") : NULL;
    bool tells = group && cgroup_cpu(group).user_us >= 0;
    cgroup_remove(group);
    return tells;
}

/* As a run does: what counts is how far the limit can be raised. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void read_host(struct doctor_facts *facts)
{
    struct run run = {.wrk = wrk_find(),
                      .gnuplot = chart_find_tool(),
                      .hyperfine = text_find_program("hyperfine")};
    cpus_choose(&run.cpus);
    facts->cpus = run.cpus;
    facts->same_core = !run.cpus.shared && share_a_core(&run.cpus);
    raise_descriptor_limit();
    facts->cpu_stat = try_control_group();
    facts->manifest = host_manifest(&run);
    cgroup_finish();
    free(run.wrk);
    free(run.gnuplot);
    free(run.hyperfine);
}

static void gather(struct doctor_facts *facts, unsigned spin_ms)
{
    char *load = text_read_trimmed("/proc/loadavg"); /* before we make some ourselves */
    *facts = (struct doctor_facts){
        .load = strtod(load, NULL),
        .turbo = read_turbo(),
        .clock_source =
            text_read_trimmed("/sys/devices/system/clocksource/clocksource0/current_clocksource")};
    free(load);
    read_host(facts);
    look_for_hiccups(facts, spin_ms);
}

static void release(struct doctor_facts *facts)
{
    json_decref(facts->manifest);
    free(facts->clock_source);
    free(facts->hiccups);
}

static void print(const struct doctor_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct doctor_finding *finding = &findings->all[i];
        printf("%-4s  %-18s  %s\n      %s\n", doctor_level_name(finding->level), finding->check,
               finding->found, finding->means);
        if (finding->level != DOCTOR_OK)
            printf("      advice: %s\n", finding->advice);
    }
    printf("%s to measure: %zu ok, %zu to note, %zu bad\n",
           doctor_is_fit(findings) ? "fit" : "not fit", doctor_count(findings, DOCTOR_OK),
           doctor_count(findings, DOCTOR_NOTE), doctor_count(findings, DOCTOR_BAD));
}

static int tell(const struct doctor_facts *facts, bool as_json)
{
    struct doctor_findings findings;
    doctor_examine(&findings, facts);
    if (as_json) {
        json_t *object = doctor_to_json(&findings, facts);
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
    } else {
        print(&findings);
    }
    int status = doctor_is_fit(&findings) ? 0 : 1;
    doctor_findings_finish(&findings);
    return status;
}

int doctor_verb(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .doc = "Says whether this machine is fit to measure: what was found, what it means, and "
               "what can be done.\v"
               "Each check is ok, a note (known to matter, the run can be used) or bad. The exit "
               "status is 0 when nothing is bad, else 1."};
    struct doctor_options chosen = {.spin_ms = 1000};
    struct doctor_facts facts;
    argp_parse(&argp, argc, argv, 0, NULL, &chosen);
    loop_init();
    gather(&facts, chosen.spin_ms);
    int status = loop_interrupted() ? EXIT_INTERRUPTED : tell(&facts, chosen.json);
    release(&facts);
    return status;
}
