# SPDX-License-Identifier: MIT
# Panels whose rows are models, the first on top. Sets: row_height, place(i), name_space (pixels).
row_height = models > 9 ? 22 : 30
name_space = 8.2 * longest_name(names) + 22
place(i) = models - i
row_of(s) = int(sum [k = 1:models] (slot(k) == s ? k : 0)) # 0: no such model here
# Trials of one model side by side in its row; `last` is the highest block.
beside(i, block, last) = place(i) + (last > 1 ? 0.5 * (block - 1.0) / (last - 1) - 0.25 : 0)
named_rows = "set ytics nomirror out ("
do for [i = 1:models] {
  named_rows = named_rows . (i > 1 ? ", " : "") . sprintf("'%s' %d", word(names, i), place(i))
}
named_rows = named_rows . ")"
unset grid
set grid xtics lc rgb "#E4E4E4" lt 1
set yrange [-0.6 : models - 0.4]
