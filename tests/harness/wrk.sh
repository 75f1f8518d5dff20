#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bench/wrk.lua reads wrk's histogram where it lies in memory. It must be the one that wrk itself
# gives, value by value. Usage: wrk.sh SCRIPT SERVER
set -euo pipefail
script=$(realpath "$1") server=$2
folder=$(mktemp -d) pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$folder"' EXIT

command -v wrk >/dev/null || { echo "skipped: wrk is not installed"; exit 77; }

fail() { echo "not ok: $1"; exit 1; }

cat >"$folder/both.lua" <<'END'
dofile(os.getenv("SCRIPT"))
local write = done
function done(summary, latency, requests)
   write(summary, latency, requests)
   local file = io.open(os.getenv("SLOW"), "w")
   for i = 1, debug.getinfo(write, "u").nups do
      local name, value = debug.getupvalue(write, i)
      if name == "lines_in_place" and not value(latency) then file:write("one by one: slow\n") end
   end
   for i = 1, #latency do
      file:write(string.format("%.0f %.0f\n", latency(i)))
   end
   file:write("end\n")
   file:close()
end
END

"$server" >"$folder/ready" 2>/dev/null &
pid=$!
until [ -s "$folder/ready" ]; do
  kill -0 "$pid" || fail "the server starts"
  read -rt 0.05 <> <(:) || true
done
address=$(sed 's/ready //' "$folder/ready")

for connections in 1 64; do
  C10KIT_WRK_RESULT=$folder/quick SCRIPT=$script SLOW=$folder/slow \
    wrk --threads=1 --connections="$connections" --duration=1s --script="$folder/both.lua" \
    "http://$address/" >/dev/null
  sed '1,/^corrected_latency_us/d' "$folder/quick" >"$folder/in-place"
  [ "$(wc -l <"$folder/slow")" -gt 10 ] || fail "some latencies differ"
  cmp "$folder/in-place" "$folder/slow" || fail "$connections connections: the same, read in place"
done
echo ok
