# SPDX-License-Identifier: MIT
load scripts . "/common.gp"
height = 560
heading = "Throughput, " . workload . ": answers per second by open connections"
reading = "Marks: geometric means of the trials (dots); bars: their 95 % intervals."
load scripts . "/heading.gp"
eval terminal_of(height)
set output open_chart("throughput-" . workload)
eval levels_axis
set tmargin at screen top
set bmargin at screen bottom
set format y "%.0s %c"
set ylabel "answers per second"
quantity = "throughput_rps"
estimate = quantity
scale = 1
zero = 1
load scripts . "/panel.gp"
unset output
