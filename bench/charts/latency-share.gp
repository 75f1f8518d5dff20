# SPDX-License-Identifier: MIT
# How the fan of percentiles opens as a model nears its own peak.
load scripts . "/common.gp"
heading = "Response time as each model nears its own peak"
reading = "Open loop: from when a request was due to its answer. Peak: what the model gave in closed loop just before. Past it (grey) the" . \
  "\nqueue grows as long as the window lasts. Marks: percentiles of all trials, where 100 answers lie beyond; dots: trials; bars: 95 % intervals."
chart_name = workload
load scripts . "/fan.gp"
