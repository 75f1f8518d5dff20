#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Ctrl-C ends the trying of claims, and not of the one alone that was just tried. What was recorded can
# be read and rendered.
# Usage: stopped.sh C10KIT ROOT
set -euo pipefail
c10kit=$1 root=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck source=tests/running.sh
. "$root/tests/running.sh"

fail() { echo "not ok: $1"; sed 's/^/# /' "$folder/out"; exit 1; }

is_recorded() { grep -qs "^{\"claim\":\"$1\",\"cell\":\"$2" "$folder/record/values.jsonl"; }

"$c10kit" claims run --seed 1 -o "$folder/record" a9 a1 e4 >"$folder/out" 2>&1 &
run=$!
for ((i = 0; i < 600; i++)); do
  ! is_recorded a1 rate || break
  sleep 0.05
done
kill -INT "$run"
status=0
wait "$run" || status=$?
[ "$status" -eq 1 ] || fail "the exit status is 1, and not $status"
! grep -q '"claim":"e4"' "$folder/record/values.jsonl" || fail "nothing more is tried"
[ -z "$(still_running .)" ] || fail "nothing is left running: $(still_running .)"
grep -qE '^a9,(confirmed|refuted|depends),' "$folder/record/verdicts.csv" || fail "what was tried counts"
grep -q '^a1,undecided,' "$folder/record/verdicts.csv" || fail "what was stopped is undecided"
grep -q '^e4,undecided,"not tried to its end"' "$folder/record/verdicts.csv" || fail "what was left is, too"
"$c10kit" claims notes --record "$folder/record" --template "$root/docs/notes.md.in" \
  --reference "$root/results/reference" -o "$folder/notes.md" >>"$folder/out" 2>&1 ||
  fail "there are notes of it"
echo ok
