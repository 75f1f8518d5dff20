/* SPDX-License-Identifier: MIT */
#include "bench/run/host.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <gsl/gsl_version.h>

#include "bench/machine/cgroup.h"
#include "bench/show/chart.h"
#include "bench/base/child.h"
#include "bench/config.h"
#include "bench/machine/netns.h"
#include "bench/record/record.h"
#include "bench/base/text.h"
#include "bench/run/wrk.h"

enum { TOOL_LIMIT_MS = 5000 };

static json_t *file_text(const char *path)
{
    char *text = text_read_trimmed(path);
    json_t *value = *text ? json_string(text) : json_null();
    free(text);
    return value;
}

static char *cpu_model(void)
{
    char *text = text_read_trimmed("/proc/cpuinfo");
    char *name = strstr(text, "model name");
    char *colon = name ? strchr(name, ':') : NULL;
    char *model = text_copy("unknown CPU");
    if (colon) {
        free(model);
        model = text_format("%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
    }
    free(text);
    return model;
}

static json_t *mitigations(void)
{
    const char folder[] = "/sys/devices/system/cpu/vulnerabilities";
    json_t *object = json_object();
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (entry->d_name[0] == '.')
            continue;
        char *path = text_format("%s/%s", folder, entry->d_name);
        json_object_set_new(object, entry->d_name, file_text(path));
        free(path);
    }
    if (entries)
        closedir(entries);
    return object;
}

static json_t *limits(void)
{
    static const struct {
        const char *name;
        int resource;
    } kinds[] = {{"open_files", RLIMIT_NOFILE}, {"processes", RLIMIT_NPROC}};
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct rlimit limit;
        getrlimit((__rlimit_resource_t)kinds[i].resource, &limit);
        json_object_set_new(object, kinds[i].name,
                            limit.rlim_cur == RLIM_INFINITY
                                ? json_null()
                                : json_integer((json_int_t)limit.rlim_cur));
    }
    return object;
}

static json_t *machine(void)
{
    struct utsname name;
    uname(&name);
    char *cpu = cpu_model();
    char *memory = text_read_trimmed("/proc/meminfo");
    char *kernel = text_format("%s %s %s", name.sysname, name.release, name.version);
    json_t *object =
        json_pack("{s:s, s:I, s:s, s:s, s:I}", "cpu_model", cpu, "cpus",
                  (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "architecture", name.machine, "kernel",
                  kernel, "memory_kib", (json_int_t)text_field(memory, "MemTotal"));
    json_object_set_new(object, "kernel_command_line", file_text("/proc/cmdline"));
    json_object_set_new(object, "governor",
                        file_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
    json_object_set_new(object, "mitigations", mitigations());
    free(kernel);
    free(memory);
    free(cpu);
    return object;
}

/* The first line that a program prints; some, like wrk, end with a status that is not 0. */
static json_t *first_line_of(char *const command[])
{
    struct child child;
    json_t *line = json_null();
    if (command[0] && child_start(&child, command) == 0 &&
        child_wait_exit(&child, TOOL_LIMIT_MS, LOOP_INTERRUPTIBLE) && child.output.used) {
        json_decref(line);
        line = json_stringn(child.output.at, strcspn(child.output.at, "\n"));
    }
    if (command[0])
        child_finish(&child);
    return line;
}

static json_t *tools(const struct run *run)
{
    json_t *object = json_object();
    json_object_set_new(object, wrk_name, first_line_of((char *[]){run->wrk, "-v", NULL}));
    json_object_set_new(object, chart_tool,
                        first_line_of((char *[]){run->gnuplot, "--version", NULL}));
    json_object_set_new(object, "hyperfine",
                        first_line_of((char *[]){run->hyperfine, "--version", NULL}));
    return object;
}

static json_t *source(void)
{
    char *git = text_find_program("git");
    json_t *revision =
        first_line_of((char *[]){git, "-C", CONFIG_SOURCE_ROOT, "rev-parse", "HEAD", NULL});
    json_t *changed = first_line_of((char *[]){git, "-C", CONFIG_SOURCE_ROOT, "status",
                                               "--porcelain", "--untracked-files=no", NULL});
    bool dirty = json_string_length(changed) > 0;
    free(git);
    json_decref(changed);
    return json_pack("{s:s, s:o, s:b}", "version", C10KIT_VERSION, "git_revision", revision,
                     "git_dirty", dirty);
}

static json_t *build(void)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "compiler", CONFIG_COMPILER,
                     "build_type", CONFIG_BUILD_TYPE, "optimization", CONFIG_OPTIMIZATION,
                     "sanitizer", CONFIG_SANITIZE, "libuv", uv_version_string(), "jansson",
                     JANSSON_VERSION, "gsl", gsl_version);
}

static json_t *plan_facts(const struct run *run)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < run->plan.cell_count; i++) {
        const struct cell *cell = &run->plan.cells[i];
        json_array_append_new(cells, json_pack("{s:s, s:s, s:I}", "model",
                                               run->catalogue.models[cell->model].name, "workload",
                                               workload_name(cell->workload), "level",
                                               (json_int_t)cell->level));
    }
    json_t *order = json_array();
    for (size_t i = 0; i < plan_trials(&run->plan); i++)
        json_array_append_new(order, json_integer((json_int_t)run->plan.order[i]));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "mode",
                     run->mode->name, "sentinel", run->catalogue.models[run->sentinel].name, "seed",
                     (json_int_t)run->seed, "blocks", (json_int_t)run->plan.blocks, "window_us",
                     (json_int_t)run->window_ms * 1000, "warm_up_us",
                     (json_int_t)run->warm_up_ms * 1000, "server_cpus", run->cpus.server,
                     "load_cpus", run->cpus.load, "crowd_cpus", run->cpus.crowd,
                     "scaling_server_cpus", run->cpus.scaling_server, "scaling_load_cpus",
                     run->cpus.scaling_load, "cells", cells, "order", order);
}

/* "HASH  PATH" a line, as sha256sum prints it; whether two runs measured the same can be told. */
static void add_hash(json_t *hashes, const char *name, char *path)
{
    char *sum = text_find_program("sha256sum");
    json_t *line = path ? first_line_of((char *[]){sum, path, NULL}) : json_null();
    const char *text = json_string_value(line);
    json_object_set_new(hashes, name, text ? json_stringn(text, strcspn(text, " ")) : json_null());
    json_decref(line);
    free(sum);
}

static json_t *binaries(const struct run *run)
{
    json_t *hashes = json_object();
    for (size_t i = 0; i < run->catalogue.count; i++)
        if (!run->catalogue.models[i].twin_of)
            add_hash(hashes, run->catalogue.models[i].name, run->catalogue.models[i].path);
    add_hash(hashes, wrk_name, run->wrk);
    return hashes;
}

json_t *host_facts(const struct run *run)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    bool isolated = netns_renew();
    json_t *manifest = json_object();
    json_object_set_new(manifest, "schema", json_integer(RECORD_SCHEMA));
    json_object_set_new(manifest, "started_unix_s", json_integer(now.tv_sec));
    json_object_set_new(manifest, "machine", machine());
    json_object_set_new(manifest, "limits", limits());
    json_object_set_new(manifest, "namespace_per_trial", json_boolean(isolated));
    json_object_set_new(manifest, "cgroup_per_trial", json_boolean(cgroup_available()));
    json_object_set_new(manifest, "sysctls", netns_settings());
    json_object_set_new(manifest, "source", source());
    json_object_set_new(manifest, "build", build());
    json_object_set_new(manifest, "tools", tools(run));
    return manifest;
}

json_t *host_manifest(const struct run *run)
{
    json_t *manifest = host_facts(run);
    json_object_set(manifest, "command", run->command);
    json_object_set_new(manifest, "binaries", binaries(run));
    json_object_set_new(manifest, "models", catalogue_to_json(&run->catalogue));
    json_object_set_new(manifest, "plan", plan_facts(run));
    return manifest;
}

char *host_one_line(const json_t *manifest)
{
    const json_t *facts = json_object_get(manifest, "machine");
    const char *cpu = json_string_value(json_object_get(facts, "cpu_model"));
    const char *kernel = json_string_value(json_object_get(facts, "kernel"));
    json_int_t cpus = json_integer_value(json_object_get(facts, "cpus"));
    if (!cpu || !kernel)
        return text_copy("unknown machine");
    const char *release = strchr(kernel, ' ');
    int length = release ? (int)(strcspn(release + 1, " ") + (size_t)(release + 1 - kernel)) : 5;
    return text_format("%d x %s, %.*s", (int)cpus, cpu, length, kernel);
}
