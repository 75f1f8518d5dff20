#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each outside tool has one place: wrk is named in bench/run/wrk.c (and its script wrk.lua), gnuplot
# in bench/show/chart.c. Another generator or another plotter is then one file's change. A message
# for people may name the tool that they miss; a string without a space in it is a name for programs.
set -euo pipefail
# shellcheck source=tests/shape/report.sh
. "$(dirname "${BASH_SOURCE[0]}")/report.sh"
cd "$1"

looked=0

# Lines with such a string that names the tool; an include of its module's header is no naming.
naming() { # FILE TOOL
  code_of "$1" | grep -nE "\"([^\" ]*[^A-Za-z0-9_\" ])?$2([^A-Za-z0-9_\" ][^\" ]*)?\"" |
    grep -vE '^[0-9]+:[[:space:]]*#[[:space:]]*include' || true
}

confine() { # TOOL HOME
  local tool=$1 home=$2 file line
  while read -r file; do
    looked=$((looked + 1))
    while IFS=: read -r line _; do
      [ "$file" = "$home" ] ||
        complain "$file:$line" "names $tool" "ask $home for it: only that file knows the tool"
    done < <(naming "$file" "$tool")
  done < <(find lib servers companions bench -name '*.[ch]' | sort)
}

confine wrk bench/run/wrk.c
confine gnuplot bench/show/chart.c

finish "$looked" "files"
