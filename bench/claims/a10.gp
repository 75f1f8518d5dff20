# SPDX-License-Identifier: MIT
# Hangs against the moment of the signal.
load scripts . "/../claims/frame.gp"
heading = "Waits that went on although the signal had come, by the moment of the signal"
reading = "Each mark: the signals of one microsecond, all repeats; bars: 95 % intervals. The turn works for 10 µs, tests, and waits."
series = "flag pselect signalfd"
body = 420
eval begin
set xrange [0 : 12]
set yrange [0 : *]
set xtics 1
set xlabel "from the start of the turn to kill(), µs" offset 0, label_rise
set ylabel "missed, %" offset label_shift, 0
set key outside right top Left reverse samplen 1
shift(k) = (k - 2) * 0.12
least_mark = -1 # none missed is a mark, too
stats figures using (count_marks(series, "hung")) nooutput
eval may_be_empty
plot for [k = 1:words(series)] figures \
  using (setting_of(word(series, k), "hung") / 1000 + 0.5 + shift(k)):(100 * mean_of(word(series, k), "hung")):(100 * low_of(word(series, k), "hung")):(100 * high_of(word(series, k), "hung")) \
  with yerrorbars pt filled_symbol(look_of(word(series, k), k)) ps mark lc rgb colour(look_of(word(series, k), k)) title word(series, k)
unset output
