/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_KNOBS_H
#define BENCH_SHOW_KNOBS_H

#include <jansson.h>

#include "bench/judge/knob.h"

/* What knobs are worth, as charts and reports read it. */

/* Writes knobs.tsv, a row for each value and metric, and knob-trials.tsv, a row for each trial
 * of it; `y` is the row's place from above. */
void knobs_write(const char *folder, const struct record *, const struct knob_table *);

/* "Best against default" as a Markdown table; "" where no knob was turned. The caller's to free. */
char *knobs_digest(const struct knob_table *);

/* The rows as the page reads them. */
json_t *knobs_to_json(const struct knob_table *);

#endif
