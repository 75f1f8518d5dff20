# SPDX-License-Identifier: MIT
# What ordinary clients wait beside one that never stops sending, by how the server goes on.
load scripts . "/../claims/frame.gp"
heading = "63 ordinary clients beside one that never stops sending"
reading = "Filled: medians; hollow: 99th percentiles. Dots: single repeats; marks: their geometric means; bars: 95 % intervals." . \
  "\nThe first three are one edge-triggered echo server; epoll-et has a budget of 16 turns, epoll-lt gives each one turn."
series = "until-eagain-alone until-eagain budget epoll-et epoll-lt"
titles = "'until EAGAIN,' 'until EAGAIN' 'until EAGAIN,' 'epoll-et' 'epoll-lt'"
under = "'no such client' '' '16 turns at a time' '' ''"
body = 420
eval begin
set bmargin at screen from_top(header + body - 72) # names of two lines
set rmargin at screen 0.97
set logscale y 10
eval second_tics
set yrange [1e-4 : *]
set xrange [0.5 : words(series) + 0.5]
set xtics ()
do for [k = 1:words(series)] { set xtics add (word(titles, k) . "\n" . word(under, k) k) }
set ylabel "time until a message is back" offset label_shift, 0
name(k) = word(series, k)
look_at(k) = look_of(name(k), k)
p50 = "latency_p50_us"
p99 = "latency_p99_us"
stats figures using (count_marks(series, p50) + count_marks(series, p99)) nooutput
eval may_be_empty
plot \
  for [k = 1:words(series)] values using (k - 0.13):(value_of(name(k), p50) * 1e-6) with points pt 7 ps dot lc rgb faint(look_at(k)) notitle, \
  for [k = 1:words(series)] values using (k + 0.13):(value_of(name(k), p99) * 1e-6) with points pt 7 ps dot lc rgb faint(look_at(k)) notitle, \
  for [k = 1:words(series)] figures using (k - 0.13):(mean_of(name(k), p50) * 1e-6):(low_of(name(k), p50) * 1e-6):(high_of(name(k), p50) * 1e-6) \
    with yerrorbars pt filled_symbol(look_at(k)) ps mark lc rgb colour(look_at(k)) notitle, \
  for [k = 1:words(series)] figures using (k + 0.13):(mean_of(name(k), p99) * 1e-6):(low_of(name(k), p99) * 1e-6):(high_of(name(k), p99) * 1e-6) \
    with yerrorbars pt hollow_symbol(look_at(k)) ps mark lc rgb colour(look_at(k)) notitle
unset output
