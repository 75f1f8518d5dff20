#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A name whose first address nobody listens at: most machines' localhost is ::1 before it is
# 127.0.0.1. With an /etc/hosts of its own that says so.
# Usage: names.sh GENERATOR SERVER
set -euo pipefail

in_a_namespace() {
  unshare --user --map-root-user --net --mount "$@"
}

load() { # GENERATOR SERVER FOLDER
  local server target status=0
  ip link set lo up
  mount --bind "$3/hosts" /etc/hosts
  getent ahosts localhost | head -1 >"$3/first"
  "$2" >"$3/ready" 2>"$3/server" &
  server=$!
  until target=$(sed -n 's/^ready //p' "$3/ready") && [ -n "$target" ]; do
    kill -0 "$server" || exit 1
    read -rt 0.05 <> <(:) || true
  done
  "$1" --connections 2 --warm-up 0 --time 0.1 "localhost:${target##*:}" >"$3/out" 2>&1 || status=$?
  kill "$server"
  wait "$server" || true
  return "$status"
}

if [ "$1" = --inside ]; then
  load "$2" "$3" "$4"
  exit
fi

skip() { echo "skipped: $1"; exit 77; }

in_a_namespace true 2>/dev/null || skip "no namespace may be made here"
[ -e /proc/net/if_inet6 ] || skip "no IPv6"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '127.0.0.1 localhost\n::1 localhost\n' >"$folder/hosts"
: >"$folder/ready"
in_a_namespace "$0" --inside "$1" "$2" "$folder" || { echo "not ok: $(cat "$folder"/*)"; exit 1; }
grep -q ::1 "$folder/first" || skip "the resolver does not put ::1 first"
echo ok
