# SPDX-License-Identifier: MIT
load scripts . "/common.gp"
height = 560
heading = "Memory, " . workload . ": server's processes under load, by open connections"
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals."
load scripts . "/heading.gp"
eval terminal_of(height)
set output open_chart("memory-" . workload)
eval levels_axis
set tmargin at screen top
set bmargin at screen bottom
set logscale y 10
set ylabel "MiB (sum of PSS)"
eval plain_tics
scale = 1.0 / 1024
quantity = "memory_kib"
estimate = quantity
zero = 0
load scripts . "/panel.gp"
unset output
