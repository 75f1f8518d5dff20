# SPDX-License-Identifier: MIT
# How slow are the slowest: latency against the share of answers that take longer. A line ends
# where fewer than 100 answers lie beyond it.
load scripts . "/common.gp"
height = 560
heading = sprintf("Latency distribution, %s, %s connections", workload, distribution_level)
reading = "All trials together. A line ends where fewer than 100 answers lie beyond it."
load scripts . "/heading.gp"
eval terminal_of(height)
set output open_chart("distribution-" . workload)
set tmargin at screen top
set bmargin at screen bottom
set logscale xy 10
set xlabel "percentile of the answers"
set xtics ("0" 1, "50 %%" 2, "90 %%" 10, "99 %%" 100, "99.9 %%" 1000, "99.99 %%" 10000)
set ylabel "latency"
eval second_tics
plot [1:*] \
  for [i = 1:models] distribution using (mine(i) && column(3) == 1 ? column(4) : NaN):(column(5) * 1e-6) \
    with linespoints pointinterval 30 pt filled_symbol(slot(i)) ps 1 lc rgb colour(slot(i)) \
    dt dash(slot(i)) lw 1.8 notitle, \
  for [i = 1:models] distribution using (mine(i) && column(3) == 0 ? column(4) : NaN):(column(5) * 1e-6) \
    with linespoints pointinterval 30 pt hollow_symbol(slot(i)) ps 1 lc rgb colour(slot(i)) \
    dt dash(slot(i)) lw 1.2 notitle, \
  for [i = 1:models] NaN with linespoints pt filled_symbol(slot(i)) lw 1.8 dt dash(slot(i)) \
    lc rgb colour(slot(i)) title word(names, i)
unset output
