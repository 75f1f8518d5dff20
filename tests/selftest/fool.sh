#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Four servers that no benchmark may let pass. A plain wrk run shows nothing wrong with three of
# them and counts the failures of the fourth as requests served; `c10kit run` refuses all four.
# Usage: fool.sh C10KIT SERVERS
set -euo pipefail
c10kit=$1 servers=$2
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT

command -v wrk >/dev/null || { echo "skipped: wrk is not installed"; exit 77; }

fail() { echo "not ok: $1"; exit 1; }

# The host took CPU time away in each of a trial's attempts: that is nobody's fault here.
skip_if_spoilt() { # FOLDER
  if grep -rhqs --include=trials.jsonl '"attempt":3,.*"spoilt":1' "$1"; then
    echo "skipped: the machine spoils each trial"
    exit 77
  fi
}

start() { # MISFIT: sets pid and port
  rm -f "$folder/said" # that of the server before says ready, too
  "$servers/$1" >"$folder/said" 2>"$folder/counts" &
  pid=$!
  until grep -qs '^ready ' "$folder/said"; do
    kill -0 "$pid" 2>/dev/null || fail "$1 ended by itself: $(cat "$folder/counts")"
    read -rt 0.02 <> <(:) || true
  done
  port=$(sed 's/.*://' "$folder/said")
}

stop() { # MISFIT
  kill "$pid"
  wait "$pid" || fail "$1 ended with status $?"
  pid=
}

load() { # MISFIT: wrk's words go to $folder/wrk
  local status=0
  start "$1"
  wrk --threads 1 --connections 64 --duration 1s --latency "http://127.0.0.1:$port/" \
    >"$folder/wrk" 2>&1 || status=$?
  stop "$1"
  [ "$status" = 0 ] || fail "$1: wrk ended with status $status: $(cat "$folder/wrk")"
  grep -Eq '^Requests/sec: +[1-9]' "$folder/wrk" || fail "$1: no speed: $(cat "$folder/wrk")"
}

speed() { awk '$1 == "Requests/sec:" { print $2 }' "$folder/wrk"; }
counted() { awk '/ requests in / { print $1 }' "$folder/wrk"; }

wrk_sees_nothing_wrong_with() { # MISFIT
  load "$1"
  ! grep -Ei 'errors|non-2xx|timeout' "$folder/wrk" || fail "$1: wrk noticed"
  echo "wrk on $1: exit status 0, $(speed) requests per second, no complaint"
}

wrk_counts_failures_as_served_of() { # MISFIT
  load "$1"
  local failures answers
  failures=$(awk '/Non-2xx or 3xx responses:/ { print $NF }' "$folder/wrk")
  answers=$(sed -n 's/.* answered=\([0-9]*\) .*/\1/p' "$folder/counts")
  [ "${failures:-0}" -gt 0 ] || fail "$1: no failures: $(cat "$folder/wrk")"
  # What was under way when wrk stopped is the server's and not wrk's.
  [ "$(counted)" -gt $((answers - failures)) ] ||
    fail "$1: wrk counted $(counted) of $answers answers, $failures of them failures"
  echo "wrk on $1: exit status 0, $(speed) requests per second, $failures failures among them"
}

c10kit_refuses_all_four() {
  "$c10kit" run --servers-dir "$servers" --models hang,status-500,short-body,backlog-1 \
    --workloads keep-alive --levels 64 --blocks 1 --time 1 --no-cold --output "$folder/run" \
    >"$folder/printed" 2>&1 || fail "c10kit run: $(cat "$folder/printed")"
  skip_if_spoilt "$folder/run"
  refused hang 'served [0-9]+ of 64 connections'
  refused status-500 'errors: [1-9][0-9]*'
  refused short-body '[0-9]+ bytes are not [0-9]+ answers of [0-9]+'
  refused backlog-1 '([0-9]+ of 64 connections|accept queue overflowed)'
  grep '"model":"backlog-1"' "$folder/run/trials.jsonl" | grep -q '"listen_overflows":[1-9]' ||
    fail "backlog-1: the kernel counted no overflow"
}

refused() { # MISFIT REASON: a pattern for the whole of it
  local line reason
  line=$(grep "\"model\":\"$1\"" "$folder/run/trials.jsonl") || fail "no trial of $1"
  reason=$(sed -n 's/.*"reason":"\([^"]*\)".*/\1/p' <<<"$line")
  grep -q '"valid":0' <<<"$line" || fail "$1 was let pass"
  grep -q '"failure":null' <<<"$line" || fail "$1 was not measured: $line"
  grep -Eqx -- "$2" <<<"$reason" || fail "$1 was refused for '$reason', not for '$2'"
  echo "c10kit on $1: refused, $reason"
}

wrk_sees_nothing_wrong_with hang
wrk_sees_nothing_wrong_with short-body
wrk_sees_nothing_wrong_with backlog-1
wrk_counts_failures_as_served_of status-500
c10kit_refuses_all_four
echo ok
