#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/notes.md is what the committed record says, and says nothing of its own.
# Usage: notes.sh C10KIT ROOT
set -euo pipefail
c10kit=$1 root=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() { echo "not ok: $1"; exit 1; }

render() { # TEMPLATE [RECORD]
  "$c10kit" claims notes --record "${2:-$root/results/claims}" --reference "$root/results/reference" \
    --template "$1" --output "$folder/notes.md"
}

notes_are_up_to_date() {
  render "$root/docs/notes.md.in" || fail "docs/notes.md.in can be rendered"
  diff -u "$root/docs/notes.md" "$folder/notes.md" ||
    fail "docs/notes.md is out of date: write it again with build/bench/c10kit claims notes -o docs/notes.md"
}

# What is derived is what this build makes of the record.
figures_and_verdicts_can_be_made_again() {
  cp -r "$root/results/claims" "$folder/claims"
  rm "$folder/claims/figures.csv" "$folder/claims/verdicts.csv"
  "$c10kit" claims report "$folder/claims" >"$folder/said" 2>&1 || fail "$(cat "$folder/said")"
  for name in figures verdicts; do
    diff -u "$root/results/claims/$name.csv" "$folder/claims/$name.csv" >"$folder/said" ||
      fail "$name.csv is out of date: c10kit claims report: $(head -n 20 "$folder/said")"
  done
}

every_claim_has_its_place() {
  local id
  for id in $("$c10kit" claims list | awk '{ print $1 }'); do
    grep -q "{{$id\.verdict}}" "$root/docs/notes.md.in" || fail "$id has a verdict in the prose"
    grep -q "^$id,confirmed\|^$id,refuted\|^$id,depends\|^$id,undecided" \
      "$root/results/claims/verdicts.csv" || fail "$id was tried"
  done
}

every_picture_is_there() {
  local path
  grep -oE '\]\([^)]+\.svg\)' "$root/docs/notes.md" | tr -d '])(' | while read -r path; do
    [ -e "$root/docs/$path" ] || fail "$path is there"
  done
}

a_number_without_data_is_refused() {
  echo '{{b1.nobody.wait_us}}' >"$folder/wrong.md.in"
  ! render "$folder/wrong.md.in" 2>"$folder/err" || fail "a figure that is not there"
  grep -q "line 1: b1 has no figure nobody.wait_us" "$folder/err" || fail "the line is named"
}

# As in a folder that root had no hand in.
what_was_not_tried_is_told() {
  local id
  mkdir "$folder/without"
  cp "$root/results/claims/manifest.json" "$folder/without"
  grep -vE '^\{"claim":"(b9|b10)"' "$root/results/claims/values.jsonl" >"$folder/without/values.jsonl"
  for id in b9 b10; do
    echo "{\"claim\":\"$id\",\"cell\":\"experiment\",\"metric\":\"outcome\",\"repeat\":1,\"text\":\"not tried: no root\"}"
  done >>"$folder/without/values.jsonl"
  render "$root/docs/notes.md.in" "$folder/without" || fail "without b9 and b10 there are notes"
  [ "$(grep -c 'No figures: not tried: no root' "$folder/notes.md")" -eq 3 ] || fail "and they say so"
  ! grep -q "not tried" "$root/docs/notes.md" || fail "the notes here lack nothing"
}

notes_are_up_to_date
what_was_not_tried_is_told
figures_and_verdicts_can_be_made_again
every_claim_has_its_place
every_picture_is_there
a_number_without_data_is_refused
echo ok
