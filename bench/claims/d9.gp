# SPDX-License-Identifier: MIT
# A row for each model, the shortest first: what it takes to write, and what it gives.
load scripts . "/../claims/frame.gp"
heading = "What complexity buys: models by the length of their own code"
reading = "The two columns on the left are what a model takes, the three on the right what it gives, with 64 busy connections (iterative: 1," . \
  "\nhollow); workers that serve one client each: as many as clients. Marks: geometric means; bars: 95 % intervals. Dashed: thread."
# gnuplot neither sorts nor joins rows: stats collects both by side effect, and ranks are counted.
metric_names = "source_lines kinds_of_call throughput_rps cpu_us_per_request connection_bytes"
rows = ""
note_row(name) = is_among(rows, name) || name eq "shared" ? 0 : (rows = rows . name . " ", 0)
stats figures using (is_among(metric_names, strcol(3)) ? note_row(strcol(1)) : 0) nooutput
shown = words(rows)
array lines[shown + 1] # none has no element
do for [k = 1:shown] {
  lines[k] = 0 # where the sources are not at hand
  stats figures using (is(word(rows, k), "source_lines") ? (lines[k] = column(5), 0) : 0) nooutput
}
rank(k) = 1 + int(sum [j = 1:shown] (lines[j] < lines[k] || (lines[j] == lines[k] && j < k) ? 1 : 0))
row_height = 22
body = (shown > 5 ? shown : 5) * row_height + 84
load scripts . "/heading.gp"
set output open_chart(claim)
columns = 5
factors = "1 1 0.001 1 0.0009765625"
array titles[5] = ["lines of its own", "kinds of system call", "1 000 answers per s", "CPU time, µs/answer", "KiB per connection"]
# Three or four steps of an axis that ends there.
power(x) = 10 ** floor(log10(x))
round_step(x) = power(x) * (x / power(x) < 1.5 ? 1 : x / power(x) < 3.5 ? 2 : x / power(x) < 7.5 ? 5 : 10)
names_end = 0.135
gap = 0.03
tiny = small(11)
bold = small_bold(13)
panel_width = (0.985 - names_end) / columns
set multiplot
set tmargin at screen from_top(header + 30)
set bmargin at screen from_top(header + body - 40)
set yrange [shown + 0.5 : 0.5]
set grid xtics ytics
named = 0
name(k) = word(rows, k)
look_at(k) = look_of(name(k), k)
shape(k) = name(k) eq "iterative" ? hollow_symbol(look_at(k)) : filled_symbol(look_at(k))
do for [c = 1:columns] {
  metric = word(metric_names, c)
  factor = real(word(factors, c))
  set lmargin at screen names_end + (c - 1) * panel_width + gap / 2
  set rmargin at screen names_end + c * panel_width - gap / 2
  set ytics () scale 0
  do for [k = 1:shown] { set ytics add (sprintf("%s", named ? "" : name(k)) rank(k)) }
  # An interval of a few repeats may be wide: it ends at the frame rather than press all marks together.
  most = 0
  widest = 0
  stats figures using (strcol(3) eq metric && strcol(1) ne "shared" ? (most = column(5) * factor > most ? column(5) * factor : most, \
    widest = column(7) * factor > widest ? column(7) * factor : widest, 0) : 0) nooutput
  last = most == 0 ? 1 : widest > 1.5 * most ? 1.5 * most : widest > most ? widest : most
  step = round_step(last / 3.5)
  unset logscale x
  set format x "%g"
  set xrange [0 : last * 1.05]
  if (c == 5) { set logscale x 10; set xrange [*:*]; step = 10 }
  set xtics step font tiny
  set title titles[c] font bold offset 0, -0.4
  thread_value = NaN
  stats figures using (is("thread", metric) ? (thread_value = column(5) * factor, 0) : 0) nooutput
  unset arrow
  if (thread_value == thread_value) { set arrow from first thread_value, graph 0 to first thread_value, graph 1 nohead dt 2 lc rgb "#909090" back }
  if (most > 0) {
    plot \
      for [k = 1:shown] figures using (mean_of(name(k), metric) * factor):(rank(k)):(low_of(name(k), metric) * factor):(high_of(name(k), metric) * factor) \
        with xerrorbars pt 0 ps 0 lc rgb colour(look_at(k)) notitle, \
      for [k = 1:shown] figures using (mean_of(name(k), metric) * factor):(rank(k)) \
        with points pt shape(k) ps mark lc rgb colour(look_at(k)) notitle
    named = 1
    do for [label_at = 901:heading_last] { unset label label_at }
  }
}
unset multiplot
if (shown == 0) {
  set xrange [0 : 1]
  unset xtics
  eval empty_chart
  plot NaN notitle
}
unset output
