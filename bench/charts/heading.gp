# SPDX-License-Identifier: MIT
# Title, conditions and what hollow marks mean, around the plot. Needs: heading, reading (how to
# read the marks), height.
# note_lines: the workload's note has so many lines of its own.
note_lines = strlen(note) ? 1 : 0
do for [k = 1:strlen(note)] { note_lines = note_lines + (substr(note, k, k) eq "\n" ? 1 : 0) }
line = 17.0 / height
top = 1 - 4.5 * line
bottom = (note_lines + (note_lines ? 4.4 : 3.4)) * line
set label 1 heading at screen 0.012, screen 1 - 1.1 * line font "DejaVu Sans Bold,".(form eq "svg" ? "17" : "13")
set label 2 conditions at screen 0.012, screen 1 - 2.3 * line textcolor rgb "#505050"
set label 4 reading at screen 0.012, screen 1 - 3.4 * line textcolor rgb "#505050"
if (note_lines) {
  set label 3 "Hollow: not to be compared.\n" . note at screen 0.012, screen (note_lines + 0.6) * line textcolor rgb "#505050"
}
