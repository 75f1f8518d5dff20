#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# notify, from its subscribers' side. Usage: notify.sh NOTIFY
set -euo pipefail
notify=$1
folder=$(mktemp -d) pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT

fail() { echo "not ok: $1"; exit 1; }

await() { # COMMAND...: until it succeeds
  until "$@"; do
    kill -0 "$pid" 2>/dev/null || fail "the server ended by itself: $(cat "$folder/counts")"
    read -rt 0.02 <> <(:) || true
  done
}

is_ready() { grep -qs '^ready ' "$folder/ready"; }

start() { # OPTION...: sets pid and port
  rm -f "$folder/ready"
  "$notify" "$@" >"$folder/ready" 2>"$folder/counts" &
  pid=$!
  await is_ready
  port=$(sed 's/.*://' "$folder/ready")
}

stop() {
  local status=0
  kill "$pid"
  wait "$pid" || status=$?
  pid=
  [ "$status" = 0 ] || fail "told to stop: status $status: $(cat "$folder/counts")"
  [ "$(wc -l <"$folder/counts")" = 1 ] || fail "one last line: $(cat "$folder/counts")"
  grep -Eqx 'stopped:( [a-z-]+=[0-9]+){7}' "$folder/counts" || fail "$(cat "$folder/counts")"
}

count() { # KEY: of the last line
  grep -oE " $1=[0-9]+" "$folder/counts" | cut -d= -f2
}

subscribe() { # FILE: what comes goes there; the number of the process that reads: $reader
  local fd
  : >"$1"
  exec {fd}<>"/dev/tcp/127.0.0.1/$port"
  cat <&"$fd" >"$1" 2>/dev/null &
  reader=$!
  exec {fd}>&-
}

has_lines() { # HOW-MANY FILE...
  local least=$1 file
  shift
  for file in "$@"; do
    [ "$(wc -l <"$file")" -ge "$least" ] || return 1
  done
}

# Prints "LINES FIRST LAST MISSING", and fails where a line is not one or they are not in order. A
# last line without an end does not count: the server was stopped in the middle of it.
read_through() { # FILE
  head -n "$(wc -l <"$1")" "$1" | awk 'NF != 2 || /[^0-9 ]/ { print "line " NR " is \"" $0 "\""; exit 1 }
    NR == 1 { first = $1 }
    NR > 1 && ($1 <= number || $2 < made) { print "line " NR " is out of order"; exit 1 }
    NR > 1 { missing += $1 - number - 1 }
    { number = $1; made = $2 }
    END { print NR, first, number, missing + 0 }'
}

every_subscriber_gets_every_notification_in_order() { # INTEREST WAKE
  local files=() readers=() file read lines total=0 last='' each_last missing
  start --interest "$1" --wake "$2" --workers 3 --interval 500
  for file in "$folder"/{1..8}.lines; do
    subscribe "$file"
    files+=("$file") readers+=("$reader")
  done
  await has_lines 200 "${files[@]}"
  stop
  wait "${readers[@]}"
  for file in "${files[@]}"; do
    read=$(read_through "$file") || fail "$1, $2: $read"
    read -r lines _ each_last missing <<<"$read"
    [ "$missing" = 0 ] || fail "$1, $2: $missing are missing"
    [ "${last:=$each_last}" = "$each_last" ] || fail "$1, $2: one ends at $last, one at $each_last"
    total=$((total + lines))
  done
  [ "$(count delivered)" = "$total" ] || fail "$1, $2: $total came: $(cat "$folder/counts")"
  [ "$(count dropped)" = 0 ] || fail "$1, $2: $(cat "$folder/counts")"
  [ "$(count notifications)" -ge "$last" ] || fail "$1, $2: $last came: $(cat "$folder/counts")"
}

each_notification_comes_at_once_and_not_with_the_next() { # WAKE
  start --wake "$1" --interval 1000000
  subscribe "$folder/first"
  await has_lines 1 "$folder/first"
  stop
  wait "$reader"
  [ "$(wc -l <"$folder/first")" = 1 ] || fail "$1: several at once: $(cat "$folder/first")"
}

# For as long as five notifications take, with four subscribers that read all.
count_idle_waits() { # INTEREST: sets idle
  local files=("$folder"/{1..4}.lines) readers=() file
  start --interest "$1" --interval 50000
  for file in "${files[@]}"; do
    subscribe "$file"
    readers+=("$reader")
  done
  await has_lines 5 "${files[@]}"
  stop
  wait "${readers[@]}"
  idle=$(count idle-waits)
}

only_interest_that_stays_armed_spins() {
  count_idle_waits oneshot
  [ "$idle" = 0 ] || fail "oneshot: $idle idle waits"
  count_idle_waits edge # registered for room that is there: one report for each subscriber
  [ "$idle" -le 4 ] || fail "edge: $idle idle waits"
  count_idle_waits armed
  [ "$idle" -gt 1000 ] || fail "armed: $idle idle waits only"
}

# It reads nothing until the other has twice as many as buffers usually hold; then the two read on
# together.
a_slow_subscriber_misses_whole_lines_and_holds_up_nobody() { # INTEREST
  local quick=$folder/quick slow=$folder/slow read readers=() slow_fd lines all missing
  : >"$slow"
  start --interest "$1" --interval 50
  exec {slow_fd}<>"/dev/tcp/127.0.0.1/$port"
  subscribe "$quick"
  readers+=("$reader")
  await has_lines 30000 "$quick"
  cat <&"$slow_fd" >"$slow" &
  readers+=("$!")
  exec {slow_fd}>&-
  await has_missed "$slow"
  stop
  wait "${readers[@]}"
  read=$(read_through "$quick") || fail "$1: the quick one: $read"
  read -r all _ _ missing <<<"$read"
  [ "$missing" = 0 ] || fail "$1: the quick one misses $missing"
  read=$(read_through "$slow") || fail "$1: the slow one: $read"
  read -r lines _ _ missing <<<"$read"
  [ "$(count dropped)" -ge "$missing" ] || fail "$1: it misses $missing: $(cat "$folder/counts")"
  [ "$(count delivered)" = $((all + lines)) ] ||
    fail "$1: $all and $lines came: $(cat "$folder/counts")"
  [ "$(count partial-writes)" -gt 0 ] || fail "$1: $(cat "$folder/counts")"
  if [ "$1" != armed ]; then
    [ "$(count idle-waits)" -le 10 ] || fail "$1: $(cat "$folder/counts")"
  fi
}

# And has caught up: behind the gap it has as many lines again.
has_missed() { # FILE
  awk 'NR > 1 && $1 > number + 1 { gap = NR } { number = $1 }
    END { exit !(gap && NR > gap + 1000) }' "$1"
}

descriptors() { find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l; }
has_descriptors() { [ "$(descriptors)" = "$1" ]; }

subscribers_come_and_go() { # INTEREST
  local before i fds=() fd
  start --interest "$1" --interval 1000
  before=$(descriptors)
  for i in {1..20}; do
    exec {fd}<>"/dev/tcp/127.0.0.1/$port"
    fds+=("$fd")
  done
  await has_descriptors $((before + 20))
  for fd in "${fds[@]}"; do exec {fd}>&-; done
  await has_descriptors "$before"
  subscribe "$folder/after"
  await has_lines 10 "$folder/after"
  stop
  wait "$reader"
}

out_of_descriptors_it_does_not_spin() {
  local readers=() i served
  start_with_few_files
  for i in {1..20}; do
    subscribe "$folder/few-$i"
    readers+=("$reader")
  done
  await has_none_left
  await has_lines 10 "$folder/few-1"
  served=$(find "$folder" -name 'few-*' -size +0 | wc -l)
  kill "${readers[0]}" # its place is the next one's
  await has_lines 1 "$folder/few-$((served + 1))"
  stop
  wait "${readers[@]}" 2>/dev/null || true
  [ "$(count idle-waits)" -le 10 ] || fail "$(cat "$folder/counts")"
}

# Some are taken from the start, so that fewer than 16 subscribers have room.
start_with_few_files() {
  local soft
  soft=$(ulimit -Sn)
  ulimit -Sn 16
  start --interval 10000
  ulimit -Sn "$soft"
}

has_none_left() {
  local fd
  for fd in {0..15}; do
    [ -e "/proc/$pid/fd/$fd" ] || return 1
  done
}

what_cannot_be_done_is_said() {
  local status
  for wrong in --interest=always --wake=bell --workers=0 --interval=x --port=70000 more; do
    status=0
    "$notify" "$wrong" >"$folder/out" 2>&1 || status=$?
    [ "$status" = 64 ] || fail "$wrong: status $status: $(cat "$folder/out")"
  done
  start
  status=0
  "$notify" --port "$port" >"$folder/out" 2>&1 || status=$?
  [ "$status" = 1 ] || fail "a port that is taken: status $status"
  grep -qx "notify: cannot listen on 127.0.0.1:$port: Address already in use" "$folder/out" ||
    fail "a port that is taken: $(cat "$folder/out")"
  stop
  "$notify" --help >"$folder/out"
  grep -q 'armed|oneshot|edge' "$folder/out" || fail "--help"
  "$notify" --version | grep -q '^notify (c10kit) [0-9]' || fail "--version"
}

for wake in eventfd pipe socketpair; do
  each_notification_comes_at_once_and_not_with_the_next "$wake"
done
for interest in armed oneshot edge; do
  for wake in eventfd pipe socketpair; do
    every_subscriber_gets_every_notification_in_order "$interest" "$wake"
  done
  a_slow_subscriber_misses_whole_lines_and_holds_up_nobody "$interest"
  subscribers_come_and_go "$interest"
done
only_interest_that_stays_armed_spins
out_of_descriptors_it_does_not_spin
what_cannot_be_done_is_said
echo ok
