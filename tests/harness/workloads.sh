#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A real run of every workload that c10kit-load drives, as small as can be. It asserts what was
# recorded, never how fast it was. Usage: workloads.sh C10KIT MODEL
set -euo pipefail
c10kit=$1 model=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "not ok: $1"; exit 1; }

measure() { # WORKLOAD LEVELS OPTION...
  local workload=$1 levels=$2
  shift 2
  "$c10kit" run --models "$model" --workloads "$workload" --levels "$levels" --blocks 1 --time 0.2 \
    --warm-up 0.05 --no-cold --attempts 1 --seed 1 --output "$folder/$workload" "$@" >"$folder/out" 2>&1 ||
    fail "$workload: $(cat "$folder/out")"
}

# The recorded trials of a workload, in which the expression holds for each that was measured.
holds() { # WORKLOAD PYTHON-EXPRESSION-OF-t
  python3 - "$folder/$1/trials.jsonl" "$2" <<'END' || fail "$1: $2"
import json, sys
trials = [json.loads(line) for line in open(sys.argv[1])]
assert trials
for t in trials:
    assert not t["failure"], t["failure"]
    assert eval(sys.argv[2]), t
END
}

rates_are_asked_for_and_answered() {
  measure latency-rate 500,2000
  holds latency-rate 't["rate_rps"] == t["level"] and t["offered"] > 0.5 * t["level"] * 0.2'
  holds latency-rate 't["answered_of_offered"] + t["unfinished"] + t["errors_timeout"] >= t["offered"]'
}

histograms_are_in_nanoseconds() {
  python3 - "$folder/latency-rate" <<'END' || fail "the histogram is not in the unit of the trial"
import glob, json, sys
t = json.loads(open(sys.argv[1] + "/trials.jsonl").readline())
lines = open(glob.glob(sys.argv[1] + "/histograms/0001-*.csv")[0]).read().split()[1:]
assert max(int(line.split(",")[0]) for line in lines) == t["latency_max_ns"], t
END
}

shares_are_of_a_peak_of_its_own() {
  measure latency-share 50
  holds latency-share 't["peak_rps"] > 0 and abs(t["rate_rps"] - t["peak_rps"] / 2) <= 1'
}

# How much a machine that is busy with other things can bear is not for a test to say: so a bound of
# a second, and no rate at all is an answer, too.
a_capacity_is_an_interval() {
  if ! (measure capacity 1000000) 2>/dev/null; then
    grep -q '"failure":"no rate keeps p99 under the bound"' "$folder/capacity/trials.jsonl" ||
      fail "capacity: $(cat "$folder/out")"
    return
  fi
  holds capacity '0 < t["capacity_low_rps"] and t["capacity_steps"] >= 2'
  holds capacity 't["capacity_high_rps"] is None or t["capacity_high_rps"] > t["capacity_low_rps"]'
}

idle_connections_are_there() {
  measure idle 0,300
  holds idle 't["idle_open"] == (t["level"] or None) and t["served"] == 64'
  measure memory 0,300
  holds memory 't["memory_user_bytes"] > 0 and t["memory_kernel_bytes"] > 1000 * t["level"]'
}

system_calls_are_counted_by_name() {
  measure syscalls 50
  grep -q "system calls cannot be counted" "$folder/syscalls/trials.jsonl" && return # not root
  holds syscalls '1.5 < t["syscalls"] / t["requests"] < 10'
  python3 - "$folder/syscalls" <<'END' || fail "the names do not add up to the total"
import csv, glob, json, sys
calls = json.load(open(glob.glob(sys.argv[1] + "/raw/*.syscalls.json")[0]))
assert sum(calls["names"].values()) == calls["total"], calls
assert list(csv.DictReader(open(sys.argv[1] + "/syscalls.csv")))
END
}

# 16 requests that came together are one recv and one send.
a_batch_is_answered_at_once() {
  measure pipelined 1,16
  holds pipelined 't["requests"] > 0 and t["served"] == t["connections"] == 64'
  holds pipelined '0.5 < t["little_ppm"] / 1e6 < 1.1'
  grep -q '"syscalls":null' "$folder/pipelined/trials.jsonl" && return # not root
  holds pipelined '1.5 < t["syscalls"] / t["counted_requests"] * t["level"] < 4'
}

messages_come_back() {
  measure echo 64,100000
  holds echo 't["requests"] > 0 and t["errors_body"] == 0 and t["probe_after_ok"] == 1'
}

bad_clients_are_beside_the_load() {
  measure mixed 0,1,2,3,4
  holds mixed 't["connections"] == 63 and t["requests"] > 0 and t["served"] == 63'
}

# What the server was told, and on which CPUs it ran.
workers_are_as_many_as_cpus() {
  local model=epoll-exclusive cpus
  cpus=$(nproc)
  measure scaling "1,$cpus"
  holds scaling "t['setting'] == '--workers=%d' % t['level'] and t['server_cpus'] == t['level']"
  holds scaling "t['load_cpus'] == $cpus and t['shared_cpus'] == t['level'] and t['pinned'] == 1"
  grep -q '^epoll-exclusive,scaling,1,' "$folder/scaling/summary.csv" || fail "scaling: no row"
  grep -q "scaling at 1000 is left out" <<<"$("$c10kit" run --models epoll-exclusive \
    --workloads scaling --levels 1,1000 --dry-run 2>&1)" || fail "scaling at 1000 CPUs"
}

# The server that has none of it has no cells; the one that has is told each of its values.
knobs_are_turned() {
  local model=iterative,epoll-et
  measure knob 0,1
  holds knob 't["model"] == "epoll-et" and t["setting"] == [None, "--drain=eagain"][t["level"]]'
  grep -q '^epoll-et,drain,yes,1,cpu_us_per_request,' "$folder/knob/knob.csv" || fail "no default"
  grep -q '^epoll-et,drain,eagain,0,cpu_us_per_request,' "$folder/knob/knob.csv" || fail "no value"
}

nothing_is_left_running() {
  local left
  left=$(pgrep -s 0 -f "c10kit-load|/servers/$model" || true)
  [ -z "$left" ] || fail "left running: $left"
}

rates_are_asked_for_and_answered
histograms_are_in_nanoseconds
shares_are_of_a_peak_of_its_own
a_capacity_is_an_interval
idle_connections_are_there
system_calls_are_counted_by_name
a_batch_is_answered_at_once
messages_come_back
bad_clients_are_beside_the_load
workers_are_as_many_as_cpus
knobs_are_turned
nothing_is_left_running
echo ok
