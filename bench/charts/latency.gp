# SPDX-License-Identifier: MIT
# The marks are percentiles of all trials' latencies together, which exist also where one trial
# has too few samples for a percentile of its own; dots and intervals are the trials'.
load scripts . "/common.gp"
height = 860
heading = "Latency, " . workload . ": median and 99th percentile by open connections"
reading = "Marks: percentiles of all trials together, where 100 answers lie beyond; dots: trials; bars: 95 % intervals."
load scripts . "/heading.gp"
eval terminal_of(height)
set output open_chart("latency-" . workload)
eval levels_axis
set logscale y 10
eval second_tics
panel_height = (top - bottom) / 2
set multiplot
set tmargin at screen top
set bmargin at screen bottom + panel_height + 2.2 * line
unset xlabel
set ylabel "median (p50)"
scale = 1e-6
quantity = "latency_p50_us"
estimate = "merged_p50_us"
zero = 0
load scripts . "/panel.gp"
do for [k = 1:4] { unset label k }
set tmargin at screen bottom + panel_height - 1.2 * line
set bmargin at screen bottom
set xlabel "open connections"
set ylabel "99th percentile (p99)"
unset key
quantity = "latency_p99_us"
estimate = "merged_p99_us"
load scripts . "/panel.gp"
unset multiplot
unset output
