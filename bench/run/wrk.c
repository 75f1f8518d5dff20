/* SPDX-License-Identifier: MIT */
#include "bench/run/wrk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/places.h"
#include "bench/base/text.h"

/* wrk drops latencies beyond its time limit from the histogram; no window is that long. */
static const char latency_limit[] = "10s";
const char wrk_name[] = "wrk";
static const char histogram_header[] = "corrected_latency_us count\n";

char *wrk_find(void)
{
    return text_find_program(wrk_name);
}

char *wrk_find_script(void)
{
    return places_data("wrk.lua");
}

void wrk_command_init(struct wrk_command *command, const char *wrk, const char *script,
                      uint16_t port, const char *path, const struct cell *cell, unsigned limit_s)
{
    char **word = command->words;
    *word++ = text_copy(wrk);
    *word++ = text_copy("--threads=1");
    *word++ = text_format("--connections=%u", plan_connections(cell));
    *word++ = text_format("--duration=%us", limit_s);
    *word++ = text_format("--timeout=%s", latency_limit);
    *word++ = text_format("--script=%s", script);
    if (cell->workload == WORKLOAD_CHURN)
        *word++ = text_copy("--header=Connection: close");
    *word++ = text_format("http://127.0.0.1:%u%s", (unsigned)port, path);
    *word = NULL;
}

void wrk_command_finish(struct wrk_command *command)
{
    for (char **word = command->words; *word; word++)
        free(*word);
}

static bool read_histogram(const char *at, struct histogram *histogram)
{
    uint64_t last = 0;
    while (strncmp(at, "end\n", 4) != 0) {
        char *end;
        uint64_t value = strtoull(at, &end, 10);
        if (end == at || *end != ' ' || value < last)
            return false;
        uint64_t count = strtoull(end + 1, &end, 10);
        if (*end != '\n')
            return false;
        histogram_add(histogram, value, count);
        last = value;
        at = end + 1;
    }
    return true;
}

bool wrk_read(const char *path, struct wrk_result *result, struct histogram *histogram)
{
    char *text = text_read_trimmed(path);
    char *whole = text_format("%s\n", text);
    const char *start = strstr(whole, histogram_header);
    *result = (struct wrk_result){
        .duration_us = text_field(whole, "duration_us"),
        .requests = text_field(whole, "requests"),
        .bytes = text_field(whole, "bytes"),
        .errors_connect = text_field(whole, "errors_connect"),
        .errors_read = text_field(whole, "errors_read"),
        .errors_write = text_field(whole, "errors_write"),
        .errors_status = text_field(whole, "errors_status"),
        .errors_timeout = text_field(whole, "errors_timeout"),
    };
    bool right = start && read_histogram(start + strlen(histogram_header), histogram);
    free(whole);
    free(text);
    return right;
}
