# SPDX-License-Identifier: MIT
# What one bad client does to the others.
load scripts . "/common.gp"
panel_gap = 40
body = 2 * panel + panel_gap + 52
heading = "One bad client: what 63 ordinary ones beside it get"
reading = "Ordinary clients only. Marks: p99 of all trials together, geometric mean of the rates; dots: trials; bars: 95 % intervals." . \
  (bound_cells ? "\nArrow: the generator was the limit; the server is as fast or faster." : "")
load scripts . "/heading.gp"
set output open_chart(workload)
load scripts . "/levels.gp"
by_level = 0
set multiplot
row = 0
load scripts . "/frame.gp"
set logscale y 10
eval second_tics
set ylabel "99th percentile (p99)" offset label_shift, 0
zero = 0
scale = 1e-6
bound = -1
panel_name = "latency_p99"
quantity = "latency_p99_us"
estimate = "merged_p99_us"
load scripts . "/panel.gp"
row = 1
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
unset logscale y
unset mytics
set ytics autofreq
set format y "%.0s %c"
set ylabel "answers per second" offset label_shift, 0
zero = 1
scale = 1
bound = 1
panel_name = "throughput"
quantity = "throughput_rps"
estimate = quantity
load scripts . "/panel.gp"
unset multiplot
unset output
