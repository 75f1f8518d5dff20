# SPDX-License-Identifier: MIT
# The highest rate that keeps the 99th percentile under the bound: an interval, since it was sought.
load scripts . "/common.gp"
load scripts . "/rows.gp"
panel_gap = 74
panel = models * row_height
body = 26 + words(levels) * (panel + panel_gap)
heading = "Capacity: the highest rate with p99 of the response time under a bound"
reading = "Line: one trial, from the highest rate that held to the lowest that did not." . \
  "\nMarks: geometric means of the rates that held; bars: 95 % intervals."
load scripts . "/heading.gp"
set output open_chart(workload)
capacity = data("capacity")
last_block = 1
most = 1
set xrange [*:*]
set yrange [*:*]
stats capacity using (last_block = column("block") > last_block ? column("block") : last_block, \
  reach = column("high") > column("low") ? column("high") : column("low"), most = reach > most ? reach : most, 0) nooutput
set yrange [-0.6 : models - 0.4]
set xrange [0 : most * 1.12]
set format x "%.0s %c"
set lmargin at screen from_left(name_space)
set rmargin at screen 0.97
set xlabel "requests per second" offset 0, label_rise
eval named_rows
below(i, block) = place(i) - 0.18 + 0.8 * (beside(i, block, last_block) - place(i)) # the mark stands above its trials
here(i, level) = mine(i) && column(3) == level
ends_at(i) = column("high") > 0 ? column("high") : column("low")
set multiplot
do for [k = 1:words(levels)] {
  level = word(levels, k) + 0
  set tmargin at screen from_top(header + 26 + (k - 1) * (panel + panel_gap))
  set bmargin at screen from_top(header + 26 + (k - 1) * (panel + panel_gap) + panel)
  set label 7 sprintf("p99 under %g ms", level / 1000.0) at graph 0, screen from_top(header + 12 + (k - 1) * (panel + panel_gap)) left font small_bold(13)
  plot \
    for [i = 1:models] capacity using (here(i, level) ? column("low") : NaN):(below(i, column("block"))): \
      (ends_at(i) - column("low")):(0) with vectors nohead lw 3 lc rgb faint(slot(i)) notitle, \
    for [i = 1:models] cells using (here(i, level) ? column("capacity_rps") : NaN):(place(i) + 0.24):(column("capacity_rps_low")):(column("capacity_rps_high")) \
      with xerrorbars pt -2 lw 1.4 lc rgb "#202020" notitle, \
    for [i = 1:models] cells using (here(i, level) && column(4) == 0 ? column("capacity_rps") : NaN):(place(i) + 0.24) with points \
      pt hollow_symbol(slot(i)) ps 1.2 * mark lw 1.6 lc rgb colour(slot(i)) notitle, \
    for [i = 1:models] cells using (here(i, level) && column(4) == 1 ? column("capacity_rps") : NaN):(place(i) + 0.24) with points \
      pt filled_symbol(slot(i)) ps 1.2 * mark lc rgb colour(slot(i)) notitle
  do for [tag = 901:heading_last] { unset label tag }
}
unset multiplot
unset output
