#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every file that somebody writes says its licence in one of its first two lines.
set -euo pipefail
# shellcheck source=tests/shape/report.sh
. "$(dirname "${BASH_SOURCE[0]}")/report.sh"
cd "$1"

written() {
  find . \( -path ./.git -o -path './build*' -o -path ./results -o -path '*/corpus' \) -prune -o \
    -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.lua' -o -name '*.gp' -o -name '*.py' \
    -o -name '*.html' -o -name '*.css' -o -name '*.js' \
    -o -name '*.gnuplot' -o -name '*.dict' -o -name 'meson*' -o -name '.clang-*' \
    -o -name .editorconfig -o -path './scripts/*' -o -path './.ci/*' \) -print | sort
}

looked=0
while read -r file; do
  looked=$((looked + 1))
  if ! head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT'; then
    complain "${file#./}:1" "has no SPDX line" \
      "write SPDX-License-Identifier: MIT in a comment at its top"
  fi
done < <(written)

finish "$looked" "files"
