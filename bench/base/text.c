/* SPDX-License-Identifier: MIT */
#include "bench/base/text.h"

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/say.h"

void *text_allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        say_and_exit("out of memory");
    return memory;
}

void *text_reallocate(void *old, size_t count, size_t size)
{
    void *memory = reallocarray(old, count ? count : 1, size);
    if (!memory)
        say_and_exit("out of memory");
    return memory;
}

char *text_copy(const char *text)
{
    return text_format("%s", text);
}

char *text_format(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        say_and_exit("out of memory");
    return text;
}

static char *read_all(int fd)
{
    size_t used = 0, size = 4096;
    char *text = text_allocate(size, 1);
    for (;;) {
        ssize_t got = read(fd, text + used, size - used - 1);
        if (got < 0) {
            free(text);
            return NULL;
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used + 1 == size) {
            size *= 2;
            text = text_reallocate(text, size, 1);
        }
    }
    text[used] = '\0';
    return text;
}

char *text_read(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = read_all(fd);
    close(fd);
    return text;
}

char *text_read_trimmed(const char *path)
{
    char *text = text_read(path);
    if (!text)
        return text_copy("");
    size_t end = strlen(text);
    while (end > 0 && isspace((unsigned char)text[end - 1]))
        text[--end] = '\0';
    size_t start = strspn(text, " \t\n");
    memmove(text, text + start, end - start + 1);
    return text;
}

bool text_write(const char *path, const char *content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    size_t length = strlen(content);
    bool written = write(fd, content, length) == (ssize_t)length;
    return close(fd) == 0 && written;
}

int64_t text_field(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && strchr(" \t:", line[length]) && line[length])
            return strtoll(line + length + 1, NULL, 10);
    }
    return -1;
}

char *text_own_directory(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length < 0)
        return text_copy(".");
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    return text_copy(path);
}

char *text_find_program(const char *name)
{
    const char *path = getenv("PATH");
    if (!path)
        path = "/usr/local/bin:/usr/bin:/bin";
    while (*path) {
        size_t length = strcspn(path, ":");
        char *candidate = text_format("%.*s/%s", (int)length, path, name);
        if (access(candidate, X_OK) == 0)
            return candidate;
        free(candidate);
        path += length + (path[length] == ':');
    }
    return NULL;
}
