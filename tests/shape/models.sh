#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The list in servers/meson.build, the files in servers/, README's table of models (the table
# whose first column is headed "model") and the sections of docs/models.md (headings that are one
# lower-case word) name the same models in the same order.
set -euo pipefail
# shellcheck source=tests/shape/report.sh
. "$(dirname "${BASH_SOURCE[0]}")/report.sh"
cd "$1"
shift

listed=$(printf '%s\n' "$@")

in_table() { # the first column, without links and backticks
  awk -F'|' '
    !/^ *\|/ {inside = 0; next}
    tolower($2) ~ /^ *model *$/ {inside = 1; next}
    inside && $2 !~ /^ *:?-+:? *$/ {print $2}' README.md |
    sed -E 's/\]\([^)]*\)//; s/[][`* ]//g'
}

in_sections() {
  # shellcheck disable=SC2016 # the backticks are Markdown's
  sed -nE 's/^##+ +`?([a-z0-9]+(-[a-z0-9]+)*)`? *$/\1/p' docs/models.md
}

in_folder() {
  find servers -name '*.c' -exec basename {} .c \;
}

compare() { # WHERE WHAT NAMES: against the list
  local name
  while read -r name; do
    grep -qxF -- "$name" <<<"$3" || complain "$1" "has no $2 for the model $name" "add it"
  done <<<"$listed"
  while read -r name; do
    grep -qxF -- "$name" <<<"$listed" ||
      complain "$1" "has a $2 for $name, which is no model" \
        "add it to servers/meson.build, or take it out"
  done < <(grep . <<<"$3" || true)
  if [ "$1" != servers ] && [ "$(sort <<<"$3")" = "$(sort <<<"$listed")" ] && [ "$3" != "$listed" ]
  then
    complain "$1" "has another order than servers/meson.build" "put it in teaching order"
  fi
}

in_file() { # FILE READER WHAT
  if [ -e "$1" ]; then
    compare "$1" "$3" "$($2)"
  else
    complain "$1" "is not there" "write it, with a $3 for each model"
  fi
}

compare servers "file" "$(in_folder)"
in_file README.md in_table "row in the table of models"
in_file docs/models.md in_sections "section"

finish $# "models"
