# SPDX-License-Identifier: MIT
# A horizontal axis of levels. Logarithmic, where 0 has a place of its own behind a break; linear; or
# names at equal distances. Marks of different models at the same level stand side by side.
low_level = word(levels, 1) + 0
high_level = word(levels, words(levels)) + 0
is_log = level_layout eq "log"
is_named = level_layout eq "names"
has_zero = is_log && low_level == 0
lowest = has_zero ? word(levels, 2) + 0 : low_level
zero_place = has_zero ? lowest / (high_level / (1.0 * lowest) > 100 ? 3.0 : 2.0) : 0
place_of(level) = is_named ? level_index(level) : is_log && level == 0 ? zero_place : level
wide = is_named ? 1.0 : high_level > low_level ? 1.0 * (high_level - low_level) : 1.0 * high_level
step = is_log ? (models > 9 ? 1.42 ** (1.0 / (models - 1)) : 1.045) \
  : wide * (is_named ? 0.7 : 0.05) / (models > 9 ? models - 1 : 8)
at_level(level, i) = is_log ? place_of(level) * step ** (i - (models + 1) / 2.0) \
  : place_of(level) + step * (i - (models + 1) / 2.0)
x_of(i) = at_level(column(3), i)
# What a line may join: names have no order, and between 0 and the next level the axis is broken.
joins(level) = !is_named && !(has_zero && level == 0)
if (is_log) {
  set logscale x 2
  set xrange [(has_zero ? zero_place : low_level) / 1.35 : high_level * 1.35]
} else {
  unset logscale x
  set xrange [is_named ? 0.5 : low_level - 0.06 * wide : is_named ? words(levels) + 0.5 : high_level + 0.06 * wide]
}
# Of two numbers that would touch the higher is written; both have their tick.
plot_px = exists("axis_px") ? axis_px : 0.71 * width
span = is_log ? log(high_level * 1.35) - log((has_zero ? zero_place : low_level) / 1.35) : 1.12 * wide
px_of(level) = plot_px * (is_log ? log(place_of(level)) : place_of(level)) / span
level_tics = ""
taken = 1e9
do for [n = 1:words(levels)] {
  k = words(levels) + 1 - n
  level = word(levels, k) + 0
  fits = is_named || px_of(level) + 4 * strlen(word(level_names, k)) + 4 < taken
  if (fits) { taken = px_of(level) - 4 * strlen(word(level_names, k)) }
  level_tics = level_tics . (n > 1 ? ", " : "") . sprintf("'%s' %g", fits ? word(level_names, k) : "", place_of(level))
}
eval "set xtics (" . level_tics . ")"
if (has_zero) {
  break_at = sqrt(zero_place * lowest)
  do for [k = 0:1] {
    set arrow 51 + k from first break_at * (0.97 + 0.05 * k), graph -0.018 to first break_at * (1.01 + 0.05 * k), graph 0.018 nohead front lw 1.2 lc rgb "#404040"
  }
}
