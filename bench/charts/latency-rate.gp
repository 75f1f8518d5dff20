# SPDX-License-Identifier: MIT
# The knee: up to where more load costs the clients nothing.
load scripts . "/common.gp"
panel_gap = 40
body = 2 * panel + panel_gap + 52
heading = "Response time by offered load: median and 99th percentile"
reading = "Open loop: from when a request was due to its answer, while arrivals wait for nobody. All models face the same arrivals." . \
  "\nMarks: percentiles of all trials together, where 100 answers lie beyond; dots: trials; bars: 95 % intervals."
load scripts . "/heading.gp"
set output open_chart(workload)
load scripts . "/levels.gp"
bound = 0
load scripts . "/latency-panels.gp"
unset output
