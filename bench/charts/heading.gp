# SPDX-License-Identifier: MIT
# What stands around the plot: title, conditions, how to read the marks, what the hollow ones mean;
# and the whole picture's height. Needs: heading, reading (may have several lines), note, body
# (pixels that panels and their axes take).
# Sets: height, from_top(pixels) and from_left(pixels) for places on the picture, and heading_last:
# it takes the labels from 901 to there, which a second panel has to unset, not to draw them again.
lines_of(text) = strlen(text) == 0 ? 0 : int(sum [k = 1:strlen(text)] (substr(text, k, k) eq "\n" ? 1 : 0)) + 1
first_line(text) = strstrt(text, "\n") ? substr(text, 1, strstrt(text, "\n") - 1) : text
other_lines(text) = strstrt(text, "\n") ? substr(text, strstrt(text, "\n") + 1, strlen(text)) : ""
line = 17
header = 56 + line * lines_of(reading)
footer = strlen(note) ? line * (lines_of(note) + 1) + 10 : 6
height = header + body + footer
from_top(pixels) = 1 - pixels / (1.0 * height)
from_left(pixels) = pixels / (1.0 * width)
eval terminal_of(height)
set label 901 heading at screen 0.012, screen from_top(20) font small_bold(17)
set label 902 conditions at screen 0.012, screen from_top(41) textcolor rgb grey
heading_last = 902
# The two forms put different space between the lines of one label, so each line is one.
do for [part = 1:2] {
  rest = part == 1 ? reading : strlen(note) ? "Hollow: not to be compared.\n" . note : ""
  line_y = part == 1 ? 41 + line : header + body + line / 2
  while (strlen(rest)) {
    heading_last = heading_last + 1
    set label heading_last first_line(rest) at screen 0.012, screen from_top(line_y) textcolor rgb grey
    line_y = line_y + line
    rest = other_lines(rest)
  }
}
