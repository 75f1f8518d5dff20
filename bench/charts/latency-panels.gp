# SPDX-License-Identifier: MIT
# Median and 99th percentile, one above the other. Needs: bound, as panel.gp does.
set logscale y 10
eval second_tics
scale = 1e-6
zero = 0
by_level = 0
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
set xlabel level_axis offset 0, label_rise
set ylabel "99th percentile (p99)" offset label_shift, 0
panel_name = "latency_p99"
quantity = "latency_p99_us"
estimate = "merged_p99_us"
load scripts . "/panel.gp"
unset multiplot
