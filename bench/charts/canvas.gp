# SPDX-License-Identifier: MIT
# The body as a canvas: coordinates are pixels, from its upper left corner down.
unset border
unset tics
unset grid
unset logscale
set lmargin at screen 0
set rmargin at screen 1
set tmargin at screen from_top(header)
set bmargin at screen from_top(header + body)
set xrange [0 : width]
set yrange [body : 0]
