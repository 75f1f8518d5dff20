# SPDX-License-Identifier: MIT
# What the charts of the claims share, on top of charts/common.gp. The harness sets claim, and what
# all charts need. A script loads this first, sets heading, reading and body (pixels that the plots
# and their axes take), and then evals `begin`.
load scripts . "/common.gp"
figures = data(claim)
values = data(claim . "-values")
begin = "load scripts . '/heading.gp'; set output open_chart(claim); " . \
  "set lmargin at screen 0.1; set rmargin at screen 0.81; " . \
  "set tmargin at screen from_top(header + 8); set bmargin at screen from_top(header + body - 52)"

# Columns of figures: series setting metric n mean low high text; of values: series setting metric
# repeat value.
is(series, metric) = strcol(1) eq series && strcol(3) eq metric
setting_of(series, metric) = is(series, metric) ? column(2) : NaN
mean_of(series, metric) = is(series, metric) ? column(5) : NaN
low_of(series, metric) = is(series, metric) ? column(6) : NaN
high_of(series, metric) = is(series, metric) ? column(7) : NaN
value_of(series, metric) = is(series, metric) ? column(5) : NaN

# A model has its look of all other charts; what is none takes the look that is asked for.
slot_named(name, k) = k > models ? 0 : word(names, k) eq name ? slot(k) : slot_named(name, k + 1)
look_of(name, otherwise) = slot_named(name, 1) > 0 ? slot_named(name, 1) : otherwise

# Marks that a chart has. Of none gnuplot can make no axis, and gives up: such a chart says that it
# is empty. A script has count_marks() go over the figures with stats, and evals may_be_empty.
marks = 0
least_mark = 0 # what can be drawn is more: the axes are logarithmic
is_among(list, name) = strstrt(" " . list . " ", " " . name . " ") > 0
count_marks(list, metric) = is_among(list, strcol(1)) && strcol(3) eq metric && column(5) > least_mark ? (marks = marks + 1, 0) : 0
empty_chart = "set yrange [1 : 10]; unset ytics; " . \
  "set label 900 'nothing of this was measured' at graph 0.5, graph 0.5 center textcolor rgb grey"
may_be_empty = "if (marks == 0) { eval empty_chart }"
