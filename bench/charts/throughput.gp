# SPDX-License-Identifier: MIT
load scripts . "/common.gp"
body = panel + 52
heading = "Throughput, " . workload . ": answers per second by " . level_unit
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals." . \
  (bound_cells ? "\nArrow: the generator was the limit; the server gives as much or more." : "")
load scripts . "/heading.gp"
set output open_chart("throughput-" . workload)
load scripts . "/levels.gp"
by_level = 0
panel_gap = 0
row = 0
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
set format y "%.0s %c"
set ylabel "answers per second" offset label_shift, 0
panel_name = "throughput"
quantity = "throughput_rps"
estimate = quantity
scale = 1
zero = 1
bound = 1
load scripts . "/panel.gp"
unset output
