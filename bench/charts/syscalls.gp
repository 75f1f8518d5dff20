# SPDX-License-Identifier: MIT
# What a request asks of the kernel, call by call. A call has the same colour in every bar; those
# that fit have their name in them.
load scripts . "/common.gp"
load scripts . "/rows.gp"
calls = data("calls")
call_colours = "77AADD EE8866 EEDD88 FFAABB 99DDFF 44BB99 BBCC33 AAAA00 C8A2C8"
call_colour(kind) = "#" . (kind <= words(call_colours) ? word(call_colours, kind) : "DDDDDD")
kinds = 0
most = 0
set xrange [*:*]
set yrange [*:*]
stats calls using (strcol(2) eq workload && row_of(column(1)) ? (kinds = column("kind") > kinds ? column("kind") : kinds, \
  most = column("to") > most ? column("to") : most, 0) : 0) nooutput
if (most > 0) {
  array call_name[kinds]
  stats calls using (call_name[int(column("kind"))] = strcol(5), 0) nooutput
  key_columns = 6
  listed = kinds > words(call_colours) ? words(call_colours) + 1 : kinds
  key_height = 20 * ((listed + key_columns - 1) / key_columns) + 8
  panel = models * row_height
  panel_gap = 80
  body = key_height + 26 + words(levels) * (panel + panel_gap)
  heading = "System calls per request, by name"
  reading = "Means over the trials, counted by the kernel while the server answers at a share of its own peak; at a higher one a wait finds more to do."
  load scripts . "/heading.gp"
  set output open_chart(workload)
  set yrange [-0.6 : models - 0.4]
  set xrange [0 : most * 1.12]
  set lmargin at screen from_left(name_space)
  set rmargin at screen 0.97
  set xlabel "system calls per request" offset 0, label_rise
  eval named_rows
  plot_px = 0.97 * width - name_space
  here(level) = strcol(2) eq workload && column(3) == level && row_of(column(1)) > 0
  y_of(n) = place(row_of(column(1)))
  fits(name) = (column("to") - column("from")) / (most * 1.12) * plot_px > 7.4 * strlen(name) + 6
  set style fill solid 1 border rgb "#FFFFFF"
  do for [n = 1:listed] {
    set object 100 + n rectangle from screen from_left(12 + ((n - 1) % key_columns) * 160), screen from_top(header + 20 * ((n - 1) / key_columns) + 13) \
      to screen from_left(24 + ((n - 1) % key_columns) * 160), screen from_top(header + 20 * ((n - 1) / key_columns) + 1) \
      fc rgb call_colour(n) fs solid noborder
    key = n > words(call_colours) ? "other" : call_name[n]
    set label 100 + n key at screen from_left(30 + ((n - 1) % key_columns) * 160), \
      screen from_top(header + 20 * ((n - 1) / key_columns) + 7) left font small(12)
  }
  set multiplot
  do for [k = 1:words(levels)] {
    level = word(levels, k) + 0
    top_px = header + key_height + 26 + (k - 1) * (panel + panel_gap)
    set tmargin at screen from_top(top_px)
    set bmargin at screen from_top(top_px + panel)
    set label 7 sprintf("at %g %s", level, level_unit) at graph 0, screen from_top(top_px - 13) left font small_bold(13)
    array total[models]
    do for [i = 1:models] { total[i] = 0 }
    set xrange [*:*]
    set yrange [*:*]
    stats calls using (here(level) ? (total[row_of(column(1))] = column("to") > total[row_of(column(1))] ? column("to") : total[row_of(column(1))], 0) : 0) nooutput
    set yrange [-0.6 : models - 0.4]
    set xrange [0 : most * 1.12]
    do for [i = 1:models] {
      sum_text = total[i] > 0 ? sprintf("%.2f", total[i]) : "not counted"
      set label 50 + i sum_text at first total[i] + most * 0.008, first place(i) left font small(12) textcolor rgb grey
    }
    plot \
      for [n = 1:kinds] calls using (0):(here(level) && column("kind") == n ? 0 : NaN):(column("from")):(column("to")):(y_of(0) - 0.36):(y_of(0) + 0.36) \
        with boxxyerror lc rgb call_colour(n) notitle, \
      calls using (here(level) && fits(strcol(5)) ? 0.5 * (column("from") + column("to")) : NaN):(y_of(0)):(strcol(5)) with labels center font small(12) notitle
    do for [tag = 901:heading_last] { unset label tag }
    do for [n = 1:listed] { unset label 100 + n; unset object 100 + n }
  }
  unset multiplot
  unset output
}
