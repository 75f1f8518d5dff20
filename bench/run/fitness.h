/* SPDX-License-Identifier: MIT */
#ifndef BENCH_RUN_FITNESS_H
#define BENCH_RUN_FITNESS_H

#include <sched.h>

#include "bench/run/doctor.h"

/* Looks at the machine for the doctor to judge it. */

/*
 * Fills all facts. `manifest` is host_facts() or a whole manifest, `cpus` what cpus_choose() chose:
 * both stay the caller's, the manifest until fitness_release(). Keeps each CPU of `where` busy for
 * `spin_ms`, one after the other; an interrupt ends that.
 */
void fitness_gather(struct doctor_facts *, json_t *manifest, const struct cpus *,
                    const cpu_set_t *where, unsigned spin_ms);
void fitness_release(struct doctor_facts *);

/* For a run's manifest: doctor_to_json() after a short look (50 ms a CPU) at the CPUs of the server
 * and the load. Call it after cgroup_init(); pinned or not makes no difference. */
json_t *fitness_to_json(json_t *manifest, const struct cpus *);

#endif
