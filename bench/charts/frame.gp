# SPDX-License-Identifier: MIT
# Room for one panel above another, names to their right. Needs: row (from 0), panel_gap (pixels
# from a panel to the next, its axis in between).
if (row > 0) { do for [k = 901:heading_last] { unset label k } }
set tmargin at screen from_top(header + row * (panel + panel_gap))
set bmargin at screen from_top(header + row * (panel + panel_gap) + panel)
set lmargin at screen 0.1
set rmargin at screen 0.81
