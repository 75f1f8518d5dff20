# SPDX-License-Identifier: MIT
# What an answer costs, by the number of silent connections beside 64 busy ones, up to select's limit.
load scripts . "/../claims/frame.gp"
heading = "Silent connections beside 64 busy ones: who looks at them?"
reading = "Dots: single repeats; marks: their geometric means; bars: 95 % intervals."
series = "select poll epoll-lt epoll-et"
looks_like = series
quantity = "cpu_us_per_request"
body = 400
eval begin
# Four series share each place: they stand beside each other.
place(setting, k) = setting + (k - 2.5) * 7
set xrange [-30 : 930]
set xtics (0, 100, 500, 900)
set xlabel "silent connections" offset 0, label_rise
set format y "%.0s µs"
load scripts . "/../claims/sweep.gp"
