# SPDX-License-Identifier: MIT
# CPU time per answer, by kind of work: level-triggered, and edge-triggered in both its forms.
load scripts . "/../claims/frame.gp"
heading = "Level-triggered and edge-triggered epoll at the same work"
reading = "Dots: single repeats, each against level-triggered (1) in the same repeat; marks: their geometric means.\nThe text has their intervals."
arms = "epoll-lt epoll-et epoll-et-eagain"
repeats_most = 1000
suffixes = "@64 @1000 -echo"
kinds = "'64 clients, small answers' '1 000 clients, small answers' '16 clients, echo of 256 KiB'"
quantity = "cpu_us_per_request"
body = 400
eval begin
set xrange [0.5 : words(suffixes) + 0.5]
set xtics ()
do for [k = 1:words(suffixes)] { set xtics add (word(kinds, k) k) }
set ylabel "CPU time per answer against level-triggered" offset label_shift, 0
set key at screen 0.825, screen from_top(header + 12) left top Left reverse samplen 2 spacing 1.3
# The table has series and setting apart.
cell(arm, k) = word(suffixes, k)[1:1] eq "@" ? word(arms, arm) : word(arms, arm) . word(suffixes, k)
level(k) = word(suffixes, k)[1:1] eq "@" ? word(suffixes, k)[2:*] + 0 : -1
at(arm, k) = is(cell(arm, k), quantity) && (level(k) < 0 || column(2) == level(k))
# Of the values: series setting metric repeat value. The level-triggered one of each kind and repeat.
array base[3 * repeats_most]
do for [k = 1:3 * repeats_most] { base[k] = NaN }
of(k) = (k - 1) * repeats_most + int(column(4))
do for [k = 1:3] { stats values using (at(1, k) ? (base[of(k)] = column(5)) : NaN) nooutput }
ratio(arm, k) = at(arm, k) ? column(5) / base[of(k)] : NaN
array middle[9]
do for [arm = 2:3] { do for [k = 1:3] {
  # Of no values, as of the thousand clients in a quick run, stats takes STATS_mean away.
  stats values using (log(ratio(arm, k))) nooutput
  middle[3 * (arm - 1) + k] = exists("STATS_mean") ? exp(STATS_mean) : NaN
  if (exists("STATS_mean")) { marks = marks + 1 }
} }
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb grey dt 2
shift(arm) = (arm - 2.5) * 0.2
look_at(arm) = arm == 1 ? look_of("epoll-lt", 1) : arm == 2 ? look_of("epoll-et", 2) : 9
eval may_be_empty
plot \
  for [arm = 2:3] for [k = 1:3] values using (k + shift(arm)):(ratio(arm, k)) with points pt 7 ps dot lc rgb faint(look_at(arm)) notitle, \
  for [arm = 2:3] for [k = 1:3] '+' using (k + shift(arm)):(middle[3 * (arm - 1) + k]) every ::::0 \
    with points pt filled_symbol(look_at(arm)) ps mark lc rgb colour(look_at(arm)) title (k == 1 ? word(arms, arm) : "")
unset output
