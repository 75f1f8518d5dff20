/* SPDX-License-Identifier: MIT */
#include "bench/load/counts.h"

#include "bench/base/text.h"

const char *fault_name(enum fault fault)
{
    static const char *const names[FAULTS] = {
        [FAULT_CONNECT] = "connect",       [FAULT_READ] = "read",     [FAULT_WRITE] = "write",
        [FAULT_STATUS] = "status",         [FAULT_BODY] = "body",     [FAULT_TIMEOUT] = "timeout",
        [FAULT_UNFINISHED] = "unfinished", [FAULT_CLOSED] = "closed",
    };
    return names[fault];
}

struct counts *counts_new(void)
{
    return text_allocate(1, sizeof(struct counts));
}

void counts_merge(struct counts *into, const struct counts *from)
{
    into->requests += from->requests;
    into->bytes += from->bytes;
    into->answered += from->answered;
    into->offered += from->offered;
    for (int i = 0; i < FAULTS; i++)
        into->faults[i] += from->faults[i];
    into->early_faults += from->early_faults;
    into->reconnects += from->reconnects;
    into->starved += from->starved;
    if (from->longest_ns > into->longest_ns)
        into->longest_ns = from->longest_ns;
    tally_merge(&into->response, &from->response);
    tally_merge(&into->service, &from->service);
    tally_merge(&into->lateness, &from->lateness);
    tally_merge(&into->on_time, &from->on_time);
    tally_merge(&into->connect, &from->connect);
}

uint64_t counts_errors(const struct counts *counts)
{
    uint64_t errors = 0;
    for (int i = 0; i < FAULTS; i++)
        if (i != FAULT_UNFINISHED)
            errors += counts->faults[i];
    return errors;
}
