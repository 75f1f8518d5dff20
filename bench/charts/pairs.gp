# SPDX-License-Identifier: MIT
# Every two models, row divided by column, at one level: what the workload is there to find out, and
# below it what that costs. Filled is what the test found different by more than matters.
load scripts . "/common.gp"
matrix = data("matrix")
pair_metrics = ""
add_metric(name) = strstrt(pair_metrics, name) ? 0 : (pair_metrics = pair_metrics . name . " ", 0)
stats matrix using (strcol(1) eq workload ? add_metric(strcol(3)) : 0) nooutput
title_of(metric) = metric_title(metric) . (more_is_better(metric) ? " (more is better)" : " (less is better)")
is_of(metric) = strcol(1) eq workload && strcol(3) eq metric
# Its size, level, blocks, and its names in the order of rows; 0 rows: there is no such contest.
array size[2] = [0, 0]
array rivals[2] = ["", ""]
level = 0
blocks = 0
blocks_needed = 0
any_bound = 0
do for [m = 1:2] {
  stats matrix using (is_of(word(pair_metrics, m)) && column("row") == column("column") ? \
    (size[m] = size[m] + 1, rivals[m] = rivals[m] . strcol(8) . " ", level = column(2), blocks = column(4), \
     blocks_needed = column(5), any_bound = any_bound + (strstrt(strcol(8), "*") > 0)) : 0) nooutput
}
most = size[1] > size[2] ? size[1] : size[2]
preview = blocks < blocks_needed
name_width = 7.6 * longest_name(rivals[1] . rivals[2]) + 14
cell_width = (width - name_width - 20) / most < 96 ? (width - name_width - 20) / most : 96
cell_height = 25
turned = name_width - 14 > cell_width
names_height = turned ? name_width : 22
offset(m) = m == 1 ? 0 : size[1] == 0 ? 0 : 24 + names_height + size[1] * cell_height + 24
body = offset(2) + (size[2] == 0 ? -24 : 24 + names_height + size[2] * cell_height) + 8
heading = sprintf("Pairs, %s, %s: row divided by column", workload, \
  level_layout eq "names" ? level_called(level) : level_called(level) . " " . level_unit) . \
  (preview ? " (preview)" : "")
reading = (preview ? sprintf("Preview, no verdicts: %d blocks, needs %d. Ratios of geometric means over the blocks.", blocks, blocks_needed) \
  : "▲ row better (blue), ▼ row worse (orange), = equivalent, ≈ different by less than matters, ? not decided. Full colour: twice or half.") . \
  (any_bound ? "\n*: the generator was the limit. It may be better than measured, and cannot come out worse." : "")
load scripts . "/heading.gp"
load scripts . "/canvas.gp"
set output open_chart("pairs-" . workload)

left(c) = name_width + (c - 1) * cell_width
up(m, r) = offset(m) + 24 + names_height + (r - 1) * cell_height
# From a quarter of the colour on, so that what is different looks it.
strength(ratio) = 0.25 + 0.75 * (abs(log(ratio)) > log(2) ? 1 : abs(log(ratio)) / log(2))
mix(from_white, end) = int(255 + from_white * (end - 255))
blue(s) = 65536 * mix(s, 0x56) + 256 * mix(s, 0xB4) + mix(s, 0xE9)
orange(s) = 65536 * mix(s, 0xF0) + 256 * mix(s, 0xA8) + mix(s, 0x30)
fill(ratio, better) = better > 0 ? blue(strength(ratio)) : better < 0 ? orange(strength(ratio)) : 0xFFFFFF
sign(verdict) = verdict eq "better" ? " ▲" : verdict eq "worse" ? " ▼" : verdict eq "equivalent" ? " =" \
  : verdict eq "negligible" ? " ≈" : verdict eq "inconclusive" ? " ?" : ""
figure(ratio) = ratio >= 99.5 ? sprintf("%.0f", ratio) : ratio >= 9.95 ? sprintf("%.1f", ratio) : sprintf("%.2f", ratio)
do for [m = 1:2] {
  if (size[m]) {
    set label 10 + m title_of(word(pair_metrics, m)) at 12, offset(m) + 10 left font small_bold(14)
    do for [k = 1:size[m]] {
      set label 100 * m + k word(rivals[m], k) at name_width - 8, up(m, k) + cell_height / 2 right
      if (turned) {
        set label 100 * m + 50 + k word(rivals[m], k) at left(k) + cell_width / 2, up(m, 1) - 6 left rotate by 90
      } else {
        set label 100 * m + 50 + k word(rivals[m], k) at left(k) + cell_width / 2, up(m, 1) - 10 center
      }
    }
  }
}
of_pair(m) = is_of(word(pair_metrics, m)) && column("row") != column("column")
set style fill solid 1 noborder
type = small(cell_width >= 50 ? 13 : preview ? 12 : 10)
plot \
  for [m = 1:2] matrix using (0):(is_of(word(pair_metrics, m)) ? 0 : NaN):(left(column("column")) + 1):(left(column("column")) + cell_width - 1): \
    (up(m, column("row")) + 1):(up(m, column("row")) + cell_height - 1): \
    (column("row") == column("column") ? 0xEDEDED : fill(column("ratio"), column("better"))) with boxxyerror lc rgb variable notitle, \
  for [m = 1:2] matrix using (of_pair(m) && column("better") != 0 ? left(column("column")) + cell_width / 2 : NaN): \
    (up(m, column("row")) + cell_height / 2):(figure(column("ratio")) . sign(strcol(10))) with labels center font type textcolor rgb "#101010" notitle, \
  for [m = 1:2] matrix using (of_pair(m) && column("better") == 0 ? left(column("column")) + cell_width / 2 : NaN): \
    (up(m, column("row")) + cell_height / 2):(figure(column("ratio")) . sign(strcol(10))) with labels center font type textcolor rgb "#707070" notitle
unset output
