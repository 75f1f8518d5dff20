# SPDX-License-Identifier: MIT
# What an answer costs, by the number of busy clients: one loop, a thread each, a process each.
load scripts . "/../claims/frame.gp"
heading = "One CPU: one loop for all clients, a thread for each, a process for each"
reading = "Dots: single repeats; marks: their geometric means; bars: 95 % intervals."
series = "epoll-lt thread fork"
looks_like = series
quantity = "cpu_us_per_request"
body = 400
eval begin
eval second_tics
set logscale xy 10
place(setting, k) = setting * 1.05 ** (k - 2)
set xrange [0.7 : 14000]
set xtics ("1" 1, "64" 64, "1 000" 1000, "10 000" 10000)
set xlabel "busy clients" offset 0, label_rise
load scripts . "/../claims/sweep.gp"
