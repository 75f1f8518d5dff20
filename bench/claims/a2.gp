# SPDX-License-Identifier: MIT
# What a sleep between two rounds leaves of a CPU: left silent clients, right under a small load.
load scripts . "/../claims/frame.gp"
heading = "Share of one CPU that a polling list takes, by its sleep between two rounds and number of clients"
reading = "Marks: means; bars: 95 % intervals. Dashed: what is called all of a CPU here."
body = 420
eval begin
counts = "1 64 1000"
looks_of = "5 6 1"
place(us) = us < 1 ? 2 : us # on a logarithmic axis
aside = "0.85 1 1.18" # so that marks do not hide each other
at(series, metric) = is(series, metric) ? place(column(2)) : NaN
set logscale x 10
set xrange [1 : 1e6]
set yrange [0 : 105]
set xtics ("none" 2, "10 µs" 10, "100 µs" 100, "1 ms" 1e3, "10 ms" 1e4, "0.1 s" 1e5, "0.5 s" 5e5)
set xlabel "sleep between two rounds" offset 0, label_rise
set tmargin at screen from_top(header + 30)
set arrow 1 from graph 0, first 90 to graph 1, first 90 nohead dashtype 2 lc rgb grey
draw(what) = sprintf("plot for [k = 1:3] figures using (at('%s-' . word(counts, k), 'cpu_percent') * word(aside, k)):(mean_of('%s-' . word(counts, k), 'cpu_percent')):(low_of('%s-' . word(counts, k), 'cpu_percent')):(high_of('%s-' . word(counts, k), 'cpu_percent')) with yerrorbars pt filled_symbol(int(word(looks_of, k))) ps mark lc rgb colour(int(word(looks_of, k))) notitle", what, what, what, what)
set multiplot
set lmargin at screen 0.08; set rmargin at screen 0.445
set ylabel "share of one CPU, %" offset label_shift, 0
set label 950 "clients silent" at graph 0.5, graph 1.04 center
eval draw("idle")
do for [k = 901:heading_last] { unset label k }
set lmargin at screen 0.49; set rmargin at screen 0.865
unset ylabel
set label 950 "1 000 requests a second in all"
do for [k = 1:3] {
  set label (960 + k) word("1 64", k) . (k == 3 ? "1 000" : "") . (k == 1 ? " client" : " clients") at screen 0.885, graph (1.0 - 0.08 * k) textcolor rgb colour(int(word(looks_of, k))) \
    point pt filled_symbol(int(word(looks_of, k))) ps mark lc rgb colour(int(word(looks_of, k))) offset 1, baseline
}
eval draw("loaded")
unset multiplot
unset output
