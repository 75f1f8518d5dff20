# SPDX-License-Identifier: MIT
# How long the second client waits, by model.
load scripts . "/../claims/frame.gp"
heading = "The second client's wait for its answer, while the first is connected and silent"
reading = "Dots: single repeats; marks: their geometric means; bars: 95 % intervals. No mark: no answer within 1 s."
series = "iterative fork thread polling-list select poll epoll-lt epoll-et libuv"
body = 380
eval begin
set rmargin at screen 0.97
set logscale y 10
eval second_tics
set yrange [1e-5 : 1]
set xrange [0.5 : words(series) + 0.5]
set xtics ()
do for [k = 1:words(series)] { set xtics add (word(series, k) k) }
set ylabel "wait" offset label_shift, 0
name(k) = word(series, k)
look_at(k) = look_of(name(k), k)
plot \
  for [k = 1:words(series)] values using (k):(value_of(name(k), "wait_us") * 1e-6) with points pt 7 ps dot lc rgb faint(look_at(k)) notitle, \
  for [k = 1:words(series)] figures using (k):(mean_of(name(k), "wait_us") * 1e-6):(low_of(name(k), "wait_us") * 1e-6):(high_of(name(k), "wait_us") * 1e-6) \
    with yerrorbars pt filled_symbol(look_at(k)) ps mark lc rgb colour(look_at(k)) notitle
unset output
