/* SPDX-License-Identifier: MIT */
#include "bench/verbs.h"

#include <argp.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/machine/cgroup.h"
#include "bench/show/chart.h"
#include "bench/run/doctor.h"
#include "bench/run/fitness.h"
#include "bench/run/host.h"
#include "bench/base/loop.h"
#include "bench/base/text.h"
#include "bench/run/wrk.h"

struct doctor_options {
    bool json;
    unsigned spin_ms;
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

/* As a run does: what counts is how far the limit can be raised. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* What a run would find; it is the caller's to release. */
static json_t *read_host(struct cpus *cpus)
{
    struct run run = {.wrk = wrk_find(),
                      .gnuplot = chart_find_tool(),
                      .hyperfine = text_find_program("hyperfine")};
    cpus_choose(cpus);
    raise_descriptor_limit();
    json_t *facts = host_facts(&run);
    free(run.wrk);
    free(run.gnuplot);
    free(run.hyperfine);
    return facts;
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

static int look(const struct doctor_options *chosen)
{
    struct cpus cpus = {0};
    struct doctor_facts facts;
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    cgroup_init();
    json_t *host = read_host(&cpus);
    fitness_gather(&facts, host, &cpus, &allowed, chosen->spin_ms);
    cgroup_finish();
    int status = loop_interrupted() ? EXIT_INTERRUPTED : tell(&facts, chosen->json);
    fitness_release(&facts);
    json_decref(host);
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
    argp_parse(&argp, argc, argv, 0, NULL, &chosen);
    loop_init();
    return look(&chosen);
}
