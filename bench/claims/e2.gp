# SPDX-License-Identifier: MIT
# Zombies that are left against children that ended at once.
load scripts . "/../claims/frame.gp"
heading = "Zombies left, by the number of children that ended at once"
reading = "Marks: means of all repeats; bars: 95 % intervals. The dotted line: every child but one."
series = "once loop ignore no-wait"
body = 420
eval begin
set logscale x 10
set xrange [0.8 : 250]
set yrange [-5 : 210]
set xtics (1, 2, 5, 10, 20, 50, 100, 200)
set xlabel "children" offset 0, label_rise
set ylabel "zombies" offset label_shift, 0
set key outside right top Left reverse samplen 1
spread(k) = 1.03 ** (k - 2.5)
plot x - 1 with lines dt 3 lc rgb grey notitle, for [k = 1:words(series)] figures \
  using (setting_of(word(series, k), "zombies") * spread(k)):(mean_of(word(series, k), "zombies")):(low_of(word(series, k), "zombies") < 0 ? 0 : low_of(word(series, k), "zombies")):(high_of(word(series, k), "zombies")) \
  with yerrorbars pt filled_symbol(k) ps mark lc rgb colour(k) title word(series, k)
unset output
