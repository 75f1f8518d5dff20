# SPDX-License-Identifier: MIT
# How long a newcomer waits for his first answer, by model, alone and beside others.
load scripts . "/../claims/frame.gp"
heading = "From connect() to the first answer"
reading = "Medians of the repeats: dots; their geometric means: marks, with 95 % intervals; 99th percentiles: dashes." . \
  "\nFilled: no other client. Hollow: beside 16 clients with 10 000 requests per second."
series = "fork prefork thread prethread thread-pool"
body = 380
eval begin
set rmargin at screen 0.97
set logscale y 10
eval second_tics
set yrange [2e-5 : *]
set xrange [0.5 : words(series) + 0.5]
set xtics ()
do for [k = 1:words(series)] { set xtics add (word(series, k) k) }
set ylabel "time to the first answer" offset label_shift, 0
name(k) = word(series, k)
look_at(k) = look_of(name(k), k)
when(k, j) = name(k) . (j == 1 ? "-cold" : "-loaded")
at(k, j) = k + (j == 1 ? -0.13 : 0.13)
p50 = "first_answer_p50_us"
p99 = "first_answer_p99_us"
cells = ""
do for [k = 1:words(series)] { cells = cells . when(k, 1) . " " . when(k, 2) . " " }
stats figures using (count_marks(cells, p50) + count_marks(cells, p99)) nooutput
eval may_be_empty
plot \
  for [k = 1:words(series)] for [j = 1:2] values using (at(k, j)):(value_of(when(k, j), p50) * 1e-6) \
    with points pt 7 ps dot lc rgb faint(look_at(k)) notitle, \
  for [k = 1:words(series)] for [j = 1:2] figures using (at(k, j)):(mean_of(when(k, j), p50) * 1e-6): \
    (low_of(when(k, j), p50) * 1e-6):(high_of(when(k, j), p50) * 1e-6) \
    with yerrorbars pt (j == 1 ? filled_symbol(look_at(k)) : hollow_symbol(look_at(k))) ps mark lc rgb colour(look_at(k)) notitle, \
  for [k = 1:words(series)] for [j = 1:2] figures using (at(k, j) - 0.06):(mean_of(when(k, j), p99) * 1e-6):(0.12):(0) \
    with vectors nohead lw 2 lc rgb colour(look_at(k)) notitle
unset output
