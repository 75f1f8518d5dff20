# SPDX-License-Identifier: MIT
# The same fan by offered load: where each model's knee is, and how far its tail is from its median.
load scripts . "/common.gp"
heading = "Percentiles of the response time by offered load, model by model"
reading = "Open loop: from when a request was due to its answer. Hollow: not to be compared, for most since the rate was not kept." . \
  "\nMarks: percentiles of all trials together, where 100 answers lie beyond; dots: trials; bars: 95 % intervals; grey: the other models' p99."
chart_name = "percentiles-" . workload
load scripts . "/fan.gp"
