# SPDX-License-Identifier: MIT
# CPU time per answer against a cell's setting. A script loads frame.gp, sets what frame.gp asks for
# and series (names of cells), looks_like (whose look each has), place(setting, k) of the k-th on the x axis, and
# makes the axes; then loads this.
series_count = words(series)
name(k) = word(series, k)
look_at(k) = look_of(word(looks_like, k), k)
set key at screen 0.825, screen from_top(header + 12) left top Left reverse samplen 2 spacing 1.3
set ylabel "server's CPU time per answer" offset label_shift, 0
set autoscale y noextend
stats figures using (count_marks(series, quantity)) nooutput
eval may_be_empty
set offsets graph 0, graph 0, graph 0.06, graph 0.06
plot \
  for [k = 1:series_count] values using (place(setting_of(name(k), quantity), k)):(value_of(name(k), quantity) * 1e-6) \
    with points pt 7 ps dot lc rgb faint(look_at(k)) notitle, \
  for [k = 1:series_count] figures using (place(setting_of(name(k), quantity), k)):(mean_of(name(k), quantity) * 1e-6) \
    smooth unique with lines lw 1.5 dt dash(look_at(k)) lc rgb colour(look_at(k)) notitle, \
  for [k = 1:series_count] figures using (place(setting_of(name(k), quantity), k)):(mean_of(name(k), quantity) * 1e-6):(low_of(name(k), quantity) * 1e-6):(high_of(name(k), quantity) * 1e-6) \
    with yerrorbars pt filled_symbol(look_at(k)) ps mark lc rgb colour(look_at(k)) title name(k)
unset output
