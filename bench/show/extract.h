/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_EXTRACT_H
#define BENCH_SHOW_EXTRACT_H

#include <jansson.h>

#include "bench/judge/knob.h"
#include "bench/judge/rank.h"
#include "bench/record/record.h"
#include "bench/judge/summary.h"
#include "bench/show/warnings.h"

/*
 * A whole run as one JSON object, for a page to lay out:
 *
 *   name, machine, command   the folder's name, the machine in a line, what makes such a run again
 *   manifest                 without plan.order, plan.cells, plan.padding and peers' configurations
 *   metrics                  names, in the order of the trials' columns
 *   workloads  [{name, about, unit, word, named, open_loop, telling, levels: {LEVEL: its name}}]:
 *              word: what stands before a level ("at"); named: a level has a name, no unit;
 *              telling: the level for what is shown at one level only
 *   cells      [{model, workload, level, trials, valid_trials, valid, reason, limited_by,
 *                metrics: {NAME: [mean, low, high, median]}}]
 *   contests   [{workload, level, metric, blocks, blocks_needed, compared, ranked, threshold,
 *                resolution, twin_of, contestants: [{model, mean, bound, reason, first, last,
 *                letters}], pairs: [{a, b, ratio, low, high, p_holm, verdict, blocks_needed}]}]
 *   trials     {columns: [NAME], rows: [[VALUE]]}
 *   warnings   [{kind, text, advice}]
 *   charts     [{name, svg}]
 *
 * null: not known. The caller's to release.
 */
json_t *extract_run(const char *folder, const struct record *, const struct summary *,
                    const struct ranking *, const struct knob_table *, const struct warnings *);

/* The folder's own name: "run-20260807-120000". The caller's to free. */
char *extract_name(const char *folder);

/* The command line that asks for the same plan in the same order, every choice written out. The
 * caller's to free. */
char *extract_command(const json_t *manifest, bool cold);

/* Whether the run also timed whole processes. */
bool extract_has_cold(const char *folder);

#endif
