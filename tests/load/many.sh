#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# More connections than Linux has ports of one parity: they stand, and for no more than they cost.
# Asked is the kernel's CPU time, which other work on the machine does not lengthen: a second, and
# five where every port is looked at for each. In a network namespace of its own, whose ports are
# the usual ones and nobody else's.
# Usage: many.sh GENERATOR SERVER
set -euo pipefail
connections=17000 system_most_s=3

is_older() { # MAJOR.MINOR: is the kernel?
  [ "$(printf '%s\n%s\n' "$1" "$(uname -r)" | sort -V | head -1)" != "$1" ]
}

in_a_namespace() {
  unshare --user --map-root-user --net "$@"
}

# In the namespace: what the generator saw is in the folder.
load() { # GENERATOR SERVER FOLDER
  local server target
  ip link set lo up
  echo "32768 60999" >/proc/sys/net/ipv4/ip_local_port_range
  echo 65535 >/proc/sys/net/core/somaxconn
  : >"$3/ready"
  "$2" --backlog 65535 >"$3/ready" 2>"$3/server" &
  server=$!
  until target=$(sed -n 's/^ready //p' "$3/ready") && [ -n "$target" ]; do
    kill -0 "$server" || exit 1
    read -rt 0.05 <> <(:) || true
  done
  TIMEFORMAT=%0S
  { time "$1" --connections "$connections" --timeout 60 --warm-up 0 --time 0.1 --json "$3/json" \
    "$target" >"$3/out" 2>&1 || true; } 2>"$3/system_s" # a busy machine may not serve all of them
  kill "$server"
  wait "$server" || true
}

if [ "$1" = --inside ]; then
  load "$2" "$3" "$4"
  exit
fi

skip() { echo "skipped: $1"; exit 77; }
fail() { echo "not ok: $1"; exit 1; }

[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge $((connections + 200)) ] ||
  skip "$connections connections need more open files (ulimit -Hn)"
! is_older 6.9 || skip "before Linux 6.9 nothing helps but a wider ip_local_port_range"
in_a_namespace true 2>/dev/null || skip "no network namespace may be made here"
ulimit -Sn "$(ulimit -Hn)"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
in_a_namespace "$0" --inside "$1" "$2" "$folder" || fail "$(cat "$folder"/*)"
stood=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["per_connection"]["open_at_start"])' "$folder/json") ||
  fail "$(cat "$folder/out")"
[ "$stood" = "$connections" ] || fail "$stood of $connections connections stood"
system_s=$(<"$folder/system_s")
[ "$system_s" -lt "$system_most_s" ] || fail "$connections connections took the kernel $system_s s"
echo ok
