/* SPDX-License-Identifier: MIT */
#include "tests/unit/guard.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard guard_new(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = (size + page - 1) / page * page;
    char *at = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int failed = at == MAP_FAILED ? -1 : mprotect(at + whole, page, PROT_NONE);

    assert(!failed);
    return (struct guard){at + whole, whole};
}

void guard_free(struct guard *guard)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    (void)munmap(guard->end - guard->size, guard->size + page);
    *guard = (struct guard){NULL, 0};
}

const char *guard_put(const struct guard *guard, const char *bytes, size_t len)
{
    assert(len <= guard->size);
    return len ? memcpy(guard->end - len, bytes, len) : guard->end;
}
