#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `c10kit selftest` passes where the suite is sound, as far as that does not depend on times; and
# does not where a server that must be refused is let pass. Usage: quick.sh C10KIT SERVERS
set -euo pipefail
c10kit=$1 servers=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

command -v wrk >/dev/null || { echo "skipped: wrk is not installed"; exit 77; }

fail() { echo "not ok: $1"; exit 1; }

# The host took CPU time away in each of a trial's attempts: that is nobody's fault here.
skip_if_spoilt() { # FOLDER
  if grep -rhqs --include=trials.jsonl '"attempt":3,.*"spoilt":1' "$1"; then
    echo "skipped: the machine spoils each trial"
    exit 77
  fi
}

a_sound_suite_passes_and_keeps_what_it_was_told_to() {
  local line
  local status=0
  "$c10kit" selftest --quick --output "$folder/kept" >"$folder/out" 2>"$folder/err" || status=$?
  skip_if_spoilt "$folder/kept"
  [ "$status" = 0 ] || fail "status $status: $(cat "$folder/out" "$folder/err")"
  for line in hang status-500 short-body backlog-1 'labels permuted'; do
    grep -q "^ok      $line  " "$folder/out" || fail "$line: $(cat "$folder/out")"
  done
  [ "$(tail -n 1 "$folder/out")" = "ok: 5 of 5 as expected" ] || fail "$(cat "$folder/out")"
  [ -s "$folder/kept/controls/trials.jsonl" ] || fail "the controls' record is kept"
  [ -s "$folder/kept/misfits/trials.jsonl" ] || fail "the misfits' record is kept"
}

# A build folder in which "hang" is sound, and in which there are no controls.
redeem_hang() {
  local selftest=$folder/tests/selftest
  mkdir -p "$folder/bench" "$selftest" "$folder/tmp"
  cp "$c10kit" "$(dirname "$c10kit")/c10kit-launch" "$folder/bench"
  cp "$servers/status-500" "$servers/short-body" "$servers/backlog-1" "$selftest"
  {
    echo '#!/bin/sh'
    echo "[ \"\${1-}\" != --describe ] || exec echo '{\"name\": \"hang\"}'"
    echo "exec '$servers/spin-50'"
  } >"$selftest/hang"
  chmod +x "$selftest/hang"
}

one_that_is_let_pass_or_cannot_be_measured_is_not_ok() {
  local status=0
  redeem_hang
  TMPDIR=$folder/tmp "$folder/bench/c10kit" selftest --quick --json >"$folder/out" 2>"$folder/err" ||
    status=$?
  [ "$status" = 1 ] || fail "status $status, not 1: $(cat "$folder/out" "$folder/err")"
  grep -A3 '"check": "hang"' "$folder/out" | grep -q '"ok": false' || fail "$(cat "$folder/out")"
  grep -q 'it was let pass' "$folder/out" || fail "it says why: $(cat "$folder/out")"
  grep -A3 '"check": "controls"' "$folder/out" | grep -q '"ok": false' || fail "$(cat "$folder/out")"
  [ "$(grep -c '"ok": false' "$folder/out")" = 3 ] || # with the whole
    fail "these two and no more: $(cat "$folder/out")"
  [ -z "$(ls -A "$folder/tmp")" ] || fail "left in the temporary folder: $(ls -A "$folder/tmp")"
}

a_sound_suite_passes_and_keeps_what_it_was_told_to
one_that_is_let_pass_or_cannot_be_measured_is_not_ok
echo ok
