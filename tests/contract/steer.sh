#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# With --steer a client is served by the worker that is pinned to the CPU that the client came in
# on: over the loopback interface, the client's own. Usage: steer.sh SERVER
set -euo pipefail
server=$1
each=6 # clients on each CPU: by chance all are on the right one of two in one run of 4096
folder=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$folder"' EXIT

fail() { echo "not ok: $1"; exit 1; }

if [ "$(nproc)" -lt 2 ]; then
  echo "skipped: it takes two CPUs"
  exit 77
fi

start() { # OPTION...
  "$server" --unit process --trace "$@" >"$folder/out" 2>"$folder/err" &
  pid=$!
  until grep -qs '^ready' "$folder/out"; do
    kill -0 "$pid" || fail "no server: $(cat "$folder/err")"
    read -rt 0.02 <> <(:) || true
  done
  port=$(sed 's/.*://' "$folder/out")
}

stop() {
  kill "$pid"
  wait "$pid" || fail "the server ends with $?"
  pid=
}

# Prints the server's answer; the shell that connects runs on that CPU from its start.
ask_from() { # CPU
  # shellcheck disable=SC2016 # for the inner shell
  taskset -c "$1" bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"
    printf "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" >&3; cat <&3' "$port"
}

cpus() { taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | awk -F- '{for (i = $1; i <= $NF; i++) print i}'; }

# How many of the clients from this CPU were served by a worker that may use this CPU only.
served_at_home() { # CPU
  local worker home=0 i
  for ((i = 0; i < each; i++)); do
    : >"$folder/err"
    ask_from "$1" | grep -q '200 OK' || fail "no answer on CPU $1"
    worker=$(sed -nE 's/^trace: ([0-9]+)\/.*/\1/p' "$folder/err" | tail -1)
    [ -n "$worker" ] || fail "the trace names no worker"
    [ "$(taskset -cp "$worker" | sed 's/.*: //')" != "$1" ] || home=$((home + 1))
  done
  echo "$home"
}

start --steer yes
for cpu in $(cpus); do
  home=$(served_at_home "$cpu")
  [ "$home" = "$each" ] || fail "CPU $cpu: $home of $each clients were served on it"
done
stop
echo ok
