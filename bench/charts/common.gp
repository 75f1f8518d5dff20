# SPDX-License-Identifier: MIT
# What all charts share. The harness sets: scripts, folder, form (svg, png), names, slots, levels,
# conditions; for charts of one workload also workload, note, distribution_level.
reset
load scripts . "/styles.gp"
set encoding utf8
set datafile separator "\t"
set datafile missing "NaN"
models = words(names)
slot(i) = int(word(slots, i))

# Both forms have the same size in pixels, so that a script needs no other numbers.
width = 1000
open_chart(name) = sprintf("%s/charts/%s.%s", folder, name, form)
terminal_of(height) = form eq "svg" \
  ? sprintf("set terminal svg size %d,%d font 'DejaVu Sans,14' background '#FFFFFF' noenhanced", width, height) \
  : sprintf("set terminal pngcairo size %d,%d font 'DejaVu Sans,10.5' background '#FFFFFF' noenhanced", width, height)

set border 3 lc rgb "#404040"
set tics nomirror out
set grid ytics lc rgb "#E4E4E4" lt 1
set key outside right top Left reverse spacing 1.25 samplen 2.5 width 1
set lmargin at screen 0.1
set rmargin at screen 0.815
second_tics = "set mytics 10; set ytics (" . \
  "'1 µs' 1e-06, '2 µs' 2e-06, '5 µs' 5e-06, '10 µs' 1e-05, '20 µs' 2e-05, '50 µs' 5e-05, " . \
  "'100 µs' 0.0001, '200 µs' 0.0002, '500 µs' 0.0005, '1 ms' 0.001, '2 ms' 0.002, '5 ms' 0.005, " . \
  "'10 ms' 0.01, '20 ms' 0.02, '50 ms' 0.05, '100 ms' 0.1, '200 ms' 0.2, '500 ms' 0.5, " . \
  "'1 s' 1, '2 s' 2, '5 s' 5, '10 s' 10)"
plain_tics = "set ytics (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)"

# Trials of different models at the same number of connections stand side by side.
shift(i) = 1.045 ** (i - (models + 1) / 2.0)
level_tics = ""
do for [k = 1:words(levels)] {
  level_tics = level_tics . (k > 1 ? ", " : "") . sprintf("'%s' %s", word(levels, k), word(levels, k))
}
levels_axis = "set logscale x 2; set xlabel 'open connections'; set xtics (" . level_tics . ")"
low_level = word(levels, 1) + 0
high_level = word(levels, words(levels)) + 0
do for [k = 1:words(levels)] {
  low_level = (word(levels, k) + 0 < low_level) ? word(levels, k) + 0 : low_level
  high_level = (word(levels, k) + 0 > high_level) ? word(levels, k) + 0 : high_level
}

# Columns: trials and cells start with slot, workload, level, valid.
mine(i) = column(1) == slot(i) && strcol(2) eq workload
x_of(i) = column(3) * shift(i)
pick(i, name) = mine(i) ? column(name) : NaN
pick_valid(i, name) = mine(i) && column(4) == 1 ? column(name) : NaN
pick_refused(i, name) = mine(i) && column(4) == 0 ? column(name) : NaN
trials = folder . "/charts/data/trials.tsv"
cells = folder . "/charts/data/cells.tsv"
distribution = folder . "/charts/data/distribution.tsv"
