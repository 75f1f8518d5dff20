# SPDX-License-Identifier: MIT
# What more CPUs give. The load has the same CPUs at each level, so that levels may be compared.
load scripts . "/common.gp"
panel_gap = 40
body = 2 * panel + panel_gap + 52
heading = "Scaling: answers per second, and CPU time per answer, by CPUs of the server"
reading = footing . "\nFaint dots: so many times what one CPU gave. Marks: geometric means of the trials (dots); bars: their 95 % intervals." . \
  (bound_cells ? "\nArrow: load and server together left no CPU idle, or the load was the limit; the server gives as much or more." : "")
load scripts . "/heading.gp"
set output open_chart(workload)
load scripts . "/levels.gp"
scale = 1
by_level = 0
set multiplot
row = 0
load scripts . "/frame.gp"
set format y "%.0s %c"
set ylabel "answers per second" offset label_shift, 0
zero = 1
bound = 1
panel_name = "throughput"
quantity = "throughput_rps"
estimate = quantity
# Up to where it leaves the panel: an arrow is not cut off.
commands = ""
ideal(i, one) = (top = high_throughput / one < high_level ? high_throughput / one : high_level, \
  do_later(sprintf("set arrow %d from first %.9g, first %.9g to first %.9g, first %.9g nohead dt (2,8) lw 1.2 lc rgb '%s' back", \
    300 + i, at_level(1, i), one, at_level(top, i), one * top, faint(slot(i)))))
do for [i = 1:models] {
  stats cells using (mine(i) && column(3) == 1 && column(4) == 1 ? ideal(i, column(quantity)) : 0) nooutput
}
eval commands
load scripts . "/panel.gp"
do for [i = 1:models] { unset arrow 300 + i }
row = 1
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
set format y "%g"
set ylabel "server's CPU time per answer, µs" offset label_shift, 0
set logscale y 10
eval plain_tics(high_cpu / low_cpu)
zero = 0
bound = 0
panel_name = "cpu"
quantity = "cpu_us_per_request"
estimate = quantity
load scripts . "/panel.gp"
unset multiplot
unset output
