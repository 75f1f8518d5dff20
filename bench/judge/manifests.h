/* SPDX-License-Identifier: MIT */
#ifndef BENCH_JUDGE_MANIFESTS_H
#define BENCH_JUDGE_MANIFESTS_H

#include <jansson.h>

/* What two runs' manifests say of each other. Pure functions; what they return is the caller's to
 * release. */

/*
 * Every member that is not the same in both, as [{"path": "machine.kernel", "first": ..., "second":
 * ...}]; null stands for a member that is missing. Arrays of different lengths are told by their
 * lengths. Left out is what differs between any two runs: the members that hold a time of day
 * (their names end in _unix_s or _unix_ms), the order that was drawn, the words of the command line
 * (the plan holds what they asked for) and what the doctor measured (not what it made of it).
 */
json_t *manifests_differences(const json_t *first, const json_t *second);

/*
 * What forbids to compare the two runs' figures as if they came from the same measurement, as an
 * array of lines: another machine or build, other windows, CPUs, workloads or levels, a machine
 * that was not fit, server and load on one CPU, other executables ("poll: another binary"). Empty:
 * nothing. Members that one of them lacks are not judged.
 */
json_t *manifests_caveats(const json_t *first, const json_t *second);

#endif
