#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A real run, as small as can be: one model, one level, one block. Then the same interrupted.
# Usage: smoke.sh C10KIT MODEL
set -euo pipefail
c10kit=$1 model=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck source=tests/running.sh
. "$(dirname "$0")/../running.sh"

command -v wrk >/dev/null || { echo "skipped: wrk is not installed"; exit 77; }

fail() { echo "not ok: $1"; exit 1; }

a_run_leaves_record_summary_and_no_process() {
  local run=$folder/whole
  "$c10kit" run --models "$model" --levels 8 --workloads keep-alive --blocks 1 --time 0.2 \
    --no-cold --attempts 1 --seed 1 --output "$run"
  [ "$(wc -l <"$run/trials.jsonl")" = 1 ] || fail "one trial, one line"
  grep -q '"failure":null' "$run/trials.jsonl" || fail "the trial ran: $(cat "$run/trials.jsonl")"
  grep -q '"errors_read":0' "$run/trials.jsonl" || fail "no errors"
  grep -Eq '"requests":[1-9]' "$run/trials.jsonl" || fail "requests were answered"
  local samples requests
  samples=$(awk -F, 'NR > 1 { n += $2 } END { print n }' "$run"/histograms/*.csv)
  requests=$(sed 's/.*"requests":\([0-9]*\).*/\1/' "$run/trials.jsonl")
  [ "$samples" = "$requests" ] || fail "$samples raw latencies, $requests requests"
  grep -q '"seed": 1' "$run/manifest.json" || fail "the seed is recorded"
  [ "$(wc -l <"$run/summary.csv")" = 2 ] || fail "a header and one cell"
}

a_report_can_be_made_again() {
  local run=$folder/whole
  cp "$run/summary.csv" "$folder/before.csv"
  rm "$run/summary.csv"
  "$c10kit" report "$run"
  cmp "$folder/before.csv" "$run/summary.csv" || fail "the same record, the same summary"
}

an_interrupted_run_keeps_what_it_has() {
  local run=$folder/cut status=0 pid
  "$c10kit" run --models "$model" --levels 1 --workloads keep-alive --blocks 50 --time 0.2 \
    --no-cold --attempts 1 --output "$run" &
  pid=$!
  until [ -s "$run/trials.jsonl" ]; do
    kill -0 "$pid" || fail "the run ended by itself"
    read -rt 0.05 <> <(:) || true
  done
  kill -INT "$pid"
  wait "$pid" || status=$?
  [ "$status" = 130 ] || fail "status $status, not 130"
  [ -s "$run/summary.csv" ] || fail "a summary of what there was"
  [ "$(wc -l <"$run/trials.jsonl")" -lt 50 ] || fail "it was cut short"
}

nothing_is_left_running() {
  local left
  left=$(still_running 'wrk |/servers/')
  [ -z "$left" ] || fail "left running: $left"
}

a_run_leaves_record_summary_and_no_process
a_report_can_be_made_again
an_interrupted_run_keeps_what_it_has
nothing_is_left_running
echo ok
