/* SPDX-License-Identifier: MIT */
#include "bench/machine/cgroup.h"

#include <errno.h>
#include <glob.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/loop.h"
#include "bench/base/say.h"
#include "bench/base/text.h"

enum { REMOVE_TRIES = 200, REMOVE_PAUSE_MS = 5 };

static struct {
    char *group;
    char *memory_group; /* version 1; made when it is first asked for */
} self;

/* In the hybrid layout the version 2 tree hangs below /sys/fs/cgroup/unified. `option` is a version
 * 1 controller, NULL for version 2. */
static char *find_mount(const char *option)
{
    FILE *mounts = setmntent("/proc/self/mounts", "r");
    char *found = NULL;
    for (struct mntent *entry; mounts && !found && (entry = getmntent(mounts));)
        if (strcmp(entry->mnt_type, option ? "cgroup" : "cgroup2") == 0 &&
            (!option || hasmntopt(entry, option)))
            found = text_copy(entry->mnt_dir);
    if (mounts)
        endmntent(mounts);
    return found;
}

/* `key` as in /proc/self/cgroup: ":" and a version 1 controller and ":/", or "0::/". */
static char *own_group(const char *mount, const char *key)
{
    char *text = text_read_trimmed("/proc/self/cgroup");
    char *line = strstr(text, key);
    char *group = NULL;
    if (line) {
        const char *own = line + strlen(key) - 1;
        int length = (int)strcspn(own, "\n");
        group = text_format("%s%.*s", mount, length > 1 ? length : 0, own);
    }
    free(text);
    return group;
}

/* NULL when no version 1 hierarchy counts memory. */
static char *memory_parent(void)
{
    char *mount = find_mount("memory");
    char *parent = mount ? own_group(mount, ":memory:/") : NULL;
    free(mount);
    return parent;
}

static void remove_children(const char *group)
{
    glob_t found;
    char *pattern = text_format("%s/*/", group); /* groups, and not the files of this one */
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            cgroup_remove(text_copy(found.gl_pathv[i]));
    globfree(&found);
    free(pattern);
}

/* A harness that was killed outright leaves its groups behind, and in them what its server had
 * started; those of one that runs are kept. */
static void remove_stale(const char *parent)
{
    glob_t found;
    char *pattern = text_format("%s/c10kit-*", parent);
    if (glob(pattern, GLOB_ONLYDIR, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *group = found.gl_pathv[i];
            if (kill((pid_t)strtol(strrchr(group, '-') + 1, NULL, 10), 0) == 0)
                continue;
            remove_children(group);
            rmdir(group);
        }
    globfree(&found);
    free(pattern);
}

/* Lets the groups inside have version 2's memory controller, where it is handed down to us. For the
 * whole run, so that no trial runs under other conditions than the next. */
static void count_memory(const char *group)
{
    if (!group)
        return;
    char *path = text_format("%s/cgroup.subtree_control", group);
    text_write(path, "+memory"); /* refused: footprint.c finds another source */
    free(path);
}

bool cgroup_init(void)
{
    char *mount = find_mount(NULL);
    char *parent = mount ? own_group(mount, "0::/") : NULL;
    char *memory = memory_parent();
    if (memory)
        remove_stale(memory);
    if (parent) {
        remove_stale(parent);
        self.group = text_format("%s/c10kit-%d", parent, (int)getpid());
        if (mkdir(self.group, 0755) < 0) {
            say("no control group of our own (%s: %s): CPU time is read from /proc, which misses "
                "short-lived processes",
                parent, strerror(errno));
            free(self.group);
            self.group = NULL;
        }
        count_memory(self.group);
    } else {
        say("no cgroup version 2 tree is mounted: CPU time is read from /proc, which misses "
            "short-lived processes");
    }
    free(memory);
    free(mount);
    free(parent);
    return self.group;
}

void cgroup_finish(void)
{
    if (self.group)
        remove_children(self.group);
    cgroup_remove(self.group);
    cgroup_remove(self.memory_group);
    self.group = self.memory_group = NULL;
}

bool cgroup_available(void)
{
    return self.group != NULL;
}

char *cgroup_make(const char *name)
{
    if (!self.group)
        return NULL;
    char *group = text_format("%s/%s", self.group, name);
    if (mkdir(group, 0755) == 0 || errno == EEXIST)
        return group;
    free(group);
    return NULL;
}

/* Version 1 counts the kernel's memory for sockets only under a limit: -1 is one that never bites.
 */
static void count_sockets(const char *group)
{
    char *path = text_format("%s/memory.kmem.tcp.limit_in_bytes", group);
    text_write(path, "-1");
    free(path);
}

char *cgroup_make_memory(const char *name)
{
    if (!self.memory_group) {
        char *parent = memory_parent();
        self.memory_group = parent ? text_format("%s/c10kit-%d", parent, (int)getpid()) : NULL;
        free(parent);
    }
    if (!self.memory_group || (mkdir(self.memory_group, 0755) < 0 && errno != EEXIST))
        return NULL;
    char *group = text_format("%s/%s", self.memory_group, name);
    if (mkdir(group, 0755) == 0 || errno == EEXIST) {
        count_sockets(group);
        return group;
    }
    free(group);
    return NULL;
}

char *cgroup_join(const char *group, const char *memory_group)
{
    if (!group || !memory_group)
        return group || memory_group ? text_copy(group ? group : memory_group) : NULL;
    return text_format("%s,%s", group, memory_group);
}

static void kill_all(const char *group)
{
    pid_t *pids;
    size_t count = cgroup_pids(group, &pids);
    for (size_t i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    free(pids);
}

/* rmdir() is refused while a killed process has not quite gone. */
static bool is_removed(const void *group)
{
    return rmdir(group) == 0 || errno == ENOENT;
}

static bool never(const void *argument)
{
    (void)argument;
    return false;
}

void cgroup_remove(char *group)
{
    if (!group)
        return;
    for (int i = 0; i < REMOVE_TRIES && !is_removed(group); i++) {
        kill_all(group);
        loop_until(never, NULL, REMOVE_PAUSE_MS, LOOP_REGARDLESS);
    }
    free(group);
}

struct cpu_time cgroup_cpu(const char *group)
{
    struct cpu_time time = {-1, -1};
    char *path = text_format("%s/cpu.stat", group);
    char *text = text_read(path);
    if (text) {
        time.user_us = text_field(text, "user_usec");
        time.system_us = text_field(text, "system_usec");
    }
    free(text);
    free(path);
    return time;
}

static size_t read_ids(const char *group, const char *file, pid_t **ids)
{
    char *path = text_format("%s/%s", group, file);
    char *text = text_read(path);
    size_t count = 0, room = 64;
    *ids = text_allocate(room, sizeof **ids);
    for (char *at = text; at && *at;) {
        char *end;
        long id = strtol(at, &end, 10);
        if (end == at)
            break;
        if (count == room)
            *ids = text_reallocate(*ids, room *= 2, sizeof **ids);
        (*ids)[count++] = (pid_t)id;
        at = end + (*end == '\n');
    }
    free(text);
    free(path);
    return count;
}

size_t cgroup_pids(const char *group, pid_t **pids)
{
    return read_ids(group, "cgroup.procs", pids);
}

size_t cgroup_tids(const char *group, pid_t **tids)
{
    return read_ids(group, "cgroup.threads", tids);
}
