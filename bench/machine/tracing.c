/* SPDX-License-Identifier: MIT */
#include "bench/machine/tracing.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/text.h"

enum {
    CALLS = 512, /* numbers under this have a counter each, the rest shares the last */
    COUNTERS_BYTES = CALLS * sizeof(uint64_t)
};

struct tracing {
    int map_fd, program_fd, link_fd; /* -1: none */
    const uint64_t *counters;        /* the kernel's, mapped; they never stop */
    uint64_t from[CALLS], counted[CALLS];
};

/* recv(3) is recvfrom, send(3) sendto, select(2) of glibc pselect6. */
static const struct {
    long number;
    const char *name;
} names[] = {
#define CALL(name)                                                                                 \
    {                                                                                              \
        SYS_##name, #name                                                                          \
    }
    CALL(read),          CALL(write),
    CALL(readv),         CALL(writev),
    CALL(pread64),       CALL(sendfile),
    CALL(splice),        CALL(recvfrom),
    CALL(sendto),        CALL(recvmsg),
    CALL(sendmsg),       CALL(recvmmsg),
    CALL(sendmmsg),
#ifdef SYS_select /* the newer architectures have the second of each pair only */
    CALL(select),        CALL(poll),
    CALL(epoll_wait),
#endif
    CALL(pselect6),      CALL(ppoll),
    CALL(epoll_pwait),   CALL(epoll_pwait2),
    CALL(epoll_ctl),     CALL(io_uring_enter),
    CALL(accept),        CALL(accept4),
    CALL(socket),        CALL(connect),
    CALL(shutdown),      CALL(close),
    CALL(setsockopt),    CALL(getsockopt),
    CALL(fcntl),         CALL(ioctl),
    CALL(futex),         CALL(clone),
    CALL(clone3),        CALL(exit),
    CALL(exit_group),    CALL(wait4),
    CALL(kill),          CALL(tgkill),
    CALL(mmap),          CALL(munmap),
    CALL(mprotect),      CALL(madvise),
    CALL(brk),           CALL(sched_yield),
    CALL(nanosleep),     CALL(clock_nanosleep),
    CALL(clock_gettime), CALL(timerfd_settime),
    CALL(eventfd2),      CALL(signalfd4),
    CALL(rt_sigaction),  CALL(rt_sigprocmask),
    CALL(rt_sigreturn),  CALL(rt_sigtimedwait),
#undef CALL
};
enum { NAMES = sizeof names / sizeof *names };

static int bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

static int make_map(void)
{
    union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
                           .key_size = sizeof(uint32_t),
                           .value_size = sizeof(uint64_t),
                           .max_entries = CALLS,
                           .map_flags = BPF_F_MMAPABLE};
    return bpf(BPF_MAP_CREATE, &attr);
}

#define CODE(operation, to, from, distance, number)                                                \
    ((struct bpf_insn){.code = (operation),                                                        \
                       .dst_reg = (to),                                                            \
                       .src_reg = (from),                                                          \
                       .off = (distance),                                                          \
                       .imm = (number)})

/*
 * In C, with the two arguments of raw_syscalls:sys_enter as it gets them:
 *     if (bpf_get_current_cgroup_id() != group) return 0;
 *     index = min(number, CALLS - 1);
 *     counter = bpf_map_lookup_elem(map, &index);
 *     if (counter) atomic_add(counter, 1);
 *     return 0;
 */
static int load_program(int map_fd, uint64_t group)
{
    const struct bpf_insn code[] = {
        CODE(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_6, BPF_REG_1, 8, 0), /* the call's number */
        CODE(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_cgroup_id),
        CODE(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, 0, 0, (int32_t)(uint32_t)group),
        CODE(0, 0, 0, 0, (int32_t)(uint32_t)(group >> 32)),
        CODE(BPF_JMP | BPF_JNE | BPF_X, BPF_REG_0, BPF_REG_1, 11, 0),
        CODE(BPF_JMP | BPF_JLT | BPF_K, BPF_REG_6, 0, 1, CALLS),
        CODE(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_6, 0, 0, CALLS - 1),
        CODE(BPF_STX | BPF_MEM | BPF_W, BPF_REG_10, BPF_REG_6, -4, 0),
        CODE(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map_fd),
        CODE(0, 0, 0, 0, 0),
        CODE(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0),
        CODE(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -4),
        CODE(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem),
        CODE(BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0),
        CODE(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1),
        CODE(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD),
        CODE(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
        CODE(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
                           .insn_cnt = sizeof code / sizeof *code,
                           .insns = (uintptr_t)code,
                           .license = (uintptr_t) "Dual MIT/GPL"};
    return bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int program_fd)
{
    union bpf_attr attr = {
        .raw_tracepoint = {.name = (uintptr_t) "sys_enter", .prog_fd = (uint32_t)program_fd}};
    return bpf(BPF_RAW_TRACEPOINT_OPEN, &attr);
}

static const uint64_t *map_counters(int map_fd)
{
    void *counters = mmap(NULL, COUNTERS_BYTES, PROT_READ, MAP_SHARED, map_fd, 0);
    return counters == MAP_FAILED ? NULL : counters;
}

/* A group's id is the number of its directory's inode. False with errno set. */
static bool set_up(struct tracing *tracing, const char *group)
{
    struct stat about;
    if (stat(group, &about) < 0)
        return false;
    tracing->map_fd = make_map();
    if (tracing->map_fd < 0)
        return false;
    tracing->counters = map_counters(tracing->map_fd);
    if (!tracing->counters)
        return false;
    tracing->program_fd = load_program(tracing->map_fd, about.st_ino);
    if (tracing->program_fd < 0)
        return false;
    tracing->link_fd = attach(tracing->program_fd);
    return tracing->link_fd >= 0;
}

struct tracing *tracing_open(const char *group, char **trouble)
{
    if (!group) {
        *trouble = text_copy("system calls cannot be counted: the server has no control group of "
                             "its own (run as root)");
        return NULL;
    }
    struct tracing *tracing = text_allocate(1, sizeof *tracing);
    tracing->map_fd = tracing->program_fd = tracing->link_fd = -1;
    if (set_up(tracing, group))
        return tracing;
    *trouble = text_format("system calls cannot be counted (%s): it takes root, a kernel with BPF "
                           "and control groups of version 2",
                           strerror(errno));
    tracing_close(tracing);
    return NULL;
}

void tracing_close(struct tracing *tracing)
{
    if (!tracing)
        return;
    const int fds[] = {tracing->link_fd, tracing->program_fd, tracing->map_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (tracing->counters)
        munmap((void *)tracing->counters, COUNTERS_BYTES);
    free(tracing);
}

void tracing_start(struct tracing *tracing)
{
    memcpy(tracing->from, tracing->counters, COUNTERS_BYTES);
}

void tracing_stop(struct tracing *tracing)
{
    uint64_t to[CALLS];
    memcpy(to, tracing->counters, COUNTERS_BYTES);
    for (size_t i = 0; i < CALLS; i++)
        tracing->counted[i] += to[i] - tracing->from[i];
}

int64_t tracing_total(const struct tracing *tracing)
{
    uint64_t total = 0;
    for (size_t i = 0; i < CALLS; i++)
        total += tracing->counted[i];
    return (int64_t)total;
}

json_t *tracing_names(const struct tracing *tracing)
{
    json_t *object = json_object();
    int64_t other = tracing_total(tracing);
    for (size_t i = 0; i < NAMES; i++) {
        int64_t count = (int64_t)tracing->counted[names[i].number];
        other -= count;
        if (count > 0)
            json_object_set_new(object, names[i].name, json_integer(count));
    }
    if (other > 0)
        json_object_set_new(object, "other", json_integer(other));
    return object;
}
