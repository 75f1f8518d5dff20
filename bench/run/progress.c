/* SPDX-License-Identifier: MIT */
#include "bench/run/progress.h"

#include <stdlib.h>

#include "bench/base/text.h"
#include "bench/record/gate.h"
#include "bench/record/record.h"

struct luck {
    size_t trials, empty;
};

void progress_note(struct progress *progress, size_t index, const struct trial *trial)
{
    struct luck *luck = &progress->cells[progress->run->plan.order[index]];
    bool spoilt = trial->spoilt == 1;
    progress->attempts[index] = spoilt ? (unsigned)trial->attempt : progress->run->attempts;
    luck->trials += !spoilt;
    luck->empty += !spoilt && gate_is_empty(trial);
}

void progress_read(struct progress *progress, const struct run *run)
{
    size_t trials = plan_trials(&run->plan);
    struct record record;
    *progress = (struct progress){
        .run = run,
        .attempts = text_allocate(trials, sizeof *progress->attempts),
        .cells = text_allocate(run->plan.cell_count, sizeof *progress->cells),
    };
    record_read(&record, run->folder);
    for (size_t i = 0; i < record.count; i++)
        if (record.trials[i].number >= 1 && (size_t)record.trials[i].number <= trials)
            progress_note(progress, (size_t)record.trials[i].number - 1, &record.trials[i]);
    record_finish(&record);
}

void progress_finish(struct progress *progress)
{
    free(progress->attempts);
    free(progress->cells);
}

bool progress_is_due(const struct progress *progress, size_t index)
{
    const struct luck *luck = &progress->cells[progress->run->plan.order[index]];
    return progress->attempts[index] < progress->run->attempts &&
           !gate_gives_up(luck->trials, luck->empty);
}

size_t progress_left(const struct progress *progress)
{
    size_t left = 0;
    for (size_t i = 0; i < plan_trials(&progress->run->plan); i++)
        left += progress_is_due(progress, i);
    return left;
}
