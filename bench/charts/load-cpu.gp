# SPDX-License-Identifier: MIT
# What a model's answers cost, level by level: one small panel per model, the others' paths behind
# it in grey.
load scripts . "/common.gp"
columns = models == 1 ? 1 : models <= 4 ? 2 : models <= 9 ? 3 : 4
rows = (models + columns - 1) / columns
panel = 175 # bench/panels.c spreads the numbers for it
panel_gap = 64
body = 30 + rows * (panel + panel_gap) - panel_gap + 56
heading = "Load against CPU, " . workload . ": what an answer costs the server, and how many it gives"
reading = "Numbers: " . level_unit . ". Marks: geometric means; bars: 95 % intervals; grey: the other models' paths." . \
  (bound_cells ? "\nArrow: the generator was the limit; the server gives as much or more." : "")
load scripts . "/heading.gp"
set output open_chart("load-cpu-" . workload)
set logscale y 10
eval plain_tics(high_cpu / low_cpu)
set grid xtics ytics lc rgb "#E4E4E4" lt 1
set xrange [0 : high_throughput * 1.1]
set yrange [low_cpu : high_cpu]
set format x "%.0s %c"
tic_font = small(12)
set xtics font tic_font offset 0, 0.4
set ytics font tic_font
decade = 10 ** floor(log10(high_throughput))
set xtics high_throughput < 2 * decade ? decade / 2 : high_throughput < 5 * decade ? decade : 2 * decade
set label 5 "server's CPU time per answer, µs" at screen from_left(16), screen from_top(header + body / 2) rotate center
set label 6 "answers per second" at screen 0.53, screen from_top(header + body - 12) center
rps = "throughput_rps"
cpu = "cpu_us_per_request"
number_y(share) = low_cpu * (high_cpu / low_cpu) ** share
panel_width = (width - 75.0 - 15 - (columns - 1) * 40) / columns
set multiplot
do for [m = 1:models] {
  across = (m - 1) % columns
  down = (m - 1) / columns
  set lmargin at screen from_left(75 + across * (panel_width + 40))
  set rmargin at screen from_left(75 + across * (panel_width + 40) + panel_width)
  set tmargin at screen from_top(header + 30 + down * (panel + panel_gap))
  set bmargin at screen from_top(header + 30 + down * (panel + panel_gap) + panel)
  set label 7 word(names, m) at graph 0, graph 1.13 left font small_bold(13)
  plot \
    for [i = 1:models] cells using (mine(i) ? column(rps) : NaN):(pick(i, cpu)) with lines lc rgb "#D8D8D8" lw 1 notitle, \
    cells using (mine(m) ? column(rps) : NaN):(pick(m, cpu)) with lines lc rgb colour(slot(m)) dt dash(slot(m)) lw 1.6 notitle, \
    cells using (column(rps)):(pick(m, cpu)):(column(rps . "_low")):(column(rps . "_high")):(column(cpu . "_low")):(column(cpu . "_high")) \
      with xyerrorbars pt -2 lw 1 lc rgb faint(slot(m)) notitle, \
    trials using (column(rps)):(pick(m, cpu)) with points pt 7 ps 0.7 * dot lc rgb faint(slot(m)) notitle, \
    cells using (column(rps)):(pick_bound(m, cpu)):(high_throughput * 0.07):(0) with vectors head filled size screen 0.006, 22 lw 1.2 lc rgb colour(slot(m)) notitle, \
    cells using (column(rps)):(pick_refused(m, cpu)) with points pt hollow_symbol(slot(m)) ps 0.87 * mark lw 1.5 lc rgb colour(slot(m)) notitle, \
    cells using (column(rps)):(pick_valid(m, cpu)) with points pt filled_symbol(slot(m)) ps 0.87 * mark lc rgb colour(slot(m)) notitle, \
    labels using (strcol(1) eq workload && strcol(2) eq "load" && column(3) == slot(m) ? column(5) : NaN):(number_y(column(7))):(strcol(4)) \
      with labels left offset character 0.45, 0.7 font small(11) textcolor rgb "#303030" notitle
  unset label 5
  unset label 6
  do for [k = 901:heading_last] { unset label k }
}
unset multiplot
unset output
