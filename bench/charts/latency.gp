# SPDX-License-Identifier: MIT
# The marks are percentiles of all trials' latencies together, which exist also where one trial
# has too few samples for a percentile of its own; dots and intervals are the trials'.
load scripts . "/common.gp"
panel_gap = 40
body = 2 * panel + panel_gap + 52
heading = "Latency, " . workload . ": median and 99th percentile by " . level_unit
reading = "Marks: percentiles of all trials together, where 100 answers lie beyond; dots: trials; bars: 95 % intervals." . \
  (bound_cells ? "\nArrow: the generator was the limit; the server is as fast or faster." : "")
load scripts . "/heading.gp"
set output open_chart("latency-" . workload)
load scripts . "/levels.gp"
bound = -1
load scripts . "/latency-panels.gp"
unset output
