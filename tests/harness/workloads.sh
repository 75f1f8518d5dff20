#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A real run of every workload that c10kit-load drives, as small as can be. It asserts what was
# recorded, never how fast it was. Usage: workloads.sh C10KIT MODEL
set -euo pipefail
c10kit=$1 model=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck source=tests/running.sh
. "$(dirname "$0")/../running.sh"

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
import glob, json, os, sys
trials = [json.loads(line) for line in open(sys.argv[1])]
assert trials
def beside(t): # the connections beside the load, as it told of them
    raw = os.path.dirname(sys.argv[1]) + "/raw/%04d-*.load.json"
    return json.load(open(glob.glob(raw % t["number"])[0]))["beside"]
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
  measure mixed 0,1,2,3,4,5
  holds mixed 't["connections"] == 63 and t["requests"] > 0 and t["served"] == 63'
}

# Who they were stands in what the load left, which is all that is left of them.
bad_clients_have_a_process_of_their_own() {
  local names='["", "silent", "slow-header", "slow-reader", "fire-hose", "reset"][t["level"]]'
  local shared=0
  [ "$(nproc)" -ge 3 ] || shared=1
  holds mixed 'set(beside(t)) == ({'"$names"'} if t["level"] else set())'
  holds mixed 'all(one["opened"] >= 1 for one in beside(t).values())'
  holds mixed "t['crowd_shared_cpus'] == ($shared if t['level'] else None)"
  holds mixed 't["pinned"] == 1 and (t["steady_crowd_cpu_us"] is None) == (t["level"] == 0)'
  holds mixed 't["level"] < 4 or t["cpu_source"] == "proc" or t["steady_crowd_cpu_us"] > 0'
  [ -z "$(find "$folder/mixed/raw" -name '*.crowd.*')" ] || fail "mixed: a file too many"
}

process_of() { # RUN WHO: the load, or the crowd
  pgrep -f -- "--json=$folder/$1/raw/[^. ]*\.$2" || true
}

beside_a_fire_hose() { # RUN SECONDS: until the load is there
  "$c10kit" run --models "$model" --workloads mixed --levels 4 --blocks 2 --time "$2" --no-cold \
    --attempts 1 --seed 1 --output "$folder/$1" >"$folder/out" 2>&1 &
  run=$!
  until [ -n "$(process_of "$1" load)" ] && [ -n "$(process_of "$1" crowd)" ]; do
    kill -0 "$run" 2>/dev/null || fail "$1: it ended by itself: $(cat "$folder/out")"
    read -rt 0.05 <> <(:) || true
  done
}

are_gone() { # RUN: the kernel may take a moment for who was killed
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    [ -n "$(process_of "$1" load)$(process_of "$1" crowd)" ] || return 0
    read -rt 0.05 <> <(:) || true
  done
  fail "$1: left running: $(pgrep -af -- "--json=$folder/$1/")"
}

bad_clients_end_with_the_run_however_it_ends() {
  local run number
  for number in INT KILL; do
    beside_a_fire_hose "ended-by-$number" 60
    kill -"$number" "$run"
    wait "$run" 2>/dev/null || true
    are_gone "ended-by-$number"
  done
}

bad_clients_end_with_a_load_that_fails() {
  local run first next
  beside_a_fire_hose no-load 60
  first=$(process_of no-load load)
  kill -KILL "$first"
  until next=$(process_of no-load load) && [ -n "$next" ] && [ "$next" != "$first" ]; do
    kill -0 "$run" 2>/dev/null || fail "no-load: no second trial: $(cat "$folder/out")"
    read -rt 0.05 <> <(:) || true
  done
  [ "$(process_of no-load crowd | wc -l)" = 1 ] || fail "no-load: the first trial's are still there"
  kill -INT "$run"
  wait "$run" || true
  are_gone no-load
  grep -q '"failure":"c10kit-load ' "$folder/no-load/trials.jsonl" ||
    fail "no-load: $(cat "$folder/no-load/trials.jsonl")"
}

a_load_that_bad_clients_have_left_does_not_count() {
  local run
  beside_a_fire_hose no-crowd 1
  kill -KILL "$(process_of no-crowd crowd)"
  wait "$run" || true
  are_gone no-crowd
  grep -q '"failure":"the bad clients ended before the load did' "$folder/no-crowd/trials.jsonl" ||
    fail "no-crowd: $(cat "$folder/no-crowd/trials.jsonl")"
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
  left=$(still_running 'c10kit-load|/servers/')
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
bad_clients_have_a_process_of_their_own
bad_clients_end_with_the_run_however_it_ends
bad_clients_end_with_a_load_that_fails
a_load_that_bad_clients_have_left_does_not_count
workers_are_as_many_as_cpus
knobs_are_turned
nothing_is_left_running
echo ok
