#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Who may include whom (docs/design.md): one include root, so grep can check it.
set -euo pipefail
# shellcheck source=tests/shape/report.sh
. "$(dirname "${BASH_SOURCE[0]}")/report.sh"
cd "$1"

looked=0

# It stands in the tree, or Meson writes it into the build's folder of the same name.
is_header() {
  [ -e "$1" ] || grep -qs "output: '${1##*/}'" "${1%/*}/meson.build"
}

allow() { # FOLDER PATTERN ADVICE: what the folder's files may include with quotes
  local file line name
  while read -r file; do
    looked=$((looked + 1))
    while IFS=$'\t' read -r line name; do
      if [[ ! $name =~ $2 ]]; then
        complain "$file:$line" "includes \"$name\"" "$3"
      elif ! is_header "$name"; then
        complain "$file:$line" "includes \"$name\", which is not there" \
          "write the path from the repository's root"
      fi
    done < <(quoted_includes "$file")
  done < <(find "$1" -name '*.[ch]' | sort)
}

allow servers '^lib/[a-z_-]+\.h$' \
  "a model takes from lib/ and the system only: move what models share to lib/"
allow lib '^lib/[a-z_-]+\.h$' "lib/ stands on itself and the system: turn the dependency round"
allow companions '^lib/[a-z_-]+\.h$' \
  "a companion takes from lib/ and the system only: what two of them share moves to lib/"
allow bench '^bench/.*\.h$' \
  "the harness knows servers only as executables: ask --describe, or keep a type of its own"
allow bench/base '^bench/(base/[a-z_]+|config)\.h$' "what all of the harness stands on knows nothing of it"
allow bench/record '^bench/(base|record)/[a-z_]+\.h$' \
  "a record is read and written without knowing how it was measured"
allow bench/machine '^bench/(base|record|machine)/[a-z_]+\.h$' "a meter knows no run"
allow bench/judge '^bench/((base|record|judge)/[a-z_]+|run/wrk)\.h$' \
  "a verdict is a function of the record: what it needs has to stand there"
allow bench/show '^bench/((base|record|judge|show|run)/[a-z_]+|machine/cpus|config)\.h$' "what is shown is measured no more"
allow bench/lab '^bench/((base|record|machine|judge|show|run|lab)/[a-z_]+|config)\.h$' \
  "what experiments share measures as runs do, and knows none of them"
allow bench/claims '^bench/(base|record|machine|judge|run|lab|claims)/[a-z_]+\.h$' \
  "an experiment stands on the lab"
allow bench/load '^bench/(load/[a-z_]+|record/histogram|base/(text|say)|machine/cpus)\.h$' \
  "the generator is a client of its own: from the harness it takes what has nothing to do with runs"
allow tests '^(lib|bench|tests)/.*\.h$' "a test takes from lib/, bench/ and tests/: run a server, do not include it"
allow tests/contract '^tests/contract/.*\.h$' \
  "the contract sees a server from outside: drive the executable over its sockets"

finish "$looked" "files"
