#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Servers that are driven in turns: each is charged with its own work, and what is stopped between
# its turns is not left behind, stopped, when somebody interrupts.
# Usage: turns.sh C10KIT
set -euo pipefail
c10kit=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "not ok: $1"; sed 's/^/# /' "$folder"/*.out; exit 1; }

figure() { # CELL METRIC
  awk -F, -v cell="$1" -v metric="$2" '$2 == cell && $3 == metric { print $5 }' \
    "$folder/record/figures.csv"
}

is_between() { # VALUE LOW HIGH
  awk -v x="$1" -v low="$2" -v high="$3" 'BEGIN { exit !(x > low && x < high) }'
}

# poll looks at 5 000 silent connections for each of its waits: its answers are many times as dear.
each_is_charged_with_its_own_work() {
  local dear even
  "$c10kit" claims run --quick --repeats 1 --seed 1 -o "$folder/record" b4 >"$folder/b4.out" 2>&1 \
    || fail "b4 is tried to its end"
  dear=$(awk "BEGIN { print $(figure poll@5000 cpu_us_per_request) / $(figure epoll-lt@5000 cpu_us_per_request) }")
  even=$(awk "BEGIN { print $(figure poll@0 cpu_us_per_request) / $(figure epoll-lt@0 cpu_us_per_request) }")
  is_between "$dear" 2 100 || fail "poll among 5 000 silent ones takes $dear times epoll's time"
  is_between "$even" 0.5 2 || fail "poll with none takes $even times epoll's time"
}

has_two_drivers() {
  [ "$(pgrep -cf "c10kit-load .*$folder/interrupted")" -ge 2 ]
}

wait_until() { # WHAT COMMAND...
  local what=$1 i
  shift
  for ((i = 0; i < 300; i++)); do
    ! "$@" || return 0
    sleep 0.05
  done
  fail "$what"
}

nothing_is_left() {
  ! pgrep -f "$folder/interrupted" >/dev/null
}

an_interrupt_leaves_nothing() {
  local run status=0
  "$c10kit" claims run --seed 1 -o "$folder/interrupted" b5 >"$folder/b5.out" 2>&1 &
  run=$!
  wait_until "b5 drives in turns" has_two_drivers
  kill -TERM "$run"
  wait "$run" || status=$?
  [ "$status" -ne 0 ] || fail "an interrupted run says so"
  wait_until "nothing is left running" nothing_is_left
}

each_is_charged_with_its_own_work
an_interrupt_leaves_nothing
echo ok
