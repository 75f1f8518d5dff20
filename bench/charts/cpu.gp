# SPDX-License-Identifier: MIT
load scripts . "/common.gp"
panel_gap = 40
body = 2 * panel + panel_gap + 52
heading = "CPU, " . workload . ": server's use of its CPU, and CPU time per answer"
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals."
load scripts . "/heading.gp"
set output open_chart("cpu-" . workload)
load scripts . "/levels.gp"
by_level = 0
scale = 1
bound = 0
set multiplot
row = 0
load scripts . "/frame.gp"
set ylabel "server, % of one CPU" offset label_shift, 0
zero = 1
panel_name = "server_cpu"
quantity = "server_cpu_percent"
estimate = quantity
load scripts . "/panel.gp"
row = 1
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
set ylabel "server's CPU time per answer, µs" offset label_shift, 0
set logscale y 10
eval plain_tics(high_cpu / low_cpu)
zero = 0
panel_name = "cpu"
quantity = "cpu_us_per_request"
estimate = quantity
load scripts . "/panel.gp"
unset multiplot
unset output
