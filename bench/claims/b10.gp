# SPDX-License-Identifier: MIT
# What a client sees over time when the accept queue is full.
load scripts . "/../claims/frame.gp"
heading = "What a client sees when the accept queue is full"
reading = "The queue is full before the client's SYN, or between its SYN and its ACK. The server accepts from 2.5 s on (dashed)."
arms = "full-at-ack full-at-ack-abort full-at-syn full-at-syn-abort"
titles = "'full at the ACK' 'full at the ACK, abort on' 'full at the SYN' 'full at the SYN, abort on'"
body = 340
eval begin
set lmargin at screen 0.21
set rmargin at screen 0.97
unset grid
set xrange [0 : 5]
set yrange [4.7 : 0.2]
set xlabel "seconds since the client's connect()" offset 0, label_rise
set ytics ()
do for [k = 1:4] { set ytics add (word(titles, k) k) }
set arrow 1 from 2.5, graph 0 to 2.5, graph 1 nohead lc rgb grey dt 2
connected = "#0072B2"
waiting = "#B0B0B0"
bad = "#D55E00"
good = "#009E73"
array t_connected[4]; array t_reset[4]; array t_answered[4]
do for [k = 1:4] {
  t_connected[k] = NaN; t_reset[k] = NaN; t_answered[k] = NaN
  stats figures using (is(word(arms, k), "connected_s") ? (t_connected[k] = column(5)) : NaN) nooutput
  stats figures using (is(word(arms, k), "reset_s") ? (t_reset[k] = column(5)) : NaN) nooutput
  stats figures using (is(word(arms, k), "answered_s") ? (t_answered[k] = column(5)) : NaN) nooutput
}
known(x) = x == x
earliest(a, b) = !known(a) ? b : !known(b) ? a : a < b ? a : b
ending(k) = known(t_reset[k]) ? "reset" : known(t_answered[k]) ? "answered" : "nothing yet"
end_of(k) = known(earliest(t_reset[k], t_answered[k])) ? earliest(t_reset[k], t_answered[k]) : 5
begin_of(k) = known(earliest(t_connected[k], end_of(k))) ? earliest(t_connected[k], end_of(k)) : 5
do for [k = 1:4] {
  set object 10 + 2 * k rectangle from 0, k - 0.16 to begin_of(k), k + 0.16 fc rgb waiting fs solid noborder
  set object 11 + 2 * k rectangle from begin_of(k), k - 0.16 to end_of(k), k + 0.16 fc rgb connected fs solid noborder
  set label 20 + k ending(k) at end_of(k), k offset 1.4, 0
}
set key at screen 0.97, screen from_top(header + 2) right top horizontal samplen 1
do for [k = 1:4] {
  if (known(t_answered[k])) { set label 30 + k "" at t_answered[k], k point pt 7 ps 2 * mark lc rgb good front }
  if (known(t_reset[k])) { set label 30 + k "" at t_reset[k], k point pt 5 ps 2 * mark lc rgb bad front }
}
plot \
  NaN with boxes fs solid fc rgb waiting title "connecting", \
  NaN with boxes fs solid fc rgb connected title "thinks it is connected, hears nothing"
unset output
