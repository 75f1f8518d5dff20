/* SPDX-License-Identifier: MIT */
#include "bench/base/child.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/text.h"

enum {
    TEXT_ROOM = 4096,
    TEXT_LIMIT = 1 << 20, /* a child that prints without end is not stored without end */
    KILL_LIMIT_MS = 5000
};

static struct child_text *text_of(struct child *child, const uv_stream_t *stream)
{
    return stream == (uv_stream_t *)&child->pipes[0] ? &child->output : &child->errors;
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
    (void)wanted;
    struct child_text *text = text_of(handle->data, (uv_stream_t *)handle);
    if (text->used >= TEXT_LIMIT)
        text->used = 0;
    if (text->size - text->used < TEXT_ROOM) {
        text->size += 2 * TEXT_ROOM;
        text->at = text_reallocate(text->at, text->size, 1);
    }
    *room = uv_buf_init(text->at + text->used, (unsigned)(text->size - text->used - 1));
}

static void on_closed(uv_handle_t *handle)
{
    struct child *child = handle->data;
    child->open_handles--;
}

static void close_once(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void on_output(uv_stream_t *stream, ssize_t got, const uv_buf_t *room)
{
    (void)room;
    struct child_text *text = text_of(stream->data, stream);
    if (got < 0) {
        close_once((uv_handle_t *)stream);
        return;
    }
    text->used += (size_t)got;
    text->at[text->used] = '\0';
}

static void on_exit_of(uv_process_t *process, int64_t status, int number)
{
    struct child *child = process->data;
    child->exited = true;
    child->exit_status = status;
    child->exit_signal = number;
    close_once((uv_handle_t *)process);
}

static void open_pipes(struct child *child, uv_stdio_container_t stdio[3])
{
    stdio[0].flags = UV_IGNORE;
    for (int i = 0; i < 2; i++) {
        uv_pipe_init(loop_get(), &child->pipes[i], 0);
        child->pipes[i].data = child;
        stdio[i + 1].flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE;
        stdio[i + 1].data.stream = (uv_stream_t *)&child->pipes[i];
    }
}

int child_start(struct child *child, char *const argv[])
{
    uv_stdio_container_t stdio[3];
    memset(child, 0, sizeof *child);
    child->output.at = text_allocate(1, 1);
    child->errors.at = text_allocate(1, 1);
    child->output.size = child->errors.size = 1;
    open_pipes(child, stdio);
    uv_process_options_t options = {.file = argv[0],
                                    .args = (char **)argv,
                                    .exit_cb = on_exit_of,
                                    .flags = UV_PROCESS_DETACHED,
                                    .stdio_count = 3,
                                    .stdio = stdio};
    child->open_handles = 3;
    int error = uv_spawn(loop_get(), &child->process, &options);
    child->process.data = child;
    if (error) {
        child->exited = true;
        close_once((uv_handle_t *)&child->process);
        return error;
    }
    for (int i = 0; i < 2; i++)
        uv_read_start((uv_stream_t *)&child->pipes[i], on_room, on_output);
    return 0;
}

static bool has_line(const void *argument)
{
    const struct child *child = argument;
    return child->exited || strchr(child->output.at, '\n');
}

bool child_wait_line(struct child *child, uint64_t limit_ms)
{
    loop_until(has_line, child, limit_ms, LOOP_INTERRUPTIBLE);
    return strchr(child->output.at, '\n') != NULL;
}

/* The exit and the end of its output are two events, in either order. A grandchild may hold the
 * pipes open, so only the process counts; what it had printed is read in the same turn. */
static bool has_exited(const void *argument)
{
    return ((const struct child *)argument)->exited;
}

struct awaited {
    const struct child *child;
    const char *text;
};

static bool has_text(const void *argument)
{
    const struct awaited *awaited = argument;
    return awaited->child->exited || strstr(awaited->child->output.at, awaited->text);
}

bool child_wait_text(struct child *child, const char *text, uint64_t limit_ms)
{
    struct awaited awaited = {child, text};
    loop_until(has_text, &awaited, limit_ms, LOOP_INTERRUPTIBLE);
    return strstr(child->output.at, text) != NULL;
}

bool child_wait_exit(struct child *child, uint64_t limit_ms, enum loop_patience patience)
{
    bool exited = loop_until(has_exited, child, limit_ms, patience);
    if (exited)
        uv_run(loop_get(), UV_RUN_NOWAIT);
    return exited;
}

void child_signal(struct child *child, int number)
{
    if (!child->exited)
        uv_process_kill(&child->process, number);
}

void child_signal_main(struct child *child, int number)
{
    if (!child->exited)
        syscall(SYS_tgkill, child->process.pid, child->process.pid, number);
}

static bool all_closed(const void *argument)
{
    return ((const struct child *)argument)->open_handles == 0;
}

void child_finish(struct child *child)
{
    child_signal(child, SIGKILL);
    child_wait_exit(child, KILL_LIMIT_MS, LOOP_REGARDLESS);
    close_once((uv_handle_t *)&child->pipes[0]);
    close_once((uv_handle_t *)&child->pipes[1]);
    loop_until(all_closed, child, KILL_LIMIT_MS, LOOP_REGARDLESS);
    free(child->output.at);
    free(child->errors.at);
    child->output.at = child->errors.at = NULL;
}
