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
set logscale y 10
eval second_tics
scale = 1e-6
zero = 0
bound = -1
set multiplot
row = 0
load scripts . "/frame.gp"
set ylabel "median (p50)" offset label_shift, 0
panel_name = "latency_p50"
quantity = "latency_p50_us"
estimate = "merged_p50_us"
load scripts . "/panel.gp"
row = 1
load scripts . "/frame.gp"
set xlabel level_unit offset 0, label_rise
set ylabel "99th percentile (p99)" offset label_shift, 0
panel_name = "latency_p99"
quantity = "latency_p99_us"
estimate = "merged_p99_us"
load scripts . "/panel.gp"
unset multiplot
unset output
