# SPDX-License-Identifier: MIT
# Percentiles by level, one small panel for each model that has any. Needs: heading, reading,
# chart_name.
percentiles = data("percentiles")
with_fan = ""
note_model(s) = strstrt(" " . with_fan, sprintf(" %d ", s)) ? 0 : (with_fan = with_fan . sprintf("%d ", s), 0)
set xrange [*:*]
set yrange [*:*]
stats percentiles using (strcol(2) eq workload && strcol(6) eq "cell" && column("latency_us") > 0 ? note_model(column(1)) : 0) nooutput
fans = 0
array fan_model[models]
do for [m = 1:models] {
  if (strstrt(" " . with_fan, sprintf(" %d ", slot(m)))) {
    fans = fans + 1
    fan_model[fans] = m
  }
}
columns = fans == 1 ? 1 : fans <= 4 ? 2 : fans <= 9 ? 3 : 4
rows = (fans + columns - 1) / columns
panel = 175 # bench/panels.c spreads the names for it
panel_gap = 64
body = 30 + rows * (panel + panel_gap) - panel_gap + 56
load scripts . "/heading.gp"
set output open_chart(chart_name)
panel_width = (width - 88.0 - columns * 104 + 54) / columns
axis_px = panel_width
load scripts . "/levels.gp"
is_share = workload eq "latency-share"
set logscale y 10
if (high_fan / low_fan > 30) {
  set ytics ("1 µs" 1e-06, "10 µs" 1e-05, "100 µs" 0.0001, "1 ms" 0.001, "10 ms" 0.01, "100 ms" 0.1, "1 s" 1, "10 s" 10)
} else {
  eval second_tics
}
tic_font = small(12)
set xtics font tic_font offset 0, 0.4
set ytics font tic_font
set yrange [low_fan * 1e-6 : high_fan * 1e-6]
set label 5 "response time" at screen from_left(16), screen from_top(header + body / 2) rotate center
set label 6 level_axis at screen 0.53, screen from_top(header + body - 12) center
if (is_share && high_level > 100 && low_level < 100) {
  set object 1 rectangle from first 100, graph 0 to graph 1, graph 1 fc rgb "#F4F4F4" fs solid noborder behind
}
if (is_share) { set arrow 1 from first 100, graph 0 to first 100, graph 1 nohead lw 1 dt 2 lc rgb "#707070" back }
fan = "p50 p90 p99 p99.9"
thick(p) = 2.0 - 0.35 * p
is_here(m, p, of) = column(1) == slot(m) && strcol(2) eq workload && strcol(5) eq word(fan, p) && strcol(6) eq of
seconds(name) = column(name) * 1e-6
set multiplot
do for [n = 1:fans] {
  m = fan_model[n]
  across = (n - 1) % columns
  down = (n - 1) / columns
  left_edge = 88 + across * (panel_width + 104)
  set lmargin at screen from_left(left_edge)
  set rmargin at screen from_left(left_edge + panel_width)
  set tmargin at screen from_top(header + 30 + down * (panel + panel_gap))
  set bmargin at screen from_top(header + 30 + down * (panel + panel_gap) + panel)
  set label 7 word(names, m) at graph 0, graph 1.13 left font small_bold(13)
  commands = ""
  label_tag = 10
  do_end(name) = (label_tag = label_tag + 1, do_later(sprintf("set label %d '%s' at graph 1.03, graph %.4f left font '%s' textcolor rgb '#303030'", \
    label_tag, name, column(7), small(11))))
  do for [p = 1:words(fan)] {
    stats labels using (strcol(1) eq workload && strcol(2) eq word(fan, p) && column(3) == slot(m) ? do_end(word(fan, p)) : 0) nooutput
  }
  eval commands
  plot \
    for [i = 1:models] percentiles using (is_here(i, 3, "cell") && !is_share ? column(3) : NaN):(seconds("latency_us")) with lines \
      lc rgb "#D8D8D8" lw 1 notitle, \
    for [p = 1:words(fan)] percentiles using (is_here(m, p, "cell") ? column(3) : NaN):(seconds("latency_us")) with lines \
      lw thick(p) dt p lc rgb colour(slot(m)) notitle, \
    for [p = 1:words(fan)] percentiles using (is_here(m, p, "trial") ? column(3) : NaN):(seconds("latency_us")) with points \
      pt 7 ps 0.7 * dot lc rgb faint(slot(m)) notitle, \
    for [p = 1:words(fan)] percentiles using (is_here(m, p, "cell") ? column(3) : NaN):(seconds("latency_us")):(seconds("low_us")):(seconds("high_us")) \
      with yerrorbars pt -2 lw 1 lc rgb faint(slot(m)) notitle, \
    for [p = 1:words(fan)] percentiles using (is_here(m, p, "cell") && column(4) == 0 ? column(3) : NaN):(seconds("latency_us")) with points \
      pt hollow_symbol(slot(m)) ps 0.8 * mark lw 1.5 lc rgb colour(slot(m)) notitle, \
    for [p = 1:words(fan)] percentiles using (is_here(m, p, "cell") && column(4) == 1 ? column(3) : NaN):(seconds("latency_us")) with points \
      pt filled_symbol(slot(m)) ps 0.8 * mark lc rgb colour(slot(m)) notitle
  do for [tag = 11:label_tag] { unset label tag }
  unset label 5
  unset label 6
  do for [k = 901:heading_last] { unset label k }
}
unset multiplot
unset output
