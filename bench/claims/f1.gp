# SPDX-License-Identifier: MIT
# Memory of one more connection, by model: of the processes, and of the kernel.
load scripts . "/../claims/frame.gp"
heading = "What one more idle connection takes in memory"
reading = "Dots: single repeats; marks: their means; bars: 95 % intervals. Filled: memory of the processes (Pss); hollow: of the kernel for them."
series = "fork thread epoll-lt"
body = 380
eval begin
set lmargin at screen 0.125
set rmargin at screen 0.97
set logscale y 2
set yrange [128 : 524288]
set ytics ("128 B" 128, "512 B" 512, "2 KiB" 2048, "8 KiB" 8192, "32 KiB" 32768, "128 KiB" 131072, "512 KiB" 524288)
set xrange [0.5 : words(series) + 0.5]
set xtics ()
do for [k = 1:words(series)] { set xtics add (word(series, k) k) }
set ylabel "memory per connection"
name(k) = word(series, k)
look_at(k) = look_of(name(k), k)
plot \
  for [k = 1:words(series)] values using (k - 0.12):(value_of(name(k), "user_bytes")) with points pt 7 ps dot lc rgb faint(look_at(k)) notitle, \
  for [k = 1:words(series)] values using (k + 0.12):(value_of(name(k), "kernel_bytes")) with points pt 7 ps dot lc rgb faint(look_at(k)) notitle, \
  for [k = 1:words(series)] figures using (k - 0.12):(mean_of(name(k), "user_bytes")):(low_of(name(k), "user_bytes")):(high_of(name(k), "user_bytes")) \
    with yerrorbars pt filled_symbol(look_at(k)) ps mark lc rgb colour(look_at(k)) notitle, \
  for [k = 1:words(series)] figures using (k + 0.12):(mean_of(name(k), "kernel_bytes")):(low_of(name(k), "kernel_bytes")):(high_of(name(k), "kernel_bytes")) \
    with yerrorbars pt hollow_symbol(look_at(k)) ps mark lc rgb colour(look_at(k)) notitle
unset output
