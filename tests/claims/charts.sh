#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each claim's chart is drawn whatever the record lacks of its figures, as one of a quick run does, or of
# a run that was stopped, or of a machine that cannot try everything.
# Usage: charts.sh C10KIT ROOT
set -euo pipefail
c10kit=$1 root=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
gnuplot=$(command -v gnuplot) || { echo "skipped: no gnuplot"; exit 77; }

fail() { echo "not ok: $1"; exit 1; }

# Drawn is the SVG alone: the PNG is the same script and takes twice the time.
mkdir "$folder/bin" "$folder/record"
cat >"$folder/bin/gnuplot" <<END
#!/bin/sh
case "\$*" in *'form = "png"'*) exit 0 ;; esac
exec "$gnuplot" "\$@"
END
chmod +x "$folder/bin/gnuplot"
cp "$root/results/claims/manifest.json" "$folder/record"

# WHAT PARTS PART: the record without every so manieth series, metric or setting of each claim; or
# with the first repeat alone, or with nothing. That a claim was tried to its end stays.
record_without() {
  awk -F'"' -v what="$1" -v parts="$2" -v part="$3" '
    $6 == "begins" || $8 == "experiment" { print; next }
    what == "repeats" { if (/"repeat":1,/) print; next }
    what == "all" { next }
    {
      name = what == "metric" ? $12 : $8
      if (what == "series") sub(/@.*/, "", name)
      if (what == "setting" && !sub(/.*@/, "", name)) { print; next }
      key = $4 SUBSEP name
      if (!(key in place)) place[key] = count[$4]++
      if (place[key] % parts != part) print
    }' "$root/results/claims/values.jsonl"
}

draws_without() { # WHAT PARTS PART
  local chart
  rm -rf "$folder/record/charts"
  record_without "$@" >"$folder/record/values.jsonl"
  PATH=$folder/bin:$PATH "$c10kit" claims report "$folder/record" >"$folder/said" 2>&1 ||
    fail "a record without $* is summed up: $(cat "$folder/said")"
  ! grep . "$folder/said" || fail "without $* (what, parts, part) every chart is drawn"
  for chart in "$root"/results/claims/charts/*.svg; do
    grep -q "</svg>" "$folder/record/charts/${chart##*/}" ||
      fail "without $* (what, parts, part) ${chart##*/} is whole"
  done
}

# In the SVG of a record that lacks nothing. gnuplot says of each text where its baseline begins, and
# leaves out the name of an axis that has no room for it.
every_word_is_in_the_picture() {
  local chart name axis
  record_without none 1 1 >"$folder/record/values.jsonl"
  PATH=$folder/bin:$PATH "$c10kit" claims report "$folder/record"
  for chart in "$folder"/record/charts/*.svg; do
    awk '
      match($0, /viewBox="0 0 [0-9]+ [0-9]+"/) {
        split(substr($0, RSTART, RLENGTH - 1), box, " ")
      }
      match($0, /<g transform="translate\([0-9.,-]+\)/) {
        split(substr($0, RSTART + 24, RLENGTH - 25), at, ",")
      }
      /<text/ && (at[1] < 0 || at[1] > box[3] || at[2] < 10 || at[2] > box[4] - 3) { print; out = 1 }
      END { exit out || !box[4] }' "$chart" ||
      fail "every word of ${chart##*/} is in the picture"
    name=$(basename "$chart" .svg)
    sed -n 's/^set [xy]label "\([^"]*\)".*/\1/p' "$root/bench/claims/$name.gp" | while read -r axis; do
      grep -qF "<text>$axis</text>" "$chart" || fail "$name names its axis $axis"
    done
  done
}

every_word_is_in_the_picture
for what in "series 4" "metric 2" "setting 2"; do
  read -r what parts <<<"$what"
  for ((part = 0; part < parts; part++)); do
    draws_without "$what" "$parts" "$part"
  done
done
draws_without repeats 1 0
draws_without all 1 0
echo ok
