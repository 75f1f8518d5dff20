# SPDX-License-Identifier: MIT
# The models' names beside the ends of their lines, spread by the harness so that none lies upon
# another. Needs: panel_name, shifted (1: marks of different models stand side by side), starred
# (1: what the generator bounds gets a star).
index_of(slot_wanted) = int(sum [i = 1:models] (slot(i) == slot_wanted ? i : 0))
commands = ""
label_tag = 100
end_of(i) = shifted ? at_level(column(5), i) : column(5)
# A line that ends early says so: there was no figure at higher levels.
up_to(i) = shifted && column("cut") == 1 ? " (to " . level_called(column(4)) . ")" : ""
do_label(i) = (label_tag = label_tag + 1, do_later(sprintf( \
  "set arrow %d from first %.9g, graph %.9g to graph 1.035, graph %.9g nohead lw 0.8 lc rgb '%s' back;" . \
  "set label %d '%s' at graph 1.035, graph %.9g left point pt %d ps %g lc rgb '%s' offset character 1.2, %g", \
  label_tag, end_of(i), column(6), column(7), faint(slot(i)), \
  label_tag, word(names, i) . up_to(i) . (starred && strcol(8) eq "generator" ? "*" : ""), column(7), filled_symbol(slot(i)), mark, colour(slot(i)), baseline)))
stats labels using (strcol(1) eq workload && strcol(2) eq panel_name && index_of(column(3)) > 0 \
  ? do_label(index_of(column(3))) : 0) nooutput
eval commands
