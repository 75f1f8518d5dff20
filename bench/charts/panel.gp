# SPDX-License-Identifier: MIT
# One panel: a quantity by level. Needs: panel_name, quantity, estimate (column of the mark; its
# interval are the columns QUANTITY_low and _high), scale (factor to the unit drawn), zero (1: the
# axis starts at 0, 0: it is logarithmic), bound (1, -1: where the generator was the limit the true
# value is higher, lower; 0: it does not matter), by_level (1: the quantity times the level).
low = value("low_" . panel_name) * scale
high = value("high_" . panel_name) * scale
set yrange [low : high]
shifted = 1
factor(level) = by_level ? level * scale : scale
starred = 0
load scripts . "/names.gp"
arrow_length(y) = bound * (zero ? 0.075 * high : bound * y * ((high / low) ** (0.075 * bound) - 1))
plot \
  for [i = 1:models] cells using (mine(i) ? x_of(i) : NaN):(joins(column(3)) ? pick(i, estimate) * factor(column(3)) : NaN) with lines \
    lc rgb colour(slot(i)) dt dash(slot(i)) lw 1.4 notitle, \
  for [i = 1:models] trials using (x_of(i)):(pick(i, quantity) * factor(column(3))) with points \
    pt 7 ps dot lc rgb faint(slot(i)) notitle, \
  for [i = 1:models] cells using (x_of(i)):(pick(i, estimate) * factor(column(3))):(pick(i, quantity . "_low") * factor(column(3))):(pick(i, quantity . "_high") * factor(column(3))) \
    with yerrorbars pt -2 lw 1.2 lc rgb faint(slot(i)) notitle, \
  for [i = 1:models] cells using (x_of(i)):(bound == 0 ? NaN : pick_bound(i, estimate) * factor(column(3))):(0):(arrow_length(column(estimate) * factor(column(3)))) \
    with vectors head filled size screen 0.006, 22 lw 1.2 lc rgb colour(slot(i)) notitle, \
  for [i = 1:models] cells using (x_of(i)):(pick_refused(i, estimate) * factor(column(3))) with points \
    pt hollow_symbol(slot(i)) ps mark lw 1.6 lc rgb colour(slot(i)) notitle, \
  for [i = 1:models] cells using (x_of(i)):(pick_valid(i, estimate) * factor(column(3))) with points \
    pt filled_symbol(slot(i)) ps mark lc rgb colour(slot(i)) notitle
do for [tag = 101:label_tag] { unset label tag; unset arrow tag }
