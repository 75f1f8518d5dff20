# SPDX-License-Identifier: MIT
# What waiting for many costs who serves few.
load scripts . "/common.gp"
panel_gap = 40
body = 2 * panel + panel_gap + 52
heading = "Idle connections beside 64 busy ones: server's CPU time per answer, and answers per second"
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals. No idle connections: left of the break in the axis." . \
  (bound_cells ? "\nArrow: the generator was the limit; the server gives as much or more." : "")
load scripts . "/heading.gp"
set output open_chart(workload)
load scripts . "/levels.gp"
scale = 1
by_level = 0
set multiplot
row = 0
load scripts . "/frame.gp"
set ylabel "server's CPU time per answer, µs" offset label_shift, 0
set logscale y 10
eval plain_tics(high_cpu / low_cpu)
zero = 0
bound = 0
panel_name = "cpu"
quantity = "cpu_us_per_request"
estimate = quantity
load scripts . "/panel.gp"
row = 1
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
unset logscale y
set ytics autofreq
set format y "%.0s %c"
set ylabel "answers per second" offset label_shift, 0
zero = 1
bound = 1
panel_name = "throughput"
quantity = "throughput_rps"
estimate = quantity
load scripts . "/panel.gp"
unset multiplot
unset output
