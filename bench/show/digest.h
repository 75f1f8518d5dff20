/* SPDX-License-Identifier: MIT */
#ifndef BENCH_SHOW_DIGEST_H
#define BENCH_SHOW_DIGEST_H

#include "bench/judge/rank.h"
#include "bench/judge/summary.h"
#include "bench/show/warnings.h"

/* A run's tables and lists as GitHub-flavoured Markdown, in columns that also align as plain text:
 * what report.md's template takes up. Strings are the caller's to free. */

/* Under a heading for each workload, for each metric a table, models by levels. A field holds the
 * mean, "> X" or "< X" where the generator was the limit, "hollow", and in brackets rank and
 * letters. */
char *digest_rankings(const struct ranking *);

char *digest_hollow(const struct summary *);

char *digest_warnings(const struct warnings *);

#endif
