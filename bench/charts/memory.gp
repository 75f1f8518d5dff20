# SPDX-License-Identifier: MIT
load scripts . "/common.gp"
body = panel + 52
heading = "Memory, " . workload . ": server's processes under load, by " . level_unit
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals."
load scripts . "/heading.gp"
set output open_chart("memory-" . workload)
load scripts . "/levels.gp"
by_level = 0
panel_gap = 0
row = 0
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
set logscale y 10
set ylabel "MiB (sum of PSS)" offset label_shift, 0
eval plain_tics(high_memory / low_memory)
panel_name = "memory"
quantity = "memory_kib"
estimate = quantity
scale = 1.0 / 1024
zero = 0
bound = 0
load scripts . "/panel.gp"
unset output
