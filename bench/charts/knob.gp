# SPDX-License-Identifier: MIT
# What each model's own parameters are worth: a row for each value, the default first in each knob.
load scripts . "/common.gp"
table = data("knobs")
dots = data("knob-trials")
is_of(metric) = strcol(5) eq metric
shown = "cpu_us_per_request throughput_rps"
last_y = 0
do for [m = 1:2] {
  eval sprintf("least_%d = 1e300; most_%d = 0", m, m)
  reach(x) = x == x && x > 0
  stats table using (is_of(word(shown, m)) ? (last_y = column("y") > last_y ? column("y") : last_y, \
    reach(column("mean")) ? do_later(sprintf("least_%d = %.9g < least_%d ? %.9g : least_%d; most_%d = %.9g > most_%d ? %.9g : most_%d", \
      m, column("mean"), m, column("mean"), m, m, column("mean"), m, column("mean"), m)) : 0) : 0) nooutput
  stats dots using (strcol(3) eq word(shown, m) && reach(column("value")) ? do_later(sprintf("least_%d = %.9g < least_%d ? %.9g : least_%d; most_%d = %.9g > most_%d ? %.9g : most_%d", \
    m, column("value"), m, column("value"), m, m, column("value"), m, column("value"), m)) : 0) nooutput
  eval commands
  commands = ""
}
row_px = 19
panel = (last_y + 1) * row_px
body = 30 + panel + 56
heading = "Knobs: what each value of a model's own parameters gives, against its default"
reading = "Closed loop, 64 connections. Marks: geometric means of the trials (dots); bars: their 95 % intervals. Dashed: the model's default." . \
  "\nRinged: the knob's best value. Beside each its ratio to the default, paired by blocks; bold: better or worse." . \
  (bound_cells ? " Arrow: the generator was the limit." : "")
load scripts . "/heading.gp"
set output open_chart("knob")
set multiplot
names_px = 250
panel_px = 215
ratio_px = 130
left_of(m) = names_px + (m - 1) * (panel_px + ratio_px + 20)
set tmargin at screen from_top(header + 30)
set bmargin at screen from_top(header + 30 + panel)
set yrange [last_y + 0.7 : -0.7]
unset ytics
unset grid
set grid xtics lc rgb "#E4E4E4" lt 1
set border 1
set logscale x 10
tic_font = small(12)
set xtics font tic_font
set mxtics 10
# A label each: gnuplot has no table of texts.
tag = 100
bold(row) = strcol(15) eq "better" || strcol(15) eq "worse"
put(text, x, y, how) = (tag = tag + 1, do_later(sprintf("set label %d '%s' at screen %.5f, first %.4g %s", tag, text, x, y, how)))
ratio_text(dummy) = column("is_default") == 1 ? "default" : strcol(15) eq "not valid" ? "hollow" : strcol(15) eq "no default" ? "" \
  : sprintf("%.3g %s", column("ratio"), strcol(15))
# 1, 2, 5, 10, ... up to a million times `unit`.
tic(unit, k) = (k % 3 == 0 ? 1 : k % 3 == 1 ? 2 : 5) * 10.0 ** (k / 3) * unit
tic_text(unit, k) = unit == 1 ? sprintf("%g", tic(1, k)) : sprintf("%gk", tic(1, k))
joined_to(unit, k) = (k > 0 ? joined_to(unit, k - 1) . ", " : "") . sprintf("'%s' %.9g", tic_text(unit, k), tic(unit, k))
joined(unit) = joined_to(unit, 12)
do for [m = 1:2] {
  metric = word(shown, m)
  commands = ""
  stats table using (is_of(metric) ? put(ratio_text(0), from_left(left_of(m) + panel_px + 8), column("y"), \
    sprintf("left font '%s' textcolor rgb '%s'", bold(0) ? small_bold(12) : small(12), bold(0) ? "#000000" : grey)) : 0) nooutput
  if (m == 1) {
    stats table using (is_of(metric) ? put(strcol(4), from_left(names_px - 10), column("y"), \
      sprintf("right font '%s'", column("best") == 1 ? small_bold(12) : small(12))) : 0) nooutput
    stats table using (is_of(metric) && column("first") == 1 ? put(strcol(3), 0.012, column("y"), \
      sprintf("left font '%s' textcolor rgb '%s'", small_bold(12), colour(int(column("slot"))))) : 0) nooutput
  }
  # The default's value, drawn through all values of its knob.
  from_x = 0
  knob_start = 0
  stats table using (is_of(metric) ? (column("is_default") == 1 ? (from_x = column("mean") == column("mean") ? column("mean") : 0, knob_start = column("y")) : 0, \
    from_x > 0 && column("is_default") == 0 ? (tag = tag + 1, do_later(sprintf("set arrow %d from first %.9g, first %.4g to first %.9g, first %.4g nohead dt 2 lw 1 lc rgb '#909090' back", \
      tag, from_x, knob_start, from_x, column("y") + 0.4))) : 0) : 0) nooutput
  eval commands
  set lmargin at screen from_left(left_of(m))
  set rmargin at screen from_left(left_of(m) + panel_px)
  set label 7 metric_title(metric) . (m == 1 ? ", µs" : "") at graph 0, screen from_top(header + 16) left font small_bold(13)
  low_x = value(sprintf("least_%d", m)) / 1.5
  high_x = value(sprintf("most_%d", m)) * 1.5
  set xrange [low_x : high_x]
  set format x (m == 1 ? "%g" : "%.0s%c")
  tens = m == 1 ? 1 : 1000
  eval "set xtics (" . joined(tens) . ")"
  plot dots using (strcol(3) eq metric ? column("value") : NaN):(column("y")):(faint_of(int(column("slot")))) with points pt 7 ps dot lc rgb variable notitle, \
    table using (is_of(metric) ? column("mean") : NaN):(column("y")):(column("low")):(column("high")):(full_of(int(column("slot")))) with xerrorbars pt -2 lw 1.4 lc rgb variable notitle, \
    table using (is_of(metric) && column("valid") == 1 ? column("mean") : NaN):(column("y")):(full_of(int(column("slot")))) with points pt 7 ps mark lc rgb variable notitle, \
    table using (is_of(metric) && column("valid") == 0 ? column("mean") : NaN):(column("y")):(full_of(int(column("slot")))) with points pt 6 ps mark lw 1.6 lc rgb variable notitle, \
    table using (is_of(metric) && column("best") == 1 ? column("mean") : NaN):(column("y")):(full_of(int(column("slot")))) with points pt 6 ps 2.1 * mark lw 1.2 lc rgb variable notitle, \
    table using (is_of(metric) && column("bound") == 1 ? column("mean") : NaN):(column("y")):(m == 1 ? 0 : column("mean") * 0.25):(0):(full_of(int(column("slot")))) with vectors head filled size screen 0.006, 22 lw 1.2 lc rgb variable notitle
  do for [k = 101:tag] { unset label k; unset arrow k }
  do for [k = 901:heading_last] { unset label k }
}
unset multiplot
unset output
