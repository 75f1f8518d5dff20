/* SPDX-License-Identifier: MIT */
#include "bench/run/mode.h"

#include <string.h>

#include "bench/judge/pairs.h"

/* quick is to be over in three minutes on two CPUs, build included, with every model in it. */
static const struct mode modes[] = {
    {"quick", 200, 100, 3, false},
    {"standard", 1000, 200, 12, true},
    {"publish", 2000, 500, 30, true},
};

const struct mode *mode_find(const char *name)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(name, modes[i].name) == 0)
            return &modes[i];
    return NULL;
}

const struct workload_levels *mode_levels(const struct mode *mode, enum workload workload)
{
    const struct workload_facts *facts = workload_facts(workload);
    return mode->ranks ? &facts->standard : &facts->quick;
}

unsigned mode_blocks(const struct mode *mode, size_t models)
{
    if (!mode->ranks)
        return mode->least_blocks;
    unsigned needed = (unsigned)pairs_least_blocks(pairs_count(models));
    return needed > mode->least_blocks ? needed : mode->least_blocks;
}
