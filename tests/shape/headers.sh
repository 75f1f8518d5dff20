#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each header compiles alone, and twice (its guard works), with the project's own flags.
set -euo pipefail
# shellcheck source=tests/shape/report.sh
. "$(dirname "${BASH_SOURCE[0]}")/report.sh"
cd "$1"
shift

looked=0
while read -r header; do
  looked=$((looked + 1))
  if ! printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
    "$@" -I. -Werror -fsyntax-only -x c -; then
    complain "$header" "does not compile alone" "let it include what it uses (see above)"
  fi
done < <(find lib bench -name '*.h' | sort)

finish "$looked" "headers"
