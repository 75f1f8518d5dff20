#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One claim is tried to its end, once and quickly; its figures lead to a verdict, and are all that the
# notes cite.
# Usage: try.sh C10KIT ID [plain]      plain: as a user without privileges
set -euo pipefail
c10kit=$1 id=$2 as=() root=$(dirname "$0")/../..
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "not ok: $1"; sed 's/^/# /' "$folder/out"; exit 1; }

if [ "${3:-}" = plain ] && [ "$(id -u)" -eq 0 ]; then
  as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  chmod 777 "$folder"
  "${as[@]}" "$c10kit" claims list >"$folder/out" 2>&1 || { echo "skipped: others may not run it"; exit 77; }
fi
"${as[@]}" "$c10kit" claims run --quick --repeats 1 --seed 1 -o "$folder/record" "$id" >"$folder/out" 2>&1 \
  || fail "$id is tried to its end"
outcome=$(grep -E "^$id,experiment,outcome," "$folder/record/figures.csv" | cut -d'"' -f2)
case $outcome in
complete) ;;
"not tried:"*) echo "skipped: $outcome"; exit 77 ;;
*) fail "$id says how it ended" ;;
esac
[ "$(grep -vc ",experiment," "$folder/record/figures.csv")" -ge 2 ] || fail "$id has a figure"
grep -qE "^$id,(confirmed|refuted|depends|undecided)," "$folder/record/verdicts.csv" \
  || fail "$id has a verdict"
! grep -q "gnuplot" "$folder/out" || fail "its chart is drawn"
grep -oE "\{\{[#^]?$id\.[^}]*\}\}|\{\{/\}\}" "$root/docs/notes.md.in" >"$folder/cited.md.in"
"$c10kit" claims notes --record "$folder/record" --reference "$root/results/reference" \
  --template "$folder/cited.md.in" -o "$folder/cited.md" >>"$folder/out" 2>&1 || fail "$id has all that is cited"
echo "ok: $(grep "^$id," "$folder/record/verdicts.csv")"
