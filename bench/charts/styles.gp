# SPDX-License-Identifier: MIT
# The one table of looks: a model's slot gives its colour, symbol and dash in every chart. Colours
# that colour-blind readers tell apart (Okabe and Ito, https://jfly.uni-koeln.de/color), without
# their yellow, which is lost on white; a grey and a wine red make nine. From the seventh on the
# lines are dashed, because there are six symbols that exist both filled and hollow. Then come six
# for peers, dotted, in Paul Tol's "muted" colours (https://personal.sron.nl/~pault/).
colours = "000000 E69F00 56B4E9 009E73 0072B2 D55E00 CC79A7 808080 882255 117733 44AA99 999933 332288 AA4499 CC6677"
filled = "7 5 9 11 13 15 7 5 9 15 13 11 9 5 7"
hollow = "6 4 8 10 12 14 6 4 8 14 12 10 8 4 6"
dashes = "1 1 1 1 1 1 2 2 2 3 3 3 3 3 3"
looks = words(colours)
look(slot) = (slot - 1) % looks + 1
colour(slot) = "#" . word(colours, look(slot))
faint(slot) = "#80" . word(colours, look(slot)) # half transparent
filled_symbol(slot) = int(word(filled, look(slot)))
hollow_symbol(slot) = int(word(hollow, look(slot)))
dash(slot) = int(word(dashes, look(slot)))
