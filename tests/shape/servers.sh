#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A model is read in one sitting: its file is short, and says first what it is about. The last column
# of the table in docs/models.md says how short.
set -euo pipefail
# shellcheck source=tests/shape/report.sh
. "$(dirname "${BASH_SOURCE[0]}")/report.sh"
cd "$1"

longest=150 # lines of code
shortest_comment=8

opening_comment() { # FILE: lines of the comment that stands before all code, the SPDX line apart
  awk 'FNR == 1 || (!inside && /^$/) {next}
    !inside && !/^\/\*/ {exit}
    {inside = 1; lines++}
    /\*\// {exit}
    END {print lines + 0}' "$1"
}

code_lines() { # FILE: without comments and blank lines
  gcc -fpreprocessed -dD -E -P "$1" 2>/dev/null | grep -c .
}

lines_in_table() { # MODEL
  sed -nE "s/^\| \[$1\]\(#.*\| ([0-9]+) \|\$/\1/p" docs/models.md
}

looked=0
for file in servers/*.c; do
  [ -e "$file" ] || continue
  looked=$((looked + 1))
  lines=$(code_lines "$file")
  if [ "$lines" -gt "$longest" ] && ! grep -q "^ \* Longer than the others" "$file"; then
    complain "$file" "has $lines lines of code, more than $longest" \
      "move what is not this model's way of waiting to lib/, or say why in the opening comment"
  fi
  told=$(lines_in_table "$(basename "$file" .c)")
  if [ "$told" != "$lines" ]; then
    complain docs/models.md "gives $file ${told:-no number of} lines of code" "write $lines into the table"
  fi
  if [ "$(head -n 1 "$file")" != '/* SPDX-License-Identifier: MIT */' ]; then
    complain "$file:1" "is not the SPDX line" "begin with /* SPDX-License-Identifier: MIT */"
  fi
  lines=$(opening_comment "$file")
  if [ "$lines" -lt "$shortest_comment" ]; then
    complain "$file:2" "opens with a comment of $lines lines, fewer than $shortest_comment" \
      "say who waits where, what one more client costs, what breaks it, what to compare it with"
  fi
done

finish "$looked" "models"
