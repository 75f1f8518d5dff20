# SPDX-License-Identifier: MIT
# What one more connection costs in memory, and the lines whose slope that is.
load scripts . "/common.gp"
load scripts . "/rows.gp"
per_connection = data("memory")
bars = 0
most = 1
set xrange [*:*]
set yrange [*:*]
sum_of(x) = column("user") + column("kernel")
stats per_connection using (row_of(column(1)) && sum_of(0) > -1e18 ? (bars = bars + 1, most = sum_of(0) > most ? sum_of(0) : most, 0) : 0) nooutput
bars_height = bars ? models * row_height + 26 + 78 : 0
panel_gap = 40
body = bars_height + 2 * panel + panel_gap + 52
heading = "Memory by idle connections: processes (user) and kernel"
reading = (bars ? "Bars: bytes per connection, the slopes of the lines below, with their 95 % intervals. Dark: user, light: kernel.\n" : "") . \
  "Marks: geometric means of the trials (dots); bars: their 95 % intervals. User: sum of proportional set sizes."
load scripts . "/heading.gp"
set output open_chart(workload)
bytes(x) = x >= 1048576 ? sprintf("%.1f MiB", x / 1048576) : x >= 10240 ? sprintf("%.0f KiB", x / 1024) : sprintf("%.0f B", x)
set multiplot
if (bars) {
  set tmargin at screen from_top(header + 26)
  set bmargin at screen from_top(header + 26 + models * row_height)
  set lmargin at screen from_left(name_space)
  set rmargin at screen 0.97
  set yrange [-0.6 : models - 0.4]
  set xrange [0 : most / 1024 * 1.32]
  set xlabel "KiB per connection" offset 0, label_rise
  eval named_rows
  set label 7 "Bytes per connection" at screen from_left(12), screen from_top(header + 12) left font small_bold(13)
  set style fill solid 1 noborder
  there(i) = column(1) == slot(i)
  kib(name) = column(name) / 1024
  plot \
    for [i = 1:models] per_connection using (0):(there(i) ? place(i) : NaN):(0):(kib("user")):(place(i) - 0.34):(place(i) + 0.34) \
      with boxxyerror fs solid 0.85 noborder lc rgb colour(slot(i)) notitle, \
    for [i = 1:models] per_connection using (0):(there(i) ? place(i) : NaN):(kib("user")):(sum_of(0) / 1024):(place(i) - 0.34):(place(i) + 0.34) \
      with boxxyerror fs solid 0.35 noborder lc rgb colour(slot(i)) notitle, \
    for [i = 1:models] per_connection using (there(i) ? kib("user") : NaN):(place(i) + 0.16):(kib("user_low")):(kib("user_high")) \
      with xerrorbars pt -2 lw 1.4 lc rgb "#202020" notitle, \
    for [i = 1:models] per_connection using (there(i) ? sum_of(0) / 1024 : NaN):(place(i) - 0.16):(kib("user") + kib("kernel_low")):(kib("user") + kib("kernel_high")) \
      with xerrorbars pt -2 lw 1.4 lc rgb "#202020" notitle, \
    for [i = 1:models] per_connection using (there(i) ? (kib("kernel_high") > kib("kernel") ? kib("user") + kib("kernel_high") : sum_of(0) / 1024) + most / 1024 * 0.012 : NaN):(place(i)): \
      (sprintf("%s + %s", bytes(column("user")), bytes(column("kernel")))) with labels left font small(12) notitle
  unset label 7
  unset xlabel
  do for [k = 901:heading_last] { unset label k }
}
unset grid
set grid ytics lc rgb "#E4E4E4" lt 1
load scripts . "/levels.gp"
set logscale y 10
scale = 1.0 / 1048576
by_level = 0
zero = 0
bound = 0
header = header + bars_height
row = 0
load scripts . "/frame.gp"
set ylabel "user, MiB" offset label_shift, 0
eval plain_tics(high_memory_user / low_memory_user)
panel_name = "memory_user"
quantity = "memory_user_bytes"
estimate = quantity
load scripts . "/panel.gp"
row = 1
load scripts . "/frame.gp"
set xlabel level_axis offset 0, label_rise
set ylabel "kernel, MiB" offset label_shift, 0
eval plain_tics(high_memory_kernel / low_memory_kernel)
panel_name = "memory_kernel"
quantity = "memory_kernel_bytes"
estimate = quantity
load scripts . "/panel.gp"
unset multiplot
unset output
