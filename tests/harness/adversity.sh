#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What may befall a run: it is killed outright, the disk fills, wrk goes, a server crashes. Each time
# the record has to be whole, the reason one line, and nothing left running.
# Usage: adversity.sh C10KIT SERVERS MODEL
set -euo pipefail
c10kit=$1 servers=$2 model=$3
folder=$(mktemp -d)
trap 'umount "$folder/small" 2>/dev/null || true; rm -rf "$folder"' EXIT
# shellcheck source=tests/running.sh
. "$(dirname "$0")/../running.sh"

command -v wrk >/dev/null || { echo "skipped: wrk is not installed"; exit 77; }

fail() { echo "not ok: $1"; exit 1; }

start() { # RUN BLOCKS OPTION...: in the background it has to be the process itself
  local run=$1 blocks=$2
  shift 2
  exec "$c10kit" run --models "$model" --levels 1 --workloads keep-alive --time 0.1 --warm-up 0 \
    --no-cold --attempts 1 --seed 1 --blocks "$blocks" --output "$run" "$@"
}

lines() { wc -l <"$1/trials.jsonl"; }

until_recorded() { # RUN COUNT PID
  until [ "$(lines "$1" 2>/dev/null || echo 0)" -ge "$2" ]; do
    kill -0 "$3" 2>/dev/null || fail "the run ended by itself: $(cat "$folder/err")"
    read -rt 0.05 <> <(:) || true
  done
}

is_whole() { # RUN COUNT: each line is JSON, and each number stands once
  [ "$(lines "$1")" = "$2" ] || fail "$(lines "$1") trials, not $2"
  python3 -c 'import json, sys
numbers = [json.loads(line)["number"] for line in open(sys.argv[1])]
sys.exit(numbers != list(range(1, len(numbers) + 1)))' "$1/trials.jsonl" || fail "$1: not whole"
}

ends_with_line() { # STATUS RUN TEXT: 1, and one line that says so
  [ "$1" = 1 ] || fail "status $1, not 1: $(cat "$folder/err")"
  [ "$(grep -c "^c10kit: .*the run ends here" "$folder/err")" = 1 ] ||
    fail "not one line: $(cat "$folder/err")"
  grep -q "$3" "$folder/err" || fail "it does not say $3: $(cat "$folder/err")"
}

a_killed_run_goes_on_where_it_was() {
  local run=$folder/killed pid before
  start "$run" 8 2>"$folder/err" &
  pid=$!
  until_recorded "$run" 2 "$pid"
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
  before=$(lines "$run")
  [ "$before" -lt 8 ] || fail "it was over already"
  printf '{"number":99,"mod' >>"$run/trials.jsonl" # as if killed while it wrote
  "$c10kit" run --resume "$run"
  is_whole "$run" 8
  [ -s "$run/summary.csv" ] || fail "no summary"
}

another_build_does_not_go_on_with_it() {
  local run=$folder/killed
  sed -i '$d' "$run/trials.jsonl"
  sed -i 's/\("'"$model"'": "\)[0-9a-f]\{8\}/\100000000/' "$run/manifest.json"
  if "$c10kit" run --resume "$run" 2>"$folder/err"; then fail "it went on"; fi
  grep -q 'an executable .* changed since' "$folder/err" || fail "$(cat "$folder/err")"
  [ "$(lines "$run")" = 7 ] || fail "it measured"
}

two_runs_do_not_share_a_folder() {
  local run=$folder/shared pid
  start "$run" 50 2>"$folder/err" &
  pid=$!
  until_recorded "$run" 1 "$pid"
  if "$c10kit" run --resume "$run" 2>"$folder/second"; then fail "it recorded into it as well"; fi
  grep -q 'another c10kit records into' "$folder/second" || fail "$(cat "$folder/second")"
  if (start "$run" 1 2>"$folder/second"); then fail "a new run over an old one"; fi
  grep -q 'holds a run already' "$folder/second" || fail "$(cat "$folder/second")"
  kill -INT "$pid"
  wait "$pid" || true
}

a_full_disk_ends_the_run() {
  local run=$folder/small/run status=0 pid recorded
  mkdir "$folder/small"
  if ! mount -t tmpfs -o size=12M c10kit-test "$folder/small" 2>/dev/null; then
    echo "a full disk: not tried, no right to mount a small one"
    return
  fi
  start "$run" 50 2>"$folder/err" &
  pid=$!
  until_recorded "$run" 2 "$pid"
  head -c 20M /dev/zero >"$folder/small/filler" 2>/dev/null || true
  wait "$pid" || status=$?
  ends_with_line "$status" "$run" "is full\|No space left"
  is_whole "$run" "$(lines "$run")"
  rm "$folder/small/filler"
  recorded=$(lines "$run")
  "$c10kit" run --resume "$run" >"$folder/out" 2>"$folder/err" &
  pid=$!
  until_recorded "$run" $((recorded + 1)) "$pid"
  kill -INT "$pid"
  wait "$pid" || true
}

a_vanished_generator_ends_the_run() {
  local run=$folder/no-wrk status=0 pid
  mkdir "$folder/bin"
  cp "$(command -v wrk)" "$folder/bin/wrk"
  PATH=$folder/bin:$PATH start "$run" 50 2>"$folder/err" &
  pid=$!
  until_recorded "$run" 2 "$pid"
  rm "$folder/bin/wrk"
  wait "$pid" || status=$?
  ends_with_line "$status" "$run" "wrk is gone"
  is_whole "$run" "$(lines "$run")"
  if grep -q '"failure":"' "$run/trials.jsonl"; then fail "a trial is blamed for it"; fi
}

a_crashing_server_is_a_failed_trial() {
  local run=$folder/crash
  mkdir "$folder/servers"
  cat >"$folder/servers/$model" <<END
#!/bin/sh
case \$1 in --describe) exec "$servers/$model" --describe ;; esac
exec timeout --signal=SEGV 0.12 "$servers/$model" "\$@"
END
  chmod +x "$folder/servers/$model"
  (start "$run" 2 --servers-dir "$folder/servers" --warm-up 0.1 2>"$folder/err") ||
    true # nothing could be measured
  is_whole "$run" 2
  if grep -q '"valid":1' "$run/trials.jsonl"; then fail "valid: $(cat "$run/trials.jsonl")"; fi
}

a_cell_that_brings_nothing_three_times_is_given_up() {
  local run=$folder/hopeless
  (start "$run" 6 --servers-dir "$folder/servers" --warm-up 0.1 2>"$folder/err") ||
    true # nothing could be measured
  is_whole "$run" 3
  "$c10kit" run --resume "$run" 2>>"$folder/err" || true
  is_whole "$run" 3
  if grep -q "cut short" "$folder/err"; then fail "it is said to be cut short"; fi
}

nothing_is_left_running() {
  local left
  left=$(still_running 'wrk |/servers/')
  [ -z "$left" ] || fail "left running: $left"
}

a_killed_run_goes_on_where_it_was
another_build_does_not_go_on_with_it
two_runs_do_not_share_a_folder
a_full_disk_ends_the_run
a_vanished_generator_ends_the_run
a_crashing_server_is_a_failed_trial
a_cell_that_brings_nothing_three_times_is_given_up
nothing_is_left_running
echo ok
