# SPDX-License-Identifier: MIT
# A reply in two writes: what each option makes of its latency.
load scripts . "/../claims/frame.gp"
heading = "Time to the whole reply, when the server writes it in two parts"
reading = "Filled: median; hollow: 99th percentile. Dots: single repeats; marks: their geometric means; bars: 95 % intervals." . \
  "\nDashed: 40 ms, the shortest delayed ACK, and 200 ms, after which the kernel lifts a cork by itself."
series = "reply-default reply-nodelay reply-cork reply-cork-kept reply-writev"
body = 420
eval begin
set rmargin at screen 0.97
set logscale y 10
eval second_tics
set yrange [1e-5 : 1]
set xrange [0.5 : words(series) + 0.5]
set xtics ("default (Nagle)" 1, "TCP_NODELAY" 2, "TCP_CORK, lifted" 3, "TCP_CORK, never lifted" 4, "one writev" 5)
set ylabel "time to the whole reply" offset label_shift, 0
set arrow 1 from graph 0, first 0.04 to graph 1, first 0.04 nohead dashtype 2 lc rgb grey
set arrow 2 from graph 0, first 0.2 to graph 1, first 0.2 nohead dashtype 2 lc rgb grey
name(k) = word(series, k)
plot \
  for [k = 1:words(series)] values using (k - 0.1):(value_of(name(k), "latency_p50_us") * 1e-6) with points pt 7 ps dot lc rgb faint(5) notitle, \
  for [k = 1:words(series)] values using (k + 0.1):(value_of(name(k), "latency_p99_us") * 1e-6) with points pt 7 ps dot lc rgb faint(6) notitle, \
  for [k = 1:words(series)] figures using (k - 0.1):(mean_of(name(k), "latency_p50_us") * 1e-6):(low_of(name(k), "latency_p50_us") * 1e-6):(high_of(name(k), "latency_p50_us") * 1e-6) \
    with yerrorbars pt filled_symbol(5) ps mark lc rgb colour(5) notitle, \
  for [k = 1:words(series)] figures using (k + 0.1):(mean_of(name(k), "latency_p99_us") * 1e-6):(low_of(name(k), "latency_p99_us") * 1e-6):(high_of(name(k), "latency_p99_us") * 1e-6) \
    with yerrorbars pt hollow_symbol(6) ps mark lc rgb colour(6) notitle
unset output
