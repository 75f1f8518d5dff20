/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_PAGE_H
#define BENCH_SHOW_PAGE_H

#include <stddef.h>

#include "bench/judge/knob.h"
#include "bench/judge/rank.h"
#include "bench/record/record.h"
#include "bench/judge/summary.h"

/* The two pages for people that a run leaves: report.html, which stands alone and fetches nothing,
 * and report.md, to be pasted. What they look like is in the templates of bench/page. */

/* A name in double braces in a template, and what takes its place. */
struct page_place {
    const char *name, *content;
};

/* The template with each {{name}} replaced; a name that is not among the places stays as it is, and
 * what is put in is not looked at again. The caller's to free. */
char *page_fill(const char *template_text, const struct page_place *, size_t places);

/* Writes FOLDER/report.html and FOLDER/report.md, with the charts that FOLDER/charts holds, and
 * prints where they are and what is to be known before the figures are used. */
void page_make(const char *folder, const struct record *, const struct summary *,
               const struct ranking *, const struct knob_table *);

#endif
