# SPDX-License-Identifier: MIT
load scripts . "/common.gp"
height = 860
heading = "CPU, " . workload . ": server's use of its CPU, and CPU time per answer"
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals."
load scripts . "/heading.gp"
eval terminal_of(height)
set output open_chart("cpu-" . workload)
eval levels_axis
scale = 1
panel_height = (top - bottom) / 2
set multiplot
set tmargin at screen top
set bmargin at screen bottom + panel_height + 2.2 * line
unset xlabel
zero = 1
set ylabel "server, % of one CPU"
quantity = "server_cpu_percent"
estimate = quantity
load scripts . "/panel.gp"
do for [k = 1:4] { unset label k }
set tmargin at screen bottom + panel_height - 1.2 * line
set bmargin at screen bottom
set xlabel "open connections"
set ylabel "server's CPU time per answer, µs"
set logscale y 10
eval plain_tics
zero = 0
unset key
quantity = "cpu_us_per_request"
estimate = quantity
load scripts . "/panel.gp"
unset multiplot
unset output
