/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_HOST_H
#define BENCH_RUN_HOST_H

#include <jansson.h>

#include "bench/run/run.h"

/* On what and with what: the manifest without what a plan adds. Of the run only the tools are
 * looked at. The caller's to release. */
json_t *host_facts(const struct run *);

/* The manifest: on what, with what and how a run was made. */
json_t *host_manifest(const struct run *);

/* "4 x Name of the CPU, Linux 6.1.0": for the charts. The caller's to free. */
char *host_one_line(const json_t *manifest);

#endif
