# SPDX-License-Identifier: MIT
# One panel of horizontal bars from cold.csv. Needs: table, scenario.
# stats leaves out what lies outside the axes.
set xrange [*:*]
set yrange [*:*]
stats table using (strcol(1) eq scenario ? column("quartile_3_us") / 1e3 : NaN) name "slow" nooutput
set xrange [0 : exists("slow_max") ? slow_max * 1.08 : 1]
set yrange [-0.6 : models - 0.4]
plot for [i = 1:models] table using (0):(wanted(scenario, i) ? place(i) : NaN):(0):(column("median_us") / 1e3): \
    (place(i) - thickness):(place(i) + thickness) with boxxyerror lc rgb colour(slot(i)) notitle, \
  for [i = 1:models] table using (wanted(scenario, i) ? column("median_us") / 1e3 : NaN):(place(i)): \
    (column("quartile_1_us") / 1e3):(column("quartile_3_us") / 1e3) with xerrorbars pt -2 lw 1.5 lc rgb "#202020" notitle
