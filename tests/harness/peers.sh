#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Servers that are not ours in a real run: one that is asked elsewhere than at "/", one that dies in
# mid-run, one that is removed. One of our models stands in for them. Usage: peers.sh C10KIT MODEL SERVER
set -euo pipefail
c10kit=$1 model=$2 server=$(realpath "$3")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

command -v wrk >/dev/null || { echo "skipped: wrk is not installed"; exit 77; }

fail() { echo "not ok: $1"; exit 1; }

make_peer() { # NAME PROGRAM-AND-ARGUMENTS...: words of JSON, the port behind them
  local name=$1 words
  shift
  words=$(printf '"%s", ' "$@")
  mkdir -p "$folder/$name"
  printf '{"name": "%s", "start": [%s "--port", "{port}"], "ready_line": "ready",\n' \
    "$name" "$words" >"$folder/$name/peer.json"
  echo ' "path": "/hello?a=b&c=%20d", "body": "Hello, world!"}' >>"$folder/$name/peer.json"
}

run_with() { # NAME: its words go to $folder/said, its trials to $folder/trials
  local run=$folder/run-$1
  "$c10kit" run --models "$model" --peers "$folder/$1/peer.json" --levels 8 \
    --workloads keep-alive --blocks 2 --time 0.3 --attempts 1 --no-cold --output "$run" >"$folder/said" 2>&1 ||
    fail "$1: status $?: $(cat "$folder/said")"
  grep "\"model\":\"$1\"" "$run/trials.jsonl" >"$folder/trials" || fail "$1 has trials"
  [ "$(grep -c "\"model\":\"$model\".*\"failure\":null" "$run/trials.jsonl")" -ge 2 ] ||
    fail "$1: the other server's trials go on: $(cat "$folder/said")"
}

# A wrk in front of wrk writes down what it was asked for.
a_peer_is_asked_at_its_path() {
  local real
  real=$(command -v wrk)
  mkdir "$folder/bin"
  # shellcheck disable=SC2016 # for the script's own shell
  printf '#!/bin/sh\necho "$@" >>"%s/asked"\nexec "%s" "$@"\n' "$folder" "$real" >"$folder/bin/wrk"
  chmod +x "$folder/bin/wrk"
  make_peer elsewhere "$server"
  PATH=$folder/bin:$PATH run_with elsewhere
  ! grep -v '"failure":null' "$folder/trials" || fail "it runs: $(cat "$folder/said")"
  # a warm-up and a window in each of two trials
  [ "$(grep -c 'http://127.0.0.1:[0-9]*/hello?a=b&c=%20d$' "$folder/asked")" = 4 ] ||
    fail "the generator asks for its path: $(cat "$folder/asked")"
}

a_peer_that_dies_fails_its_trials_in_one_line_each() {
  make_peer mortal timeout -s KILL 0.3 "$server"
  run_with mortal
  [ "$(grep -c '"failure":"server ended by itself' "$folder/trials")" = 2 ] ||
    fail "why: $(cat "$folder/trials")"
  [ "$(grep -c 'mortal.*server ended by itself' "$folder/said")" = 2 ] ||
    fail "one line each: $(cat "$folder/said")"
}

a_peer_that_is_removed_is_missed_by_name() {
  local program=$folder/fleeting/start
  make_peer fleeting "$program" "$server"
  # shellcheck disable=SC2016 # for the script's own shell
  printf '#!/bin/sh\nrm "$0"\nexec "$@"\n' >"$program"
  chmod +x "$program"
  run_with fleeting
  [ "$(grep -c '"failure":null' "$folder/trials")" = 1 ] || fail "the first trial is whole"
  [ "$(grep -c "fleeting.*cannot run $program: No such file" "$folder/said")" = 1 ] ||
    fail "one line: $(cat "$folder/said")"
}

a_peer_is_asked_at_its_path
a_peer_that_dies_fails_its_trials_in_one_line_each
a_peer_that_is_removed_is_missed_by_name
echo ok
