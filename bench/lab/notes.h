/* SPDX-License-Identifier: MIT */
#ifndef BENCH_LAB_NOTES_H
#define BENCH_LAB_NOTES_H

#include <stddef.h>

#include <jansson.h>

#include "bench/lab/claim.h"

/*
 * Prose by hand, numbers by reference. In the template stand, in double braces:
 *
 *     ID.CELL.METRIC           a figure of a claim, with unit and interval; ID.CELL.METRIC|mean
 *                              without its interval
 *     ID.CELL/OTHER.METRIC     the ratio of two cells, repeat by repeat
 *     ID.said .test .rule      what stands in the claim
 *     ID.verdict               "**confirmed**", "**depends** on ..."
 *     ID.chart                 its chart, as an image
 *     ID.table:METRIC,METRIC   a row for each cell that has one of these figures
 *     reference.MODEL/WORKLOAD/LEVEL.METRIC   a figure of a recorded run's summary.csv
 *     machine, revision        where it was tried, and with what
 *     verdicts, rules          tables of all claims: verdicts; how they are tried, and the rules
 *     #ID.FINDING ... /        this text only where the verdict is confirmed, refuted, depends or
 *                              undecided; ^ for "is not". They do not nest.
 *
 * In place of figures, charts and tables of a claim that was not tried to its end (for want of a
 * namespace, or since the run was stopped or tried others) stands that it was not. Else a figure
 * that is not in the record is an error.
 */
struct notes_source {
    const struct claim *const *claims; /* NULL ends the list */
    const struct figures *figures;
    const char *summary;      /* summary.csv's text; NULL: there is no reference */
    const json_t *manifest;   /* of the claims' record; NULL: unknown */
    const char *chart_prefix; /* before a chart's name: "charts/" */
};

/* The document; the caller's to free. NULL when a reference has nothing behind it: then `trouble`,
 * the caller's to free as well, is one line that names it and the template's line. */
char *notes_render(const struct notes_source *, const char *template_text, char **trouble);

#endif
