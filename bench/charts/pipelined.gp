# SPDX-License-Identifier: MIT
# What a batch saves: a server that answers all that came with one send makes fewer system calls for
# each request, the deeper the pipeline.
load scripts . "/common.gp"
panel_gap = 40
body = 2 * panel + panel_gap + 52
heading = "Pipelined, 64 connections: answers per second, and system calls per request"
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals. Calls are counted in a window of their own." . \
  (bound_cells ? "\nArrow: the generator was the limit; the server gives as much or more." : "")
load scripts . "/heading.gp"
set output open_chart(workload)
load scripts . "/levels.gp"
set logscale y 10
scale = 1
by_level = 0
zero = 0
set multiplot
row = 0
load scripts . "/frame.gp"
set format y "%.0s %c"
set ylabel "answers per second" offset label_shift, 0
bound = 1
panel_name = "messages"
quantity = "throughput_rps"
estimate = quantity
load scripts . "/panel.gp"
row = 1
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
set format y "%g"
set ylabel "system calls per request" offset label_shift, 0
bound = 0
panel_name = "syscalls"
quantity = "syscalls_per_request"
estimate = quantity
load scripts . "/panel.gp"
unset multiplot
unset output
