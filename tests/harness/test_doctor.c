/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/run/fitness.h"
#include "bench/base/loop.h"

/* A machine with nothing to complain of. */
static const char healthy[] =
    "{\"machine\":{\"governor\":\"performance\",\"mitigations\":{\"meltdown\":\"Not affected\","
    "\"spectre_v1\":\"Mitigation: barriers\"}},"
    "\"limits\":{\"open_files\":20000,\"processes\":null},"
    "\"namespace_per_trial\":true,\"cgroup_per_trial\":true,"
    "\"sysctls\":{\"net.ipv4.tcp_congestion_control\":\"reno\","
    "\"net.ipv4.ip_local_port_range\":\"1024\\t65535\",\"net.ipv4.tcp_tw_reuse\":\"1\","
    "\"net.core.somaxconn\":\"65535\",\"net.ipv4.tcp_max_syn_backlog\":\"65535\"},"
    "\"build\":{\"compiler\":\"gcc 12\",\"optimization\":\"3\",\"sanitizer\":\"none\"},"
    "\"tools\":{\"wrk\":\"wrk 4.1\",\"gnuplot\":\"gnuplot 5\",\"hyperfine\":\"hyperfine 1\"}}";

static char tsc[] = "tsc", hpet[] = "hpet", unheard_of[] = "one-of-tomorrow";

struct machine {
    json_t *manifest;
    struct doctor_facts facts;
    struct hiccups hiccups[2];
};

static void machine_init(struct machine *machine)
{
    *machine = (struct machine){.hiccups = {{0, 1000, 50000000, 20, 25, 40000, 500},
                                            {1, 1000, 50000000, 20, 25, 90000, 900}}};
    machine->manifest = json_loads(healthy, 0, NULL);
    machine->facts = (struct doctor_facts){
        .manifest = machine->manifest,
        .cpus = {.server = "1", .load = "0", .allowed = 2},
        .cpu_stat = true,
        .load = 0.1,
        .clock_source = tsc,
        .hiccups = machine->hiccups,
        .hiccup_count = 2,
    };
    assert_non_null(machine->manifest);
}

static void machine_finish(struct machine *machine)
{
    json_decref(machine->manifest);
}

static void set(struct machine *machine, const char *group, const char *name, json_t *value)
{
    json_object_set_new(json_object_get(machine->manifest, group), name, value);
}

/* The worst that the check found; that check alone may have found it. */
static void assert_alone(struct machine *machine, const char *check, enum doctor_level level)
{
    struct doctor_findings findings;
    enum doctor_level worst = DOCTOR_OK;
    doctor_examine(&findings, &machine->facts);
    for (size_t i = 0; i < findings.count; i++) {
        const struct doctor_finding *finding = &findings.all[i];
        if (strcmp(finding->check, check) == 0)
            worst = finding->level > worst ? finding->level : worst;
        else if (finding->level != DOCTOR_OK)
            fail_msg("%s is %s: %s", finding->check, doctor_level_name(finding->level),
                     finding->found);
    }
    if (worst != level)
        fail_msg("%s is %s, not %s", check, doctor_level_name(worst), doctor_level_name(level));
    assert_int_equal(doctor_is_fit(&findings), level != DOCTOR_BAD);
    doctor_findings_finish(&findings);
    machine_finish(machine);
    machine_init(machine);
}

static void a_healthy_machine_is_fit(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    assert_alone(&machine, "", DOCTOR_OK);
    machine_finish(&machine);
}

static void every_finding_says_what_it_means_and_what_to_do(void **state)
{
    (void)state;
    struct machine machine;
    struct doctor_findings findings;
    machine_init(&machine);
    doctor_examine(&findings, &machine.facts);
    for (size_t i = 0; i < findings.count; i++) {
        assert_true(strlen(findings.all[i].found) > 0);
        assert_true(strlen(findings.all[i].means) > 0);
        assert_true(strlen(findings.all[i].advice) > 0);
        assert_null(strchr(findings.all[i].found, '\n'));
    }
    doctor_findings_finish(&findings);
    machine_finish(&machine);
}

static void cpus_that_are_shared_are_bad_and_one_core_is_noted(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    machine.facts.cpus.shared = true;
    assert_alone(&machine, "CPUs", DOCTOR_BAD);
    machine.facts.same_core = true;
    assert_alone(&machine, "CPUs", DOCTOR_NOTE);
    machine_finish(&machine);
}

static void a_clock_frequency_that_moves_is_noted(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    set(&machine, "machine", "governor", json_string("powersave"));
    assert_alone(&machine, "governor", DOCTOR_NOTE);
    set(&machine, "machine", "governor", json_null());
    assert_alone(&machine, "governor", DOCTOR_NOTE);
    machine.facts.turbo = 1;
    assert_alone(&machine, "turbo", DOCTOR_NOTE);
    machine.facts.turbo = -1;
    assert_alone(&machine, "turbo", DOCTOR_NOTE);
    machine_finish(&machine);
}

static void a_clock_that_needs_a_system_call_is_bad(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    machine.facts.clock_source = hpet;
    assert_alone(&machine, "clock source", DOCTOR_BAD);
    machine.facts.clock_source = unheard_of;
    assert_alone(&machine, "clock source", DOCTOR_NOTE);
    machine_finish(&machine);
}

static void other_work_is_noted_then_bad(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    machine.facts.load = 0.5;
    assert_alone(&machine, "load average", DOCTOR_NOTE);
    machine.facts.load = 1; /* a minute's mean: the run before is in it */
    assert_alone(&machine, "load average", DOCTOR_NOTE);
    machine.facts.steal_percent = 1.5;
    assert_alone(&machine, "steal", DOCTOR_BAD);
    machine.facts.steal_percent = NAN;
    assert_alone(&machine, "steal", DOCTOR_NOTE);
    machine_finish(&machine);
}

static void hiccups_of_any_cpu_count(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    machine.hiccups[1].lost_ppm = 20000;
    assert_alone(&machine, "hiccups", DOCTOR_NOTE);
    machine.hiccups[1].lost_ppm = 60000;
    assert_alone(&machine, "hiccups", DOCTOR_BAD);
    machine.hiccups[1].lost_ppm = 60000;
    machine.hiccups[1].looked_ms = 50;
    assert_alone(&machine, "hiccups", DOCTOR_NOTE);
    machine.hiccups[0].longest_ns = 30000000;
    assert_alone(&machine, "hiccups", DOCTOR_NOTE);
    machine_finish(&machine);
}

static void limits_under_a_default_run_are_bad_and_under_the_largest_noted(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    set(&machine, "limits", "open_files", json_integer(1024));
    assert_alone(&machine, "open files", DOCTOR_BAD);
    set(&machine, "limits", "open_files", json_integer(4096));
    assert_alone(&machine, "open files", DOCTOR_NOTE);
    set(&machine, "limits", "processes", json_integer(500));
    assert_alone(&machine, "processes", DOCTOR_BAD);
    machine_finish(&machine);
}

static void network_settings_that_would_show_in_the_figures_are_told(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    set(&machine, "sysctls", "net.ipv4.tcp_congestion_control", json_string("bbr"));
    assert_alone(&machine, "congestion control", DOCTOR_NOTE);
    set(&machine, "sysctls", "net.ipv4.ip_local_port_range", json_string("32768\t60999"));
    assert_alone(&machine, "ports", DOCTOR_NOTE);
    set(&machine, "sysctls", "net.ipv4.ip_local_port_range", json_string("60000\t61000"));
    assert_alone(&machine, "ports", DOCTOR_BAD);
    set(&machine, "sysctls", "net.ipv4.tcp_tw_reuse", json_string("0"));
    assert_alone(&machine, "port reuse", DOCTOR_NOTE);
    set(&machine, "sysctls", "net.core.somaxconn", json_string("128"));
    assert_alone(&machine, "accept queue", DOCTOR_BAD);
    set(&machine, "sysctls", "net.ipv4.tcp_max_syn_backlog", json_string("128"));
    assert_alone(&machine, "handshake queue", DOCTOR_NOTE);
    machine_finish(&machine);
}

static void only_the_load_generator_is_indispensable(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    set(&machine, "tools", "wrk", json_null());
    assert_alone(&machine, "load generator", DOCTOR_BAD);
    set(&machine, "tools", "gnuplot", json_null());
    assert_alone(&machine, "charts", DOCTOR_NOTE);
    set(&machine, "tools", "hyperfine", json_null());
    assert_alone(&machine, "timing of starts", DOCTOR_NOTE);
    machine_finish(&machine);
}

static void missing_privileges_are_noted(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    json_object_set_new(machine.manifest, "namespace_per_trial", json_false());
    assert_alone(&machine, "network namespace", DOCTOR_NOTE);
    machine.facts.cpu_stat = false;
    assert_alone(&machine, "control group", DOCTOR_NOTE);
    machine_finish(&machine);
}

static void kernel_interfaces_that_are_shut_are_noted(void **state)
{
    (void)state;
    static const int errors[] = {EPERM, EACCES, ENOSYS, ENOENT, EINVAL};
    struct machine machine;
    machine_init(&machine);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        machine.facts.tracepoint_error = errors[i];
        assert_alone(&machine, "system call counts", DOCTOR_NOTE);
        machine.facts.io_uring_error = errors[i];
        assert_alone(&machine, "io_uring", DOCTOR_NOTE);
    }
    machine_finish(&machine);
}

static void builds_that_nobody_runs_are_bad(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    set(&machine, "build", "sanitizer", json_string("address"));
    assert_alone(&machine, "build", DOCTOR_BAD);
    set(&machine, "build", "optimization", json_string("0"));
    assert_alone(&machine, "build", DOCTOR_BAD);
    machine_finish(&machine);
}

static void an_open_fault_of_the_cpu_is_noted(void **state)
{
    (void)state;
    struct machine machine;
    machine_init(&machine);
    json_object_set_new(
        json_object_get(json_object_get(machine.manifest, "machine"), "mitigations"), "retbleed",
        json_string("Vulnerable"));
    assert_alone(&machine, "mitigations", DOCTOR_NOTE);
    machine_finish(&machine);
}

/* As a run takes it up: when the harness is pinned already. */
static void a_run_can_record_what_a_short_look_shows(void **state)
{
    (void)state;
    struct cpus cpus = {0};
    json_t *manifest = json_loads(healthy, 0, NULL);
    loop_init();
    cpus_choose(&cpus);
    assert_true(cpus_pin(cpus.load));
    json_t *found = fitness_to_json(manifest, &cpus);
    json_t *hiccups = json_object_get(found, "hiccups");
    assert_true(json_is_boolean(json_object_get(found, "fit")));
    assert_true(json_array_size(json_object_get(found, "checks")) >= 20);
    assert_int_equal(json_array_size(hiccups), cpus.shared ? 1 : 2);
    json_t *first = json_array_get(hiccups, 0);
    assert_int_equal(json_integer_value(json_object_get(first, "looked_ms")), 50);
    assert_true(json_integer_value(json_object_get(first, "readings")) > 1000);
    json_decref(found);
    json_decref(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_machine_is_fit),
        cmocka_unit_test(every_finding_says_what_it_means_and_what_to_do),
        cmocka_unit_test(cpus_that_are_shared_are_bad_and_one_core_is_noted),
        cmocka_unit_test(a_clock_frequency_that_moves_is_noted),
        cmocka_unit_test(a_clock_that_needs_a_system_call_is_bad),
        cmocka_unit_test(other_work_is_noted_then_bad),
        cmocka_unit_test(hiccups_of_any_cpu_count),
        cmocka_unit_test(limits_under_a_default_run_are_bad_and_under_the_largest_noted),
        cmocka_unit_test(network_settings_that_would_show_in_the_figures_are_told),
        cmocka_unit_test(only_the_load_generator_is_indispensable),
        cmocka_unit_test(missing_privileges_are_noted),
        cmocka_unit_test(kernel_interfaces_that_are_shut_are_noted),
        cmocka_unit_test(builds_that_nobody_runs_are_bad),
        cmocka_unit_test(an_open_fault_of_the_cpu_is_noted),
        cmocka_unit_test(a_run_can_record_what_a_short_look_shows),
    };
    return cmocka_run_group_tests_name("doctor", tests, NULL, NULL);
}
