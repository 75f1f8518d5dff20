# SPDX-License-Identifier: MIT
# Rank ranges: by metric one band, by level one block; each model a bar from the best to the worst
# place that it may have.
load scripts . "/common.gp"
ranks = data("ranks")
count = words(metrics)
title_of(m) = metric_title(word(metrics, m))
is_here(m) = strcol(1) eq workload && strcol(3) eq word(metrics, m)
levels_count = words(levels)
name_width = 7.4 * longest_name(names) + 16
letters_width = 48
# As many blocks side by side as leave room for their bars.
fitting = int((width - 24) / (name_width + letters_width + 50))
bands = (levels_count + fitting - 1) / fitting
columns = (levels_count + bands - 1) / bands
most = 0
any_bound = 0
stats ranks using (strcol(1) eq workload ? (most = column("place") > most ? column("place") : most, \
  any_bound = any_bound + (strstrt(strcol(9), "*") > 0)) : 0) nooutput
row_height = most > 12 ? 15 : 18
thickness = row_height / 3.0
block_height = 26 + most * row_height + 40
metric_height = 28 + bands * block_height
body = count * metric_height
heading = "Ranks, " . workload . ": which places a model may have, by " . level_unit
reading = "A bar spans the places that a model may have: below those found better, above those found worse. Same letter: tied." . \
  (any_bound ? "\n*: the generator was the limit; the model may be better than its place." : "")
load scripts . "/heading.gp"
load scripts . "/canvas.gp"
set output open_chart("ranking-" . workload)

block_width = (width - 24.0) / columns
bar_width = block_width - name_width - letters_width
index_of(wanted) = int(sum [k = 1:levels_count] (word(levels, k) + 0 == wanted ? k : 0))
block_x(k) = 12 + ((k - 1) % columns) * block_width
block_y(m, k) = (m - 1) * metric_height + 28 + ((k - 1) / columns) * block_height
x_here(m) = block_x(index_of(column("level")))
y_here(m) = block_y(m, index_of(column("level"))) + 25 + (column("place") - 0.5) * row_height \
  + (is_out(m) ? 20 : 0)
lettering(text) = strlen(text) > 6 ? substr(text, 1, 5) . "…" : text
bar_x(m, place) = x_here(m) + name_width + bar_width * place / column("compared")
is_ranked(m) = strcol(13) eq "ranked"
is_out(m) = column("compared") > 0 && (strcol(13) eq "hollow" || strcol(13) eq "missing")
why(m) = strcol(13) eq "hollow" ? "hollow, no rank" : "not in every trial"

# What stands around the bars, once for each block: its level and its places, or why it has none.
array contest[count * levels_count]
array found[count * levels_count]
do for [k = 1:count * levels_count] {
  contest[k] = 0
  found[k] = ""
}
do for [m = 1:count] {
  stats ranks using (is_here(m) && !is_out(m) ? \
    (contest[(m - 1) * levels_count + index_of(column("level"))] = int(column("compared")), \
     found[(m - 1) * levels_count + index_of(column("level"))] = is_ranked(m) ? "" : column("compared") < 2 ? "one model only" \
       : sprintf("preview: %d blocks, needs %d", column("blocks"), column("blocks_needed")), 0) : 0) nooutput
  set label 10 + m title_of(m) at 12, (m - 1) * metric_height + 12 left font small_bold(14)
  do for [k = 1:levels_count] {
    n = (m - 1) * levels_count + k
    bars_x = block_x(k) + name_width
    top_y = block_y(m, k) + 24
    bottom_y = top_y + contest[n] * row_height + 2
    block_title = (level_layout eq "names" ? "" : level_unit . ": ") . word(level_names, k)
    set label 100 + 4 * n block_title at block_x(k) + 8, block_y(m, k) + 10 left font small(13)
    if (strlen(found[n])) {
      set label 101 + 4 * n found[n] at block_x(k) + 8, top_y + 10 left font small(12) textcolor rgb grey
    }
    if (contest[n] == 0) {
      set label 101 + 4 * n "nobody to compare: hollow, or not in every trial" at block_x(k) + 8, top_y + 10 left font small(12) textcolor rgb grey
    }
    if (contest[n] && strlen(found[n]) == 0) {
      set label 101 + 4 * n "1" at bars_x + 0.5 * bar_width / contest[n], bottom_y + 9 center font small(11) textcolor rgb grey
      set label 102 + 4 * n sprintf("%d", contest[n]) at bars_x + bar_width - 0.5 * bar_width / contest[n], bottom_y + 9 center font small(11) textcolor rgb grey
      do for [p = 0:contest[n]:(contest[n] > 10 ? contest[n] : 1)] {
        x = bars_x + bar_width * p / contest[n]
        set arrow 100 * n + p + 1 from x, top_y to x, bottom_y nohead lc rgb (p == 0 || p == contest[n] ? "#A0A0A0" : "#E4E4E4") back
      }
    }
  }
}
set style fill solid 0.7 noborder
plot \
  for [m = 1:count] for [i = 1:models] ranks using (0):(is_here(m) && is_ranked(m) && column("slot") == slot(i) ? 0 : NaN): \
    (bar_x(m, column("first") - 1)):(bar_x(m, column("last"))):(y_here(m) - thickness):(y_here(m) + thickness) with boxxyerror lc rgb colour(slot(i)) notitle, \
  for [m = 1:count] ranks using (is_here(m) && is_ranked(m) ? x_here(m) + name_width - 6 : NaN):(y_here(m)):(strcol(9)) \
    with labels right font small(12) notitle, \
  for [m = 1:count] ranks using (is_here(m) && is_ranked(m) ? x_here(m) + name_width + bar_width + 4 : NaN):(y_here(m)):(lettering(strcol(12))) \
    with labels left font small(12) notitle, \
  for [m = 1:count] ranks using (is_here(m) && is_out(m) ? x_here(m) + name_width - 6 : NaN):(y_here(m)):(strcol(9)) \
    with labels right font small(12) textcolor rgb "#808080" notitle, \
  for [m = 1:count] ranks using (is_here(m) && is_out(m) ? x_here(m) + name_width : NaN):(y_here(m)):(why(m)) \
    with labels left font small(12) textcolor rgb "#808080" notitle
unset output
