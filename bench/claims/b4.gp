# SPDX-License-Identifier: MIT
# What an answer costs, by the number of silent connections beside 64 busy ones, beyond select's limit.
load scripts . "/../claims/frame.gp"
heading = "Up to 15 000 silent connections beside 64 busy ones: poll and epoll"
reading = "Dots: single repeats; marks: their geometric means; bars: 95 % intervals. Both axes are logarithmic; 0 stands left of the break."
series = "poll epoll-lt"
looks_like = series
quantity = "cpu_us_per_request"
body = 400
eval begin
eval second_tics
set logscale xy 10
place(setting, k) = (setting == 0 ? 30 : setting) * 1.03 ** (k - 1.5)
set xrange [22 : 20000]
set xtics ("0" 30, "100" 100, "900" 900, "5 000" 5000, "15 000" 15000)
set xlabel "silent connections" offset 0, label_rise
set label 1 "//" at first 55, graph 0 center font small_bold(14)
load scripts . "/../claims/sweep.gp"
