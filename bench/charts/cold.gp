# SPDX-License-Identifier: MIT
load scripts . "/common.gp"
set datafile separator ","
note = ""
heading = "One client, no load: whole-process times by hyperfine"
reading = "Medians; lines: quartiles. Each run starts a server, asks it and kills it."
table = folder . "/cold.csv"
# Only what was timed: peers are not.
timed = " "
stats table using (timed = timed . strcol(2) . " ", 0) nooutput
timed_names = ""
timed_slots = ""
do for [i = 1:models] {
  if (strstrt(timed, " " . word(names, i) . " ")) {
    timed_names = timed_names . word(names, i) . " "
    timed_slots = timed_slots . word(slots, i) . " "
  }
}
names = timed_names
slots = timed_slots
models = words(names)
body = 90 + (models > 9 ? 28 : 42) * models
load scripts . "/heading.gp"
set output open_chart("cold")
unset grid
set grid xtics lc rgb "#E4E4E4" lt 1
set style fill solid 0.55
thickness = 0.34
place(i) = models - i
wanted(scenario, i) = strcol(1) eq scenario && strcol(2) eq word(names, i)
set ytics ()
do for [i = 1:models] { set ytics add (word(names, i) place(i)) }
set multiplot
set tmargin at screen from_top(header + 38)
set bmargin at screen from_top(header + body - 50)
set lmargin at screen 0.135
set rmargin at screen 0.53
set title "start-up to first answer"
set xlabel "ms" offset 0, label_rise
scenario = "start-up"
load scripts . "/bars.gp"
do for [k = 901:heading_last] { unset label k }
set lmargin at screen 0.575
set rmargin at screen 0.97
unset ytics
set title "500 connections, one after another"
scenario = "500-connections"
load scripts . "/bars.gp"
unset multiplot
unset output
