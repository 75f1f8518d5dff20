# SPDX-License-Identifier: MIT
# How slow are the slowest: latency against the share of answers that take longer. A line ends
# where fewer than 100 answers lie beyond it.
load scripts . "/common.gp"
body = panel + 52
heading = sprintf("Latency distribution, %s, %s %s", workload, level_called(distribution_level + 0), level_unit)
any_bound = 0
stats labels using (strcol(1) eq workload && strcol(2) eq "distribution" && strcol(8) eq "generator" ? (any_bound = 1) : 0) nooutput
reading = (loop eq "open" ? "From when a request was due to its answer. " : "") . "All trials together. A line ends where fewer than 100 answers lie beyond it." . \
  (any_bound ? "\n*: the generator was the limit; the server is as fast or faster." : "")
load scripts . "/heading.gp"
set output open_chart("distribution-" . workload)
panel_gap = 0
row = 0
load scripts . "/frame.gp"
set logscale xy 10
set xlabel "percentile of the answers" offset 0, label_rise
set xtics ("0" 1, "50 %%" 2, "90 %%" 10, "99 %%" 100, "99.9 %%" 1000, "99.99 %%" 10000, "99.999 %%" 100000)
set ylabel "latency" offset label_shift, 0
eval second_tics
panel_name = "distribution"
set yrange [low_distribution * 1e-6 : high_distribution * 1e-6]
# Up to where the longest line ends.
longest = 10
stats labels using (strcol(1) eq workload && strcol(2) eq panel_name && column(5) > longest ? (longest = column(5)) : 0) nooutput
set xrange [1 : longest * 1.15]
shifted = 0
starred = 1
load scripts . "/names.gp"
plot \
  for [i = 1:models] distribution using (mine(i) && column(3) == 1 ? column(4) : NaN):(column(5) * 1e-6) \
    with linespoints pointinterval 30 pt filled_symbol(slot(i)) ps 0.87 * mark lc rgb colour(slot(i)) \
    dt dash(slot(i)) lw 1.8 notitle, \
  for [i = 1:models] distribution using (mine(i) && column(3) == 0 ? column(4) : NaN):(column(5) * 1e-6) \
    with linespoints pointinterval 30 pt hollow_symbol(slot(i)) ps 0.87 * mark lc rgb colour(slot(i)) \
    dt dash(slot(i)) lw 1.2 notitle
unset output
