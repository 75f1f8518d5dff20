# SPDX-License-Identifier: MIT
# What all charts share. The harness sets: scripts, folder, form (svg, png), names, slots,
# conditions, panel_height; for charts of one workload also workload, loop (open, closed), note,
# metrics (those that are compared), levels, level_names, level_layout, level_unit, level_axis,
# distribution_level.
reset
load scripts . "/styles.gp"
set encoding utf8
set datafile separator "\t"
set datafile missing "NaN"
models = words(names)
slot(i) = int(word(slots, i))
longest_of(list, k, most) = k == 0 ? most : longest_of(list, k - 1, strlen(word(list, k)) > most ? strlen(word(list, k)) : most)
longest_name(list) = longest_of(list, words(list), 0)

# Both forms have the same size in pixels, so that a script needs no other numbers.
width = 1000
panel = panel_height + 0
open_chart(name) = sprintf("%s/charts/%s.%s", folder, name, form)
points(pixels) = form eq "svg" ? pixels : pixels * 0.75
small(pixels) = sprintf("DejaVu Sans,%g", points(pixels))
small_bold(pixels) = sprintf("DejaVu Sans Bold,%g", points(pixels))
terminal_of(height) = sprintf("set terminal %s size %d,%d font '%s' background '#FFFFFF' noenhanced", \
  form eq "svg" ? "svg" : "pngcairo", width, height, small(14))
grey = "#505050"
# What the two forms make of the same number differs.
mark = form eq "svg" ? 0.7 : 1.15
dot = form eq "svg" ? 0.31 : 0.5
baseline = form eq "svg" ? -0.28 : -0.12 # beside a symbol
label_rise = form eq "svg" ? 0.7 : 0 # towards the axis
label_shift = form eq "svg" ? 1.6 : 0

set border 3 lc rgb "#404040"
set tics nomirror out
set grid ytics lc rgb "#E4E4E4" lt 1
unset key
second_tics = "set mytics 10; set ytics (" . \
  "'1 µs' 1e-06, '2 µs' 2e-06, '5 µs' 5e-06, '10 µs' 1e-05, '20 µs' 2e-05, '50 µs' 5e-05, " . \
  "'100 µs' 0.0001, '200 µs' 0.0002, '500 µs' 0.0005, '1 ms' 0.001, '2 ms' 0.002, '5 ms' 0.005, " . \
  "'10 ms' 0.01, '20 ms' 0.02, '50 ms' 0.05, '100 ms' 0.1, '200 ms' 0.2, '500 ms' 0.5, " . \
  "'1 s' 1, '2 s' 2, '5 s' 5, '10 s' 10)"
# Of an axis whose upper end is so many times its lower one.
plain_tics(ratio) = "set ytics (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000" . \
  (ratio > 8 ? ")" : ", 0.3, 0.4, 0.7, 1.5, 3, 4, 7, 15, 30, 40, 70, 150, 300, 400, 700, 1500, 3000)")
level_index(level) = int(sum [k = 1:words(levels)] (word(levels, k) + 0 == level ? k : 0))
level_called(level) = word(level_names, level_index(level))

# The metrics that are compared, and what is better.
metric_title(name) = name eq "throughput_rps" ? "Answers per second" \
  : name eq "cpu_us_per_request" ? "Server's CPU time per answer" \
  : name eq "latency_p99_us" ? (loop eq "open" ? "99th percentile of response time" : "99th percentile of latency") \
  : name eq "capacity_rps" ? "Capacity" \
  : name eq "memory_user_bytes" ? "Memory of the processes" \
  : name eq "memory_kernel_bytes" ? "Memory of the kernel" : name
more_is_better(name) = name eq "throughput_rps" || name eq "capacity_rps"

# Columns: trials and cells start with slot, workload, level, valid; cells go on with limited_by.
mine(i) = column(1) == slot(i) && strcol(2) eq workload
pick(i, name) = mine(i) ? column(name) : NaN
pick_valid(i, name) = mine(i) && column(4) == 1 ? column(name) : NaN
pick_refused(i, name) = mine(i) && column(4) == 0 ? column(name) : NaN
pick_bound(i, name) = mine(i) && strcol(5) eq "generator" ? column(name) : NaN
data(name) = folder . "/charts/data/" . name . ".tsv"
trials = data("trials")
cells = data("cells")
distribution = data("distribution")
labels = data("labels")

# gnuplot has no other way to read a table into variables: stats goes over the rows, and what it is
# told to compute has side effects.
commands = ""
bound_cells = 0
do_later(text) = (commands = commands . text . "; ", 0)
if (exists("workload")) {
  stats data("panels") using (strcol(1) eq workload \
    ? do_later(sprintf("low_%s = %.9g; high_%s = %.9g", strcol(2), column(3), strcol(2), column(4))) : 0) nooutput
  eval commands
  stats cells using (strcol(2) eq workload && strcol(5) eq "generator" \
    && (sum [i = 1:models] (column(1) == slot(i) ? 1 : 0)) > 0 ? (bound_cells = bound_cells + 1) : 0) nooutput
}
