# SPDX-License-Identifier: MIT
# A horizontal axis of levels.
level_tics = ""
do for [k = 1:words(levels)] {
  level_tics = level_tics . (k > 1 ? ", " : "") . sprintf("'%s' %s", word(levels, k), word(levels, k))
}
low_level = word(levels, 1) + 0
high_level = word(levels, words(levels)) + 0
set logscale x 2
set xrange [low_level / 1.35 : high_level * 1.35]
eval "set xtics (" . level_tics . ")"

# Marks of different models at the same level stand side by side.
step = models > 9 ? 1.42 ** (1.0 / (models - 1)) : 1.045
shift(i) = step ** (i - (models + 1) / 2.0)
x_of(i) = column(3) * shift(i)
