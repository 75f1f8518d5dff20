# SPDX-License-Identifier: MIT
# What a sleep buys and what it costs: a point for each, and epoll for comparison.
load scripts . "/../claims/frame.gp"
heading = "CPU against response time: a polling list by its sleep between two rounds, and epoll"
reading = "1 000 requests a second from 1 000 clients, open loop. Left and low is better. Filled: median; hollow: 99th percentile." . \
  "\nMarks: means; bars: 95 % intervals. Requests unanswered at the end count with their age."
body = 480
eval begin
set rmargin at screen 0.95
# The short sleeps lie close together: their names stand on different sides (beside).
# gnuplot joins no two rows: stats collects each cell's CPU and response times by side effect.
cells_seen = ""
collect(metric, name) = (strcol(3) eq metric ? do_later(sprintf("%s_%s = '%.9g %.9g %.9g'", name, cell_name(strcol(1), column(2)), column(5), column(6), column(7))) : 0)
cell_name(series, setting) = series eq "epoll" ? "epoll" : sprintf("polling%d", int(setting))
note_cell(series, setting) = strstrt(cells_seen, cell_name(series, setting) . " ") ? 0 : (cells_seen = cells_seen . cell_name(series, setting) . " ", 0)
stats figures using (is_among("polling epoll", strcol(1)) ? note_cell(strcol(1), column(2)) : 0) nooutput
stats figures using (collect("cpu_percent", "cpu")) nooutput
stats figures using (collect("latency_p50_us", "half")) nooutput
stats figures using (collect("latency_p99_us", "most")) nooutput
eval commands
set logscale xy 10
eval second_tics
set ytics ("0.5 %%" 0.5, "1 %%" 1, "2 %%" 2, "5 %%" 5, "10 %%" 10, "20 %%" 20, "50 %%" 50, "100 %%" 100)
set xtics ("10 µs" 1e-5, "100 µs" 1e-4, "1 ms" 1e-3, "10 ms" 1e-2, "100 ms" 0.1, "1 s" 1)
# The usual, and what is less on a quicker machine.
least_time = 1e-5
least_share = 0.5
less_than(now, seen) = seen > 0 && seen * 0.9 < now ? seen * 0.9 : now
stats figures using (strcol(3) eq "latency_p50_us" ? (least_time = less_than(least_time, column(5) * 1e-6)) : 0) nooutput
stats figures using (strcol(3) eq "cpu_percent" ? (least_share = less_than(least_share, column(5))) : 0) nooutput
set xrange [least_time : 2]
set yrange [least_share : 150]
set xlabel "response time" offset 0, label_rise
set ylabel "share of one CPU" offset label_shift, 0
part(text, k) = word(text, k) eq "nan" || word(text, k) eq "-nan" ? NaN : real(word(text, k))
collected(name) = exists(name) ? value(name) : "nan nan nan"
cpu_of(cell, k) = part(collected("cpu_" . cell), k)
time_of(name, cell, k) = part(collected(name . "_" . cell), k) * 1e-6
known(text, otherwise) = text == text ? text : otherwise
sleep_of(cell) = substr(cell, 8, 20) + 0
shown(us) = us == 0 ? "no sleep" : us < 1000 ? sprintf("%d µs", us) : sprintf("%d ms", us / 1000)
cells = words(cells_seen)
slot_here(cell) = cell eq "epoll" ? look_of("epoll-lt", 6) : look_of("polling-list", 4)
do for [k = 1:cells] {
  cell = word(cells_seen, k)
  beside = cell eq "epoll" ? 1 : sleep_of(cell) == 0 ? 2 : sleep_of(cell) == 10 ? 3 : sleep_of(cell) == 100 ? 4 : 5
  set label (950 + k) (cell eq "epoll" ? "epoll-lt" : shown(sleep_of(cell))) at time_of("half", cell, 1), cpu_of(cell, 1) \
    offset word("1 -2 -6 0.7 0.7", beside), word("-1 1.4 0.6 -0.9 0.9", beside) textcolor rgb colour(slot_here(cell))
}
plot \
  for [k = 1:cells] '+' using (time_of("half", word(cells_seen, k), 1)):(cpu_of(word(cells_seen, k), 1)): \
    (known(time_of("half", word(cells_seen, k), 2), time_of("half", word(cells_seen, k), 1))):(known(time_of("half", word(cells_seen, k), 3), time_of("half", word(cells_seen, k), 1))): \
    (known(cpu_of(word(cells_seen, k), 2), cpu_of(word(cells_seen, k), 1))):(known(cpu_of(word(cells_seen, k), 3), cpu_of(word(cells_seen, k), 1))) \
    every ::0::0 with xyerrorbars pt filled_symbol(slot_here(word(cells_seen, k))) ps mark lc rgb colour(slot_here(word(cells_seen, k))) notitle, \
  for [k = 1:cells] '+' using (time_of("most", word(cells_seen, k), 1)):(cpu_of(word(cells_seen, k), 1)) \
    every ::0::0 with points pt hollow_symbol(slot_here(word(cells_seen, k))) ps mark lc rgb colour(slot_here(word(cells_seen, k))) notitle, \
  for [k = 1:cells] '+' using (time_of("half", word(cells_seen, k), 1)):(cpu_of(word(cells_seen, k), 1)):(time_of("most", word(cells_seen, k), 1) - time_of("half", word(cells_seen, k), 1)):(0) \
    every ::0::0 with vectors nohead dashtype 3 lc rgb colour(slot_here(word(cells_seen, k))) notitle
unset output
