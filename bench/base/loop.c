/* SPDX-License-Identifier: MIT */
#include "bench/base/loop.h"

#include <signal.h>
#include <stddef.h>

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { STOP_SIGNALS = sizeof stop_signals / sizeof *stop_signals };

static struct {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[STOP_SIGNALS];
    bool expired, interrupted;
} self;

static void on_signal(uv_signal_t *handle, int number)
{
    (void)handle, (void)number;
    self.interrupted = true;
}

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    self.expired = true;
}

void loop_init(void)
{
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&self.loop);
    uv_timer_init(&self.loop, &self.timer);
    for (size_t i = 0; i < STOP_SIGNALS; i++) {
        uv_signal_init(&self.loop, &self.signals[i]);
        uv_signal_start(&self.signals[i], on_signal, stop_signals[i]);
    }
}

uv_loop_t *loop_get(void)
{
    return &self.loop;
}

bool loop_interrupted(void)
{
    return self.interrupted;
}

bool loop_until(bool (*done)(const void *), const void *argument, uint64_t limit_ms,
                enum loop_patience patience)
{
    self.expired = false;
    uv_update_time(&self.loop);
    /* Repeating: uv_run() runs a timer that is due before it polls, and would then wait for others.
     */
    uv_timer_start(&self.timer, on_timer, limit_ms, 1);
    while (!done(argument) && !self.expired) {
        if (patience == LOOP_INTERRUPTIBLE && self.interrupted)
            break;
        uv_run(&self.loop, UV_RUN_ONCE);
    }
    uv_timer_stop(&self.timer);
    return done(argument);
}

static bool never(const void *argument)
{
    (void)argument;
    return false;
}

void loop_pause(uint64_t ms)
{
    loop_until(never, NULL, ms, LOOP_INTERRUPTIBLE);
}
