# SPDX-License-Identifier: MIT
# The one table of looks: a model's slot gives its colour, symbol and dash in every chart. There
# are six symbols that exist both filled and hollow, so from six to six the dash changes: solid,
# dashed, dotted, dash and dot. Colours that colour-blind readers tell apart: first those of Okabe
# and Ito (https://jfly.uni-koeln.de/color) without their yellow, which is lost on white, then Paul
# Tol's "muted" ones (https://personal.sron.nl/~pault/) and darker neighbours of both. Nobody tells
# 24 colours apart: the last six return to the first, each with another symbol. What follows the
# models (peers) takes the next looks.
colours = "000000 E69F00 56B4E9 009E73 0072B2 D55E00 " . \
  "CC79A7 808080 882255 44AA99 999933 332288 " . \
  "117733 AA4499 CC6677 8C5A00 3A6EA5 A33B20 " . \
  "0072B2 D55E00 009E73 E69F00 000000 56B4E9"
filled = "7 5 9 11 13 15"
hollow = "6 4 8 10 12 14"
symbols = words(filled)
looks = words(colours)
look(slot) = (slot - 1) % looks + 1
colour(slot) = "#" . word(colours, look(slot))
faint(slot) = "#80" . word(colours, look(slot)) # half transparent
full_of(slot) = int("0x" . word(colours, look(slot))) # a number, for "lc rgb variable"
faint_of(slot) = full_of(slot) + 0x80000000
symbol(slot) = (look(slot) - 1) % symbols + 1
filled_symbol(slot) = int(word(filled, symbol(slot)))
hollow_symbol(slot) = int(word(hollow, symbol(slot)))
dash(slot) = (look(slot) - 1) / symbols + 1
