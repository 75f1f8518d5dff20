# SPDX-License-Identifier: MIT
# One panel: a quantity against open connections. Needs: quantity, estimate (column of the mark;
# its interval are the columns QUANTITY_low and _high), scale (factor to the unit drawn),
# zero (1: the axis starts at 0, 0: it is logarithmic).
# The axis fits marks and dots; an interval that is wider is cut off at its edge.
set yrange [*:*]
smallest = NaN
largest = NaN
stats cells using (strcol(2) eq workload ? column(estimate) * scale : NaN) name "marks" nooutput
stats trials using (strcol(2) eq workload ? column(quantity) * scale : NaN) name "dots" nooutput
smallest = exists("marks_min") ? marks_min : 1
largest = exists("marks_max") ? marks_max : 10
smallest = exists("dots_min") && dots_records > 0 && dots_min < smallest ? dots_min : smallest
largest = exists("dots_max") && dots_records > 0 && dots_max > largest ? dots_max : largest
if (zero) { set yrange [0 : largest * 1.06] } else { set yrange [smallest / 1.6 : largest * 1.6] }
plot [low_level / 1.35 : high_level * 1.35] \
  for [i = 1:models] cells using (mine(i) ? x_of(i) : NaN):(pick(i, estimate) * scale) with lines \
    lc rgb colour(slot(i)) dt dash(slot(i)) lw 1.4 notitle, \
  for [i = 1:models] trials using (x_of(i)):(pick(i, quantity) * scale) with points \
    pt 7 ps 0.5 lc rgb faint(slot(i)) notitle, \
  for [i = 1:models] cells using (x_of(i)):(pick(i, estimate) * scale):(pick(i, quantity . "_low") * scale):(pick(i, quantity . "_high") * scale) \
    with yerrorbars pt -2 lw 1.2 lc rgb faint(slot(i)) notitle, \
  for [i = 1:models] cells using (x_of(i)):(pick_refused(i, estimate) * scale) with points \
    pt hollow_symbol(slot(i)) ps 1.15 lw 1.6 lc rgb colour(slot(i)) notitle, \
  for [i = 1:models] cells using (x_of(i)):(pick_valid(i, estimate) * scale) with points \
    pt filled_symbol(slot(i)) ps 1.15 lc rgb colour(slot(i)) notitle, \
  for [i = 1:models] NaN with linespoints pt filled_symbol(slot(i)) ps 1.15 lw 1.4 \
    dt dash(slot(i)) lc rgb colour(slot(i)) title word(names, i)
