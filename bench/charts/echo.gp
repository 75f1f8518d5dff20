# SPDX-License-Identifier: MIT
# Small messages cost by their number, large ones by their bytes.
load scripts . "/common.gp"
panel_gap = 40
body = 2 * panel + panel_gap + 52
heading = "Echo, 64 connections: messages and MiB per second by size of the message"
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals. MiB are counted in one direction." . \
  (bound_cells ? "\nArrow: the generator was the limit; the server gives as much or more." : "")
load scripts . "/heading.gp"
set output open_chart(workload)
load scripts . "/levels.gp"
set logscale y 10
zero = 0
bound = 1
quantity = "throughput_rps"
estimate = quantity
set multiplot
row = 0
load scripts . "/frame.gp"
set format y "%.0s %c"
set ylabel "messages per second" offset label_shift, 0
panel_name = "messages"
by_level = 0
scale = 1
load scripts . "/panel.gp"
row = 1
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
set format y "%g"
set ylabel "MiB per second" offset label_shift, 0
eval plain_tics(high_bytes / low_bytes)
panel_name = "bytes"
by_level = 1
scale = 1.0 / 1048576
load scripts . "/panel.gp"
unset multiplot
unset output
