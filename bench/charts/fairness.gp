# SPDX-License-Identifier: MIT
# Each connection's share: equal ones lie at 1. What lies far beyond is cut off, with its number.
load scripts . "/common.gp"
load scripts . "/rows.gp"
shares = data("shares")
end = 2.5
# The levels at which there are shares.
found = ""
last_block = 1
set xrange [*:*]
set yrange [*:*]
has(list, level) = strstrt(" " . list, sprintf(" %g ", level)) > 0
note_level(level) = has(found, level) ? 0 : (found = found . sprintf("%g ", level), 0)
stats shares using (strcol(2) eq workload ? (note_level(column(3)), last_block = column("block") > last_block ? column("block") : last_block, 0) : 0) nooutput
shown = ""
do for [k = 1:words(levels)] {
  if (has(found, word(levels, k) + 0)) { shown = shown . word(levels, k) . " " }
}
if (words(shown) > 0) {
  columns = words(shown) < 3 ? words(shown) : 3
  rows = (words(shown) + columns - 1) / columns
  panel = models * row_height
  panel_gap = 62
  body = 24 + rows * (panel + panel_gap) + 8
  heading = "Fairness, " . workload . ": answers per connection, from the fewest to the most"
  reading = "Line: one trial, from the least to the best served connection, in shares of the mean. Number: Jain's index of the worst trial;" . \
    "\n1: all alike, 1/n: one has all. Grey: not to be compared."
  load scripts . "/heading.gp"
  set output open_chart("fairness-" . workload)
  set yrange [-0.6 : models - 0.4]
  set xrange [0 : end]
  set xtics 0, 0.5, 2
  text_space = 112
  first_left = name_space
  panel_width = (width - name_space - columns * text_space - 8) / columns
  here(i, level, of) = mine(i) && column(3) == level && strcol(5) eq of
  cut(share) = share > end ? end : share
  jain(share) = share > 0.9995 ? "1" : sprintf("%.3f", share)
  set multiplot
  do for [k = 1:words(shown)] {
    level = word(shown, k) + 0
    across = (k - 1) % columns
    down = (k - 1) / columns
    set lmargin at screen from_left(first_left + across * (panel_width + text_space))
    set rmargin at screen from_left(first_left + across * (panel_width + text_space) + panel_width)
    set tmargin at screen from_top(header + 24 + down * (panel + panel_gap))
    set bmargin at screen from_top(header + 24 + down * (panel + panel_gap) + panel)
    if (across == 0) { eval named_rows } else { unset ytics }
    set label 7 level_layout eq "names" ? level_called(level) : level_unit . ": " . level_called(level) at graph 0, \
      screen from_top(header + 11 + down * (panel + panel_gap)) left font small_bold(13)
    if (down == rows - 1 || k + columns > words(shown)) { set xlabel "share of the mean" offset 0, label_rise } else { unset xlabel }
    set arrow 1 from first 1, graph 0 to first 1, graph 1 nohead lw 1 lc rgb "#909090" back
    plot \
      for [i = 1:models] shares using (here(i, level, "trial") && column(4) == 1 ? column("fewest") : NaN):(beside(i, column("block"), last_block)): \
        (cut(column("most")) - column("fewest")):(0) with vectors nohead lw 3 lc rgb colour(slot(i)) notitle, \
      for [i = 1:models] shares using (here(i, level, "trial") && column(4) == 0 ? column("fewest") : NaN):(beside(i, column("block"), last_block)): \
        (cut(column("most")) - column("fewest")):(0) with vectors nohead lw 2 lc rgb "#B0B0B0" notitle, \
      for [i = 1:models] shares using (here(i, level, "trial") ? column("fewest") : NaN):(beside(i, column("block"), last_block)) \
        with points pt 7 ps 0.8 * dot lc rgb (colour(slot(i))) notitle, \
      for [i = 1:models] shares using (here(i, level, "trial") && column("most") <= end ? column("most") : NaN):(beside(i, column("block"), last_block)) \
        with points pt 7 ps 0.8 * dot lc rgb (colour(slot(i))) notitle, \
      for [i = 1:models] shares using (here(i, level, "cell") ? end : NaN):(place(i)): \
        (jain(column("jain")) . (column("most") > end ? sprintf(" (to %.0f)", column("most")) : "")) with labels left offset character 0.8, 0 font small(12) notitle
    do for [tag = 901:heading_last] { unset label tag }
  }
  unset multiplot
  unset output
}
