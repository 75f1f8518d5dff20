#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# echo-client against every model, and against servers with a known fault.
# Usage: echo-client.sh ECHO-CLIENT FAULTY SERVERS MODEL...
set -euo pipefail
client=$1 faulty=$2 servers=$3
shift 3
models=("$@")
folder=$(mktemp -d) pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT

fail() { echo "not ok: $1"; exit 1; }

start() { # COMMAND...: sets pid and port
  rm -f "$folder/ready"
  "$@" >"$folder/ready" 2>"$folder/server" &
  pid=$!
  until grep -qs '^ready ' "$folder/ready"; do
    kill -0 "$pid" 2>/dev/null || fail "$1 ended by itself: $(cat "$folder/server")"
    read -rt 0.02 <> <(:) || true
  done
  port=$(sed 's/.*://' "$folder/ready")
}

stop() {
  kill "$pid"
  wait "$pid" || true
  pid=
}

talk() { # OPTION... FILE: sets status; what is said goes to $folder/out and $folder/err
  status=0
  "$client" 127.0.0.1 "$port" "$@" >"$folder/out" 2>"$folder/err" || status=$?
}

said() { cat "$folder/out" "$folder/err"; }

expect() { # NAME STATUS OUT ERR: patterns; an empty one means nothing was said there
  [ "$status" = "$2" ] || fail "$1: status $status, not $2: $(said)"
  grep -Eqx -- "$3" "$folder/out" || fail "$1: $(said)"
  if [ -z "$4" ]; then
    [ ! -s "$folder/err" ] || fail "$1: $(said)"
  else
    [ "$(wc -l <"$folder/err")" = 1 ] || fail "$1: one line on standard error: $(said)"
    grep -Eq -- "$4" "$folder/err" || fail "$1: $(said)"
  fi
}

# More than client and server together have room for: who does not read while writing hangs.
a_file_bigger_than_all_buffers_comes_back_from_every_model() {
  local model
  for model in "${models[@]}"; do
    start "$servers/$model" --protocol echo
    talk "$folder/big"
    stop
    expect "$model" 0 "same: sent=$big received=$big seconds=[0-9.]+" ''
  done
}

standard_input_comes_back_however_short() {
  start "$servers/epoll-lt" --protocol echo
  talk < <(printf 'hello\n')
  expect 'six bytes' 0 'same: sent=6 received=6 .*' ''
  talk </dev/null
  expect 'nothing' 0 'same: sent=0 received=0 .*' ''
  stop
}

whoever_types_may_take_their_time() {
  start "$servers/epoll-lt" --protocol echo
  talk --timeout 0.1 < <(printf one; sleep 0.5; printf two)
  expect 'a pause' 0 'same: sent=6 received=6 .*' ''
  stop
}

a_changed_byte_is_found_where_it_is() {
  local place
  for place in 0 70000 $((big - 1)); do
    start "$faulty" flip "$place"
    talk "$folder/big"
    stop
    expect "byte $place" 1 "different: sent=[0-9]+ received=$place seconds=.*" \
      "byte $place \(from 0\) was sent as 0x.. and came back as 0x.."
  done
}

bytes_that_nobody_sent_are_told() {
  start "$faulty" extra 3
  talk "$folder/big"
  stop
  expect 'three bytes more' 1 "different: sent=$big received=$big .*" '[123] bytes too many'
}

a_server_that_closes_early_is_told() {
  start "$faulty" early 50000
  talk "$folder/big"
  expect 'closed in the middle' 1 'cut-off: sent=[0-9]+ received=50000 .*' 'closed with [0-9]+ bytes to come'
  stop
  start "$faulty" cut 6
  talk < <(printf 'hello\n')
  expect 'closed at the end' 1 'cut-off: sent=6 received=0 .*' 'closed with 6 bytes to come|reset'
  stop
  start "$faulty" cut 50000
  talk "$folder/big"
  expect 'broken' 1 'cut-off: sent=[0-9]+ received=0 .*' 'broke|closed'
  stop
}

a_server_that_owes_is_not_waited_for_longer_than_the_timeout() {
  start "$faulty" swallow
  talk --timeout 0.2 < <(printf 'hello\n')
  expect 'no answer' 1 'timeout: sent=6 received=0 .*' 'nothing has moved for 0.2 s'
  stop
  start "$faulty" stay
  talk --timeout 0.2 < <(printf 'hello\n')
  expect 'no end' 1 'timeout: sent=6 received=6 .*' 'has not closed for 0.2 s'
  stop
}

# The file is sparse, and larger than what the kernel may ever keep.
writing_all_first_deadlocks_once_the_buffers_are_full() {
  truncate -s 200M "$folder/sparse"
  start "$servers/epoll-lt" --protocol echo
  talk --no-read --timeout 0.5 "$folder/sparse"
  expect 'two that only write' 1 'deadlock: sent=[1-9][0-9]{4,8} received=0 .*' \
    '^echo-client: [0-9]+ bytes fit into the buffers'
  [ "$(sed 's/.* sent=\([0-9]*\) .*/\1/' "$folder/out")" -lt $((200 << 20)) ] || fail "all fits"
  grep -q "^echo-client: $(sed 's/.* sent=\([0-9]*\) .*/\1/' "$folder/out") bytes fit" "$folder/err" ||
    fail "how much fits: $(said)"
  talk --no-read < <(head -c 30000 "$folder/big")
  expect 'what fits' 0 'same: sent=30000 received=30000 .*' ''
  stop
}

what_cannot_be_done_is_said_in_one_line() {
  talk "$folder/big" # nobody listens there any more
  { [ "$status" = 1 ] && grep -q 'cannot connect to 127.0.0.1, port' "$folder/err"; } ||
    fail "$(said)"
  talk "$folder/nowhere"
  { [ "$status" = 1 ] && grep -q 'cannot open .*nowhere' "$folder/err"; } || fail "$(said)"
  talk "$folder/big" more
  [ "$status" = 64 ] || fail "two files: status $status"
  talk --timeout never
  [ "$status" = 64 ] || fail "no number: status $status"
  "$client" --help | grep -q -- --no-read || fail "--help"
  "$client" --version | grep -q '^echo-client (c10kit) [0-9]' || fail "--version"
}

head -c $((24 << 20)) /dev/urandom >"$folder/big"
big=$((24 << 20))
a_file_bigger_than_all_buffers_comes_back_from_every_model
standard_input_comes_back_however_short
whoever_types_may_take_their_time
a_changed_byte_is_found_where_it_is
bytes_that_nobody_sent_are_told
a_server_that_closes_early_is_told
a_server_that_owes_is_not_waited_for_longer_than_the_timeout
writing_all_first_deadlocks_once_the_buffers_are_full
what_cannot_be_done_is_said_in_one_line
echo ok
