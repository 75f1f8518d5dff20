#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A protocol is bytes in, bytes out: no descriptor, no clock, no allocator. Includes are held
# against what is allowed; calls that allowed headers offer all the same, against what is not.
set -euo pipefail
# shellcheck source=tests/shape/report.sh
. "$(dirname "${BASH_SOURCE[0]}")/report.sh"
cd "$1"

allowed='^(assert|ctype|limits|inttypes|stdalign|stdbool|stddef|stdint|stdio|stdlib|string|strings'
allowed+='|llhttp)\.h$'
ours='^lib/(protocol|http|echo)\.h$'
calls='malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf'
calls+='|f?printf|vf?printf|puts|fputs|fwrite|fread|fopen|fclose|perror|getenv|system|exit|abort'
advice="a protocol may not: let its caller do it, and hand over bytes (docs/design.md)"

looked=0
for file in lib/protocol.h lib/http.[ch] lib/echo.[ch]; do
  [ -e "$file" ] || { complain "$file" "is not there" "name the protocol's files in $0" && continue; }
  looked=$((looked + 1))
  while IFS=$'\t' read -r line name; do
    [[ $name =~ $allowed ]] || complain "$file:$line" "includes <$name>" "$advice"
  done < <(system_includes "$file")
  while IFS=$'\t' read -r line name; do
    [[ $name =~ $ours ]] || complain "$file:$line" "includes \"$name\"" "$advice"
  done < <(quoted_includes "$file")
  while IFS=: read -r line text; do
    complain "$file:$line" "calls ${text%(*}" "$advice"
  done < <(code_of "$file" | grep -noE "\b($calls) ?\(")
done

finish "$looked" "files"
