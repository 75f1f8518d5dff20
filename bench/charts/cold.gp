# SPDX-License-Identifier: MIT
load scripts . "/common.gp"
set datafile separator ","
height = 560
note = ""
heading = "One client, no load: whole-process times by hyperfine"
reading = "Medians; lines: quartiles. Each run starts a server, asks it and kills it."
load scripts . "/heading.gp"
eval terminal_of(height)
set output open_chart("cold")
table = folder . "/cold.csv"
unset key
unset grid
set grid xtics lc rgb "#E4E4E4" lt 1
set style fill solid 0.55
thickness = 0.34
row(i) = models - i
wanted(scenario, i) = strcol(1) eq scenario && strcol(2) eq word(names, i)
set ytics ()
do for [i = 1:models] { set ytics add (word(names, i) row(i)) }
set multiplot
set tmargin at screen top - 1.5 * line
set bmargin at screen bottom + line
set lmargin at screen 0.115
set rmargin at screen 0.52
set title "start-up to first answer"
set xlabel "ms"
scenario = "start-up"
load scripts . "/bars.gp"
do for [k = 1:4] { unset label k }
set lmargin at screen 0.565
set rmargin at screen 0.97
unset ytics
set title "500 connections, one after another"
scenario = "500-connections"
load scripts . "/bars.gp"
unset multiplot
unset output
