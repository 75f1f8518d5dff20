#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The scripts that show the kernel at work still can, and leave nothing running.
# Usage: scripts.sh SOURCE BUILD
set -euo pipefail
source=$1 build=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck source=tests/running.sh
. "$(dirname "$0")/../running.sh"

fail() { echo "not ok: $1"; exit 1; }

run() { # SCRIPT
  "$source/scripts/$1" "$build" >"$folder/out" 2>"$folder/err" ||
    fail "$1: $(cat "$folder/out" "$folder/err")"
  [ ! -s "$folder/err" ] || fail "$1: $(cat "$folder/err")"
}

shows() { # LINES PATTERN: so many lines of what was printed, in basic regular expressions
  [ "$(grep -c -- "$2" "$folder/out")" = "$1" ] || fail "$1 times '$2': $(cat "$folder/out")"
}

a_fork_servers_calls_are_shown_with_reasons() {
  if ! command -v strace >/dev/null || ! strace -o /dev/null true 2>/dev/null; then
    echo "skipped: strace is not there, or may not trace"
    return
  fi
  run trace-fork
  shows 3 '^parent .*clone.* = [0-9]*  *| a process for it'
  shows 3 '^parent .*--- SIGCHLD .*| one signal'
  shows 3 '^parent .*wait4.*exited, 0.*| reaped'
  for child in 1 2 3; do
    shows 1 "^child $child .*recvfrom(.*| waits for its own client"
    shows 1 "^child $child .*exit_group(0).*| it becomes a zombie"
  done
  shows 1 '^stopped: accepted=3 answered=3 '
}

the_states_of_both_ends_are_shown() {
  if ! command -v ss >/dev/null; then
    echo "skipped: ss is not there"
    return
  fi
  run trace-states
  shows 1 '^  SYN-SENT  *LISTEN, 2 of 2 in the queue$'
  shows 1 '^  ESTAB  *ESTAB, 6 to be read$'
  shows 1 '^  ESTAB  *ESTAB  *idle -> answering on answer$'
  shows 1 '^  FIN-WAIT-2  *CLOSE-WAIT'
  shows 1 '^  TIME-WAIT  *idle -> closed on eof$'
  shows 1 '^  CLOSE-WAIT.*FIN-WAIT-2, no process  *idle -> closed on timeout$'
  shows 1 '^  *TIME-WAIT$'
  shows 1 '^echo-client said: same: sent=6 received=6 '
}

what_is_missing_is_said_in_one_line() {
  local script
  for script in trace-fork trace-states; do
    if "$source/scripts/$script" "$folder" >"$folder/out" 2>"$folder/err"; then
      fail "$script: no servers there"
    fi
    [ "$(wc -l <"$folder/err")" = 1 ] || fail "$script: $(cat "$folder/err")"
    grep -q "^$script: $folder/servers/.* is not there" "$folder/err" || fail "$(cat "$folder/err")"
    "$source/scripts/$script" --help | grep -q "^Usage: $script" || fail "$script --help"
  done
}

nothing_is_left_running() {
  local left
  left=$(still_running '/servers/|echo-client')
  [ -z "$left" ] || fail "left running: $left"
}

a_fork_servers_calls_are_shown_with_reasons
the_states_of_both_ends_are_shown
what_is_missing_is_said_in_one_line
nothing_is_left_running
echo ok
